/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "tests/cli/fixture.h"

/* A run that passes is exit code 0; its first line is a seed, a fresh one each time. */
START_TEST(test_pass)
{
    struct command first = steelmill("", "run writer.yaml");
    struct command second = steelmill("", "run writer.yaml");
    ASSERT_EXIT(first, 0);
    ck_assert_int_eq(strncmp(first.out, "seed        ", 12), 0);
    ASSERT_HAS(first.out, "verdict     passed");
    char *a = fixture_line(first.out, "seed"), *b = fixture_line(second.out, "seed");
    ck_assert_str_ne(a, b);
    free(a);
    free(b);
    command_free(&first);
    command_free(&second);
}
END_TEST

/* The report has the counts of faults and properties, and says which fault never bit. */
START_TEST(test_report)
{
    struct command command = steelmill("", "run writer.yaml --seed 4");
    ASSERT_HAS(command.out,
               "crash#1                             2            1            0  never bit");
    ASSERT_HAS(command.out, "messages    10 sent, 9 delivered, 1 lost");
    ASSERT_HAS(command.out, "8.000s virtual, 8 events");
    char *elections = fixture_line(command.out, "sometimes    elections");
    ck_assert_str_eq(elections, "10            4");
    free(elections);
    command_free(&command);
}
END_TEST

/* A finding is exit code 1 and shows where it happened, with inlined calls and source lines. */
START_TEST(test_finding)
{
    struct command command = steelmill("fail:3", "run writer.yaml --seed 3");
    ASSERT_EXIT(command, 1);
    ASSERT_HAS(command.out, "finding: always 'no stale write' violated: token=3\n");
    ASSERT_HAS(command.out, "machine   client2, daemon writer, task write-loop");
    ASSERT_HAS(command.out, "check_fence (inlined)");
    ASSERT_HAS(command.out, "fake_plugin.c:");
    ASSERT_HAS(command.out, "capture, in steelmill");
    ASSERT_HAS(command.out, "    pause client2 for 3s\n    crash store\n");
    ASSERT_HAS(command.out, "     8.000000000s  #8        end        store");
    const char *check_fence = strstr(command.out, "check_fence");
    const char *store_write = strstr(command.out, "store_write");
    ck_assert(store_write > check_fence);
    command_free(&command);
}
END_TEST

/* Each way in which there is no verdict is exit code 125, with the reason. */
START_TEST(test_not_judged)
{
    static const struct {
        const char *rules, *reason;
    } cases[] = {
        {"die:3", "killed by signal 9"},
        {"hang:3", "did not answer within the wall-clock limit"},
        {"garbage:3", "not of this version"},
        {"damaged:3", "result is damaged"},
        {"short:3", "ended with exit code 7"},
        {"unjudged:3", "daemon 'wrier' is not known"},
        {"stillborn:0", "ended with exit code 7"},
    };
    struct command command =
        steelmill(cases[_i].rules, "run writer.yaml --seed 3 --wall-limit 1ms");
    ASSERT_EXIT(command, 125);
    ASSERT_HAS(command.out, "verdict     not judged: ");
    ASSERT_HAS(command.out, cases[_i].reason);
    command_free(&command);
}
END_TEST

/* A scenario that the worker refuses, at its start or later, is exit code 2. */
START_TEST(test_unusable)
{
    static const char *const rules[] = {"unusable:3", "unready:0"};
    struct command command = steelmill(rules[_i], "run writer.yaml --seed 3");
    ASSERT_EXIT(command, 2);
    ASSERT_HAS(command.out, "verdict     unusable: daemon 'wrier' is not known");
    command_free(&command);
}
END_TEST

/* --json prints one object, also for findings, with what a program needs to replay it. */
START_TEST(test_json)
{
    struct command command = steelmill("fail:3", "run writer.yaml --seed 3 --json");
    ASSERT_EXIT(command, 1);
    ck_assert_int_eq(command.out[0], '{');
    ck_assert_ptr_eq(strchr(command.out, '\n'), command.out + strlen(command.out) - 1);
    ASSERT_HAS(command.out, "\"verdict\":\"finding\",\"exit\":1");
    ASSERT_HAS(command.out, "\"function\":\"store_write\"");
    ASSERT_HAS(command.out, "\"replay\":\"");
    command_free(&command);
}
END_TEST

