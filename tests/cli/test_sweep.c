/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "tests/cli/fixture.h"

/* The same without the line that depends on the host. */
static char *without_speed(const char *text)
{
    char *copy = strdup(text);
    char *begin = strstr(copy, "\nspeed ");
    if (begin == NULL)
        begin = strstr(copy, "\"speed\":{");
    ck_assert_ptr_nonnull(begin);
    char *end = begin + 1 + strcspn(begin + 1, "\n}");
    memmove(begin, end, strlen(end) + 1);
    return copy;
}

/* Findings with one backtrace are one finding, others are others; all of their seeds are named. */
START_TEST(test_grouping)
{
    struct command command =
        steelmill("fail:3 fail:7 fail:8 crash:5", "sweep writer.yaml --seeds 1..20 --jobs 2");
    ASSERT_EXIT(command, 1);
    ASSERT_HAS(command.out, "finding 1 of 2: 3 seeds: 3, 7, 8\n");
    ASSERT_HAS(command.out, "finding 2 of 2: 1 seed: 5\n");
    ASSERT_HAS(command.out, "20 run: 16 passed, 4 failed (20.0 %)");
    ASSERT_HAS(command.out, "replay writer.yaml --seed 8 --digest ");
    command_free(&command);
}
END_TEST

/* At most five more replay lines are printed for a finding. */
START_TEST(test_replay_lines)
{
    struct command command = steelmill("fail:*", "sweep writer.yaml --seeds 1..40");
    ASSERT_EXIT(command, 1);
    ASSERT_HAS(command.out, "finding 1 of 1: 40 seeds: 1, 2, 3, 4, 5, 6, ...\n");
    ASSERT_HAS(command.out, "--seed 6 ");
    ASSERT_LACKS(command.out, "--seed 7 ");
    command_free(&command);
}
END_TEST

/* What a sweep reports does not depend on how many runs go on at a time. */
START_TEST(test_jobs)
{
    static const char rules[] = "fail:3 fail:17 crash:5 crash:29 die:11 short:23";
    const char *json = _i == 1 ? "--json" : "";
    struct command one = steelmill(rules, "sweep writer.yaml --seeds 1..60 --jobs 1 %s", json);
    struct command many = steelmill(rules, "sweep writer.yaml --seeds 1..60 --jobs 5 %s", json);
    char *a = without_speed(one.out), *b = without_speed(many.out);
    ASSERT_EXIT(one, 1);
    ck_assert_str_eq(a, b);
    free(a);
    free(b);
    command_free(&one);
    command_free(&many);
}
END_TEST

/* A worker that dies costs its own seed only, which is not judged, with the reason. */
START_TEST(test_dead_workers)
{
    struct command command =
        steelmill("die:2 short:4 garbage:6 hang:8", "sweep writer.yaml --seeds 1..10 --jobs 2 "
                                                    "--wall-limit 1ms");
    ASSERT_EXIT(command, 125);
    ASSERT_HAS(command.out, "10 run: 6 passed, 0 failed (0.0 %), 4 not judged");
    ASSERT_HAS(command.out, "seed 2: the worker was killed by signal 9");
    ASSERT_HAS(command.out, "seed 8: the worker did not answer");
    command_free(&command);
}
END_TEST

/* 125 is for sweeps without findings only. */
START_TEST(test_finding_over_not_judged)
{
    struct command command = steelmill("die:2 fail:3", "sweep writer.yaml --seeds 1..4");
    ASSERT_EXIT(command, 1);
    command_free(&command);
}
END_TEST

/* Workers that never become ready end the sweep: 125, or 2 where the scenario is refused. */
START_TEST(test_no_worker)
{
    static const struct {
        const char *rules;
        int exit;
    } cases[] = {{"stillborn:0", 125}, {"unready:0", 2}};
    struct command command = steelmill(cases[_i].rules, "sweep writer.yaml");
    ASSERT_EXIT(command, cases[_i].exit);
    command_free(&command);
}
END_TEST

/* The shards of a sweep have each seed once. */
START_TEST(test_shards)
{
    struct command one = steelmill("fail:*", "sweep writer.yaml --seeds 1..5 --shard 1/2");
    struct command two = steelmill("fail:*", "sweep writer.yaml --seeds 1..5 --shard 2/2");
    struct command none = steelmill("fail:*", "sweep writer.yaml --seeds 1..5 --shard 7/9");
    ASSERT_HAS(one.out, "3 seeds: 1, 3, 5\n");
    ASSERT_HAS(two.out, "2 seeds: 2, 4\n");
    ASSERT_EXIT(none, 0);
    command_free(&one);
    command_free(&two);
    command_free(&none);
}
END_TEST

