/* SPDX-License-Identifier: MIT */
/* Histories of production, judged. */
#include <string.h>

#include "tests/cli/fixture.h"

#define EXPECTS "expect: { linearizable: register }\n"

/* A client writes 5, another reads it; and a third asks for something and hears nothing. */
static const char right[] = "invoke 10 0 1 1 7 5 0\n"
                            "invoke 11 0 2 0 7 0 0\n"
                            "complete 10 0 0 0\n"
                            "complete 11 0 0 5\n"
                            "invoke 12 0 3 2 7 6 5\n";

static struct command judge(const char *history, const char *more, const char *options)
{
    FILE *file = fopen("history", "w");

    ck_assert_ptr_nonnull(file);
    fprintf(file, "%s%s", history, more);
    ck_assert_int_eq(fclose(file), 0);
    fixture_scenario("register.yaml", EXPECTS);
    return steelmill("", "judge register.yaml history %s", options);
}

static const struct {
    const char *history, *more; /* what is in the file */
    int exit;
    const char *said[2];
} verdicts[] = {
    /* One that fits; what is still open may or may not have happened. */
    {right,
     "",
     0,
     {"3 operations: 2 done, 0 failed, 1 of unknown outcome",
      "verdict     passed: linearizable, as a register"}},
    /* One that does not. */
    {right,
     "invoke 11 1 2 0 7 0 0\ncomplete 11 1 0 4\n",
     1,
     {"verdict     finding: the history of register 7 is not linearizable", ""}},
    /* The last line is cut off, of a machine that was killed while it wrote. */
    {right, "invoke 11 1 2 0", 0, {"line 6 has no end, and was left out", "verdict     passed"}},
    /* A line could not be written. */
    {right,
     "gap\n",
     125,
     {"not judged: line 6: from here on operations of a process are missing", ""}},
    /* Nothing. */
    {"", "", 125, {"not judged: no operation is in the history", ""}},
};

/* Each history has its verdict and exit code: one that proves nothing is not judged. */
START_TEST(test_verdict)
{
    struct command command = judge(verdicts[_i].history, verdicts[_i].more, "");
    ASSERT_EXIT(command, verdicts[_i].exit);
    ASSERT_HAS(command.out, verdicts[_i].said[0]);
    ASSERT_HAS(command.out, verdicts[_i].said[1]);
    command_free(&command);
}
END_TEST

/* For programs: one JSON object. */
START_TEST(test_json)
{
    struct command command = judge(right, "", "--json");
    ASSERT_EXIT(command, 0);
    ck_assert_str_eq(command.out, "{\"history\":\"history\",\"model\":\"register\","
                                  "\"operations\":3,\"done\":2,\"failed\":0,\"unknown\":1,"
                                  "\"verdict\":\"passed\",\"text\":\"\"}\n");
    command_free(&command);
}
END_TEST

static const struct {
    const char *more, *error;
} bad_lines[] = {
    {"invoke 10 1 1 3 7 5 0\n", "history:6: there is no operation 3"},
    {"complete 12 0 9 0\n", "history:6: there is no outcome 9"},
    {"complete 12 1 0 0\n", "history:6: operation 1 of process 12 ends, and has not begun"},
    {"complete 10 0 0 0\n", "history:6: operation 0 of process 10 ends, and has ended before"},
    {"hello\n", "history:6: this is no line of a history: hello"},
};

/* A line that says nothing is told with its number, exit code 2. */
START_TEST(test_bad_line)
{
    struct command command = judge(right, bad_lines[_i].more, "");
    ASSERT_EXIT(command, 2);
    ASSERT_HAS(command.err, bad_lines[_i].error);
    ck_assert_str_eq(command.out, "");
    command_free(&command);
}
END_TEST

/* So are a history that is not there, and a scenario that says nothing of histories. */
START_TEST(test_nothing_to_judge)
{
    fixture_scenario("register.yaml", EXPECTS);
    struct command missing = steelmill("", "judge register.yaml nowhere");
    struct command no_model = steelmill("", "judge writer.yaml nowhere");
    ASSERT_EXIT(missing, 2);
    ck_assert_str_eq(missing.err, "nowhere: cannot be read: No such file or directory\n");
    ASSERT_EXIT(no_model, 2);
    ASSERT_HAS(no_model.err, "expect: { linearizable: register }");
    command_free(&missing);
    command_free(&no_model);
}
END_TEST

TCase *judge_tests(void)
{
    TCase *tests = tcase_create("judge");
    tcase_add_loop_test(tests, test_verdict, 0, sizeof verdicts / sizeof verdicts[0]);
    tcase_add_test(tests, test_json);
    tcase_add_loop_test(tests, test_bad_line, 0, sizeof bad_lines / sizeof bad_lines[0]);
    tcase_add_test(tests, test_nothing_to_judge);
    return tests;
}