/* Log lines go to stderr, at the level that is asked for. */
START_TEST(test_log)
{
    struct command usual = steelmill("", "run writer.yaml --seed 3");
    struct command more = steelmill("", "run writer.yaml --seed 3 --log info");
    ck_assert_str_eq(usual.err, "");
    ck_assert_str_eq(more.err, "seed 3 was run\n");
    command_free(&usual);
    command_free(&more);
    struct command json = steelmill("", "run writer.yaml --seed 3 --log info --json");
    struct command sweep = steelmill("", "sweep writer.yaml --seeds 3..3 --log info");
    ck_assert_str_eq(json.err, "seed 3 was run\n");
    ck_assert_str_eq(sweep.err, "seed 3 was run\n");
    command_free(&json);
    command_free(&sweep);
}
END_TEST

/* Nothing is coloured where the output is not a terminal. */
START_TEST(test_no_colours)
{
    struct command command = steelmill("fail:3", "run writer.yaml --seed 3");
    ASSERT_LACKS(command.out, "\033");
    command_free(&command);
}
END_TEST

/* The line that a finding prints replays it in a shell, whatever its file and options are called.
 */
START_TEST(test_replay_line)
{
    fixture_scenario("it's a file; $HOME.yaml", "");
    struct command finding = steelmill(
        "fail:3", "run \"it's a file; \\$HOME.yaml\" --seed 3 --set \"about='two words'\"");
    ASSERT_EXIT(finding, 1);
    char *line = fixture_line(finding.out, "replay");
    ASSERT_HAS(line, "'it'\\''s a file; $HOME.yaml' --seed 3 --set ");
    struct command replay = command_run(line);
    ASSERT_EXIT(replay, 1);
    ASSERT_HAS(replay.out, "two words");
    ASSERT_LACKS(replay.err, "diverged");
    free(line);
    command_free(&finding);
    command_free(&replay);
}
END_TEST

/* A file whose name begins with a dash is not taken for an option by the printed line. */
START_TEST(test_replay_line_dash)
{
    fixture_scenario("-odd.yaml", "");
    struct command finding = steelmill("fail:3", "run --seed 3 -- -odd.yaml");
    char *line = fixture_line(finding.out, "replay");
    ASSERT_HAS(line, " replay ./-odd.yaml ");
    struct command replay = command_run(line);
    ASSERT_EXIT(replay, 1);
    free(line);
    command_free(&finding);
    command_free(&replay);
}
END_TEST

/* A script that calls us says in STEELMILL_COMMAND what people type. */
START_TEST(test_replay_prefix)
{
    setenv("STEELMILL_COMMAND", "./mill run", 1);
    struct command finding = steelmill("fail:3", "run writer.yaml --seed 3");
    char *line = fixture_line(finding.out, "replay");
    ck_assert_int_eq(strncmp(line, "./mill run replay writer.yaml", 29), 0);
    free(line);
    command_free(&finding);
}
END_TEST

/* A replay with another digest than expected is exit code 3, and says so. */
START_TEST(test_replay_diverged)
{
    struct command command =
        steelmill("fail:3", "replay writer.yaml --seed 3 --digest 0123456789abcdef");
    ASSERT_EXIT(command, 3);
    ASSERT_HAS(command.err, "replay diverged: expected digest 0123456789abcdef, got ");
    command_free(&command);
}
END_TEST

/* A run that --until cut short has not passed, but is reported as far as it came. */
START_TEST(test_replay_until)
{
    struct command command = steelmill("", "replay writer.yaml --seed 3 --until 9s");
    ASSERT_EXIT(command, 125);
    ASSERT_HAS(command.out, "verdict     not judged: stopped by --until\n");
    ASSERT_HAS(command.out, "8 events");
    command_free(&command);
}
END_TEST

/* --trace prints each event of a replay. */
START_TEST(test_replay_trace)
{
    struct command command = steelmill("", "replay writer.yaml --seed 3 --trace");
    ASSERT_EXIT(command, 0);
    ASSERT_HAS(command.out, "     1.000000000s  #1        datagram   store         peer store");
    ASSERT_HAS(command.out, "     8.000000000s  #8        end        store");
    command_free(&command);
}
END_TEST