/* Properties are summed, and their counts per seed have a minimum, median and maximum. */
START_TEST(test_properties)
{
    struct command command = steelmill("", "sweep writer.yaml --seeds 0..4");
    char *elections = fixture_line(command.out, "sometimes    elections");
    char *failover = fixture_line(command.out, "reachable    failover");
    ck_assert_str_eq(elections, "50           10          4  0/2/4");
    ck_assert_str_eq(failover, "0            0          0  0/0/0  never");
    free(elections);
    free(failover);
    command_free(&command);
}
END_TEST

/* What a scenario expects to happen sometimes, and does not in the whole sweep, is exit code 1. */
START_TEST(test_expectations)
{
    fixture_scenario("hopes.yaml", "expect: { sometimes: [failover, elections] }\n");
    struct command missed = steelmill("", "sweep hopes.yaml --seeds 1..9");
    fixture_scenario("modest.yaml", "expect: { sometimes: [elections] }\n");
    struct command met = steelmill("", "sweep modest.yaml --seeds 1..9");
    ASSERT_EXIT(missed, 1);
    ASSERT_HAS(missed.out, "expected    sometimes 'failover', but it held in no seed");
    ASSERT_LACKS(missed.out, "sometimes 'elections', but");
    ASSERT_EXIT(met, 0);
    command_free(&missed);
    command_free(&met);
}
END_TEST

/* With several files the worst exit code wins, and a wrong one stops all before anything runs. */
START_TEST(test_files)
{
    fixture_scenario("second.yaml", "");
    struct command both = steelmill("die:1", "sweep writer.yaml second.yaml --seeds 1..3");
    struct command wrong = steelmill("", "sweep writer.yaml nothing.yaml --seeds 1..3");
    ASSERT_EXIT(both, 125);
    ASSERT_HAS(both.out, "(writer.yaml)");
    ASSERT_HAS(both.out, "(second.yaml)");
    ASSERT_EXIT(wrong, 2);
    ck_assert_str_eq(wrong.out, "");
    command_free(&both);
    command_free(&wrong);
}
END_TEST

/* --junit writes a suite for each scenario, with a failure for each finding. */
START_TEST(test_junit)
{
    struct command command =
        steelmill("fail:3 fail:4", "sweep writer.yaml --seeds 1..9 --junit out.xml; cat out.xml");
    ASSERT_HAS(command.out, "<testsuite name=\"writer\" file=\"writer.yaml\" tests=\"2\" "
                            "failures=\"1\" errors=\"0\"");
    ASSERT_HAS(command.out, "message=\"always 'no stale write' violated: token=3\"");
    ASSERT_HAS(command.out, "</testsuites>\n");
    command_free(&command);
}
END_TEST

/* An interrupted sweep reports what it has, ends its workers, and is not judged. */
START_TEST(test_interrupt)
{
    setenv("FAKE_WORKER", "hang:5", 1);
    struct command command = command_run("timeout --preserve-status -s INT 0.5 \"$STEELMILL\" "
                                         "sweep writer.yaml --seeds 1..9 --jobs 1");
    ASSERT_EXIT(command, 125);
    ASSERT_HAS(command.out, "4 run: 4 passed");
    ASSERT_HAS(command.out, "not judged: interrupted");
    command_free(&command);
}
END_TEST

/* --for ends by itself, and begins at a fresh seed. */
START_TEST(test_for)
{
    struct command command = steelmill("", "sweep writer.yaml --for 100ms --jobs 2");
    ASSERT_EXIT(command, 0);
    ASSERT_HAS(command.out, " on, for 100ms\n");
    command_free(&command);
}
END_TEST

TCase *sweep_tests(void)
{
    TCase *tests = tcase_create("sweep");
    tcase_add_test(tests, test_grouping);
    tcase_add_test(tests, test_replay_lines);
    tcase_add_loop_test(tests, test_jobs, 0, 2);
    tcase_add_test(tests, test_dead_workers);
    tcase_add_test(tests, test_finding_over_not_judged);
    tcase_add_loop_test(tests, test_no_worker, 0, 2);
    tcase_add_test(tests, test_shards);
    tcase_add_test(tests, test_properties);
    tcase_add_test(tests, test_expectations);
    tcase_add_test(tests, test_files);
    tcase_add_test(tests, test_junit);
    tcase_add_test(tests, test_interrupt);
    tcase_add_test(tests, test_for);
    return tests;
}
