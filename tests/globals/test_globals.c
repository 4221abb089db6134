/* SPDX-License-Identifier: MIT */
/*
 * Variables per machine, from the command line: the plugin keeps.c says itself when one of its
 * variables is not the machine's own.
 *
 * Environment: STEELMILL (the program), KEEPS_PLUGIN, KEEPS_SCENARIO.
 */
#include "tests/core/program.h"

/* Runs `steelmill VERB SCENARIO OPTIONS`; its exit code. */
static int steelmill(const char *verb, const char *options)
{
    return program_run("%s %s %s --set plugin=%s %s", getenv("STEELMILL"), verb,
                       getenv("KEEPS_SCENARIO"), getenv("KEEPS_PLUGIN"), options);
}

/* No value crosses machines, whatever crashes. */
START_TEST(apart)
{
    ck_assert_msg(steelmill("run", "--seed 1") == 0, "%s", output);
    must_hold("kept for long");
    must_hold("node1 out never ended");
}
END_TEST

/* No value crosses runs of a worker. */
START_TEST(fresh_in_each_run)
{
    ck_assert_msg(steelmill("sweep", "--seeds 1..30 --jobs 1") == 0, "%s", output);
}
END_TEST

/* Copies of code and data change nothing that a run can see. */
START_TEST(deterministic)
{
    ck_assert_msg(steelmill("verify", "--seed 2 --runs 2") == 0, "%s", output);
}
END_TEST

/* A thousand machines have a thousand copies. */
START_TEST(a_thousand)
{
    ck_assert_msg(steelmill("run", "--seed 1 --set machines.node.count=1000 --set time=50ms") == 0,
                  "%s", output);
    must_hold("1000 machines");
}
END_TEST

/* Where there are too many, the message says how many there may be, and how to get around it. */
START_TEST(too_many)
{
    ck_assert_msg(steelmill("run", "--seed 1 --set machines.node.count=100000") == 2, "%s", output);
    must_hold("the plugin has variables of its own, so each machine needs a copy of it");
    must_hold("100000 machines are more than the ");
    must_hold("vm.max_map_count");
}
END_TEST

/* A breakpoint in the plugin is hit in a machine's copy, with names, lines and values. */
START_TEST(breakpoints_work)
{
    if (system("gdb --version > /dev/null 2>&1") != 0)
        return; /* nothing to debug with */
    setenv("DEBUGINFOD_URLS", "", 1);
    ck_assert_int_eq(
        system("printf 'break keeps_change\\nrun\\nbt 2\\nprint owner\\nkill\\nquit\\n' > "
               "gdb-commands"),
        0);
    (void)steelmill("replay", "--seed 1 --gdb < gdb-commands");
    ck_assert_int_eq(remove("gdb-commands"), 0);
    must_hold("keeps_change (name=");
    must_hold("keeps_run (self=");
    must_hold("keeps.c:");
    must_hold("= \"nobody\"");
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, apart);
    tcase_add_test(tc, fresh_in_each_run);
    tcase_add_test(tc, deterministic);
    tcase_add_test(tc, a_thousand);
    tcase_add_test(tc, too_many);
    tcase_add_test(tc, breakpoints_work);
}

int main(void)
{
    return program_suite("globals", add_tests);
}