/* `trace` prints the events alone, as text or as one JSON object a line, and the verdict apart. */
START_TEST(test_trace)
{
    struct command text = steelmill("", "trace writer.yaml --seed 3");
    struct command json = steelmill("", "trace writer.yaml --seed 3 --format json");
    struct command file = steelmill("", "trace writer.yaml --seed 3 -o events; cat events");
    ASSERT_EXIT(text, 0);
    ck_assert_str_eq(text.err, "passed\n");
    ck_assert_int_eq(strncmp(text.out, "     1.000000000s  #1 ", 22), 0);
    ck_assert_int_eq(strncmp(json.out, "{\"time_ns\":1000000000,\"seq\":1,", 30), 0);
    ck_assert_str_eq(file.out, text.out);
    command_free(&text);
    command_free(&json);
    command_free(&file);
}
END_TEST

/* Output that cannot be written is told, and is not success. */
START_TEST(test_full_disk)
{
    struct command command = steelmill("", "run writer.yaml > /dev/full");
    ASSERT_EXIT(command, 125);
    ASSERT_HAS(command.err, "the output could not be written");
    command_free(&command);
}
END_TEST

/* A limit on the size of files is told by its error, not met by a signal. */
START_TEST(test_file_size_limit)
{
    setenv("FAKE_WORKER", "", 1);
    struct command command = command_run(
        "ulimit -f 1; exec \"$STEELMILL\" trace writer.yaml --seed 3 --format json -o events");
    ASSERT_EXIT(command, 2);
    ASSERT_HAS(command.err, "File too large");
    command_free(&command);
}
END_TEST

/* Standard descriptors that are closed at the start are not mistaken for files of ours. */
START_TEST(test_closed_descriptors)
{
    struct command in = steelmill("", "run writer.yaml --seed 3 <&-");
    struct command out = steelmill("", "run writer.yaml --seed 3 >&-");
    struct command err = steelmill("", "run writer.yaml --seed 3 2>&-");
    ASSERT_EXIT(in, 0);
    ASSERT_EXIT(out, 125);
    ASSERT_HAS(out.err, "the output could not be written");
    ASSERT_EXIT(err, 0);
    ck_assert_str_eq(err.out, in.out);
    command_free(&in);
    command_free(&out);
    command_free(&err);
}
END_TEST

/* So does one in a plugin that was optimized as a whole. */
START_TEST(test_finding_lto)
{
    setenv("FAKE_PLUGIN", getenv("FAKE_PLUGIN_LTO"), 1);
    fixture_scenario("writer.yaml", "");
    struct command command = steelmill("fail:3", "run writer.yaml --seed 3");
    ASSERT_EXIT(command, 1);
    ASSERT_HAS(command.out, "check_fence (inlined)");
    ASSERT_HAS(command.out, "store_write  ");
    ASSERT_HAS(command.out, "fake_plugin.c:");
    command_free(&command);
}
END_TEST

TCase *run_tests(void)
{
    TCase *tests = tcase_create("run");
    tcase_add_test(tests, test_pass);
    tcase_add_test(tests, test_report);
    tcase_add_test(tests, test_finding);
    tcase_add_test(tests, test_finding_lto);
    tcase_add_loop_test(tests, test_not_judged, 0, 7);
    tcase_add_loop_test(tests, test_unusable, 0, 2);
    tcase_add_test(tests, test_json);
    tcase_add_test(tests, test_log);
    tcase_add_test(tests, test_no_colours);
    tcase_add_test(tests, test_replay_line);
    tcase_add_test(tests, test_replay_line_dash);
    tcase_add_test(tests, test_replay_prefix);
    tcase_add_test(tests, test_replay_diverged);
    tcase_add_test(tests, test_replay_until);
    tcase_add_test(tests, test_replay_trace);
    tcase_add_test(tests, test_trace);
    tcase_add_test(tests, test_full_disk);
    tcase_add_test(tests, test_file_size_limit);
    tcase_add_test(tests, test_closed_descriptors);
    return tests;
}
