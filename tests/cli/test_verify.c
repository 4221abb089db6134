/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "tests/cli/fixture.h"

/* Runs that are the same are exit code 0, also where each of them is a finding. */
START_TEST(test_same)
{
    struct command command = steelmill("fail:2", "verify writer.yaml --seeds 1..3 --runs 4");
    ASSERT_EXIT(command, 0);
    ASSERT_HAS(command.out, "seed 2            4 runs the same: finding, 8 events");
    ASSERT_HAS(command.out, "seed 3            4 runs the same: passed, 8 events");
    command_free(&command);
}
END_TEST

/* Runs that differ are exit code 3, with the first event that does, as it is in both of them. */
START_TEST(test_different)
{
    struct command command = steelmill("skew:2", "verify writer.yaml --seeds 1..3");
    ASSERT_EXIT(command, 3);
    ASSERT_HAS(command.out, "not deterministic: seed 2, runs 1 and 2 differ");
    ASSERT_HAS(command.out, "first difference at event 5: object");
    ASSERT_HAS(command.out, "both         4.000000000s  #4 ");
    ASSERT_HAS(command.out, "run 1        5.000000000s  #5 ");
    ASSERT_HAS(command.out, "run 2        5.000000000s  #5 ");
    ASSERT_HAS(command.out, "run 1, brought about by machine client2, daemon writer, task");
    ASSERT_HAS(command.out, "run 2, brought about by machine client2, daemon writer, task");
    ASSERT_HAS(command.out, "store_write");
    ASSERT_LACKS(command.out, "seed 3 ");
    command_free(&command);
}
END_TEST

/* What only all changes at once bring about is told with both events, and without a cause. */
START_TEST(test_different_together)
{
    struct command command = steelmill("together:2", "verify writer.yaml --seeds 1..3");
    ASSERT_EXIT(command, 3);
    ASSERT_HAS(command.out, "not deterministic: seed 2, runs 1 and 8 differ");
    ASSERT_HAS(command.out, "  run 8 had stacks, heaps and addresses changed at once");
    ASSERT_HAS(command.out, "first difference at event 5: object");
    command_free(&command);
}
END_TEST

/* A difference that does not come again is one all the same: exit code 3, with both digests. */
START_TEST(test_different_once)
{
    struct command command = steelmill("shy:2", "verify writer.yaml --seeds 1..3");
    ASSERT_EXIT(command, 3);
    ASSERT_HAS(command.out, "not deterministic: seed 2, two runs differ, and 23 more do not");
    ASSERT_HAS(command.out, "look for  what answers differently each time, if seldom");
    ASSERT_HAS(command.out, "  digests   ");
    ASSERT_LACKS(command.out, "seed 3 ");
    command_free(&command);
    command = steelmill("shy:2", "verify writer.yaml --seeds 1..3 --json");
    ASSERT_EXIT(command, 3);
    ASSERT_HAS(command.out, "\"verdict\":\"not deterministic\",\"exit\":3");
    ASSERT_HAS(command.out, "\"other_digest\":\"");
    command_free(&command);
}
END_TEST

/* The same for programs. */
START_TEST(test_different_json)
{
    struct command command = steelmill("skew:2", "verify writer.yaml --seed 2 --json");
    ASSERT_EXIT(command, 3);
    ASSERT_HAS(command.out, "\"verdict\":\"not deterministic\",\"exit\":3");
    ASSERT_HAS(command.out, "\"first_difference\":5,\"reference\":{\"time_ns\":5000000000,");
    command_free(&command);
}
END_TEST

/* A run without a verdict says nothing about determinism: exit code 125. */
START_TEST(test_not_judged)
{
    struct command command = steelmill("die:2", "verify writer.yaml --seed 2");
    ASSERT_EXIT(command, 125);
    ASSERT_HAS(command.err, "seed 2, run 1: not judged: the worker was killed by signal 9");
    command_free(&command);
}
END_TEST

TCase *verify_tests(void)
{
    TCase *tests = tcase_create("verify");
    tcase_add_test(tests, test_same);
    tcase_add_test(tests, test_different);
    tcase_add_test(tests, test_different_together);
    tcase_add_test(tests, test_different_once);
    tcase_add_test(tests, test_different_json);
    tcase_add_test(tests, test_not_judged);
    return tests;
}
