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

/* A history that fits is exit code 0; what is still open may or may not have happened. */
START_TEST(test_fits)
{
    struct command command = judge(right, "", "");
    ASSERT_EXIT(command, 0);
    ASSERT_HAS(command.out, "3 operations: 2 done, 0 failed, 1 of unknown outcome");
    ASSERT_HAS(command.out, "verdict     passed: linearizable, as a register");
    command_free(&command);
}
END_TEST

/* One that does not is exit code 1, and says which register. */
START_TEST(test_does_not_fit)
{
    struct command command = judge(right, "invoke 11 1 2 0 7 0 0\ncomplete 11 1 0 4\n", "");
    ASSERT_EXIT(command, 1);
    ASSERT_HAS(command.out, "verdict     finding: the history of register 7 is not linearizable");
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

/* The last line may be cut off, of a machine that was killed while it wrote; it is left out. */
START_TEST(test_cut_off)
{
    struct command command = judge(right, "invoke 11 1 2 0", "");
    ASSERT_EXIT(command, 0);
    ASSERT_HAS(command.out, "line 6 has no end, and was left out");
    command_free(&command);
}
END_TEST

/* A history that proves nothing is not judged. */
START_TEST(test_not_judged)
{
    struct command gap = judge(right, "gap\n", ""), empty = judge("", "", "");
    ASSERT_EXIT(gap, 125);
    ASSERT_HAS(gap.out, "not judged: line 6: from here on operations of a process are missing");
    ASSERT_EXIT(empty, 125);
    ASSERT_HAS(empty.out, "not judged: no operation is in the history");
    command_free(&gap);
    command_free(&empty);
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
    tcase_add_test(tests, test_fits);
    tcase_add_test(tests, test_does_not_fit);
    tcase_add_test(tests, test_json);
    tcase_add_test(tests, test_cut_off);
    tcase_add_test(tests, test_not_judged);
    tcase_add_loop_test(tests, test_bad_line, 0, sizeof bad_lines / sizeof bad_lines[0]);
    tcase_add_test(tests, test_nothing_to_judge);
    return tests;
}
