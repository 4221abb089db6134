/* SPDX-License-Identifier: MIT */
/*
 * Programs with sm_main, made of the objects of plugins: what they do as plugins do, and what not.
 *
 * Environment: STEELMILL, LEASE_LOCK_PLUGIN and its scenario; the programs LEASE_LOCK_SIMULATED,
 * LEASE_LOCK_SERVED, KEEPS_SIMULATED and its scenario.
 */
#include "tests/core/program.h"

#include <unistd.h>

static void digest_of(char *digest, size_t size)
{
    const char *line = strstr(output, "\ndigest");

    ck_assert_msg(line != NULL, "%s", output);
    snprintf(digest, size, "%.29s", line);
}

/* Linked or loaded, the same objects have the same run; the program has steelmill's verbs. */
START_TEST(simulates)
{
    char linked[64], loaded[64];
    const char *program = getenv("LEASE_LOCK_SIMULATED"), *file = getenv("LEASE_LOCK_SCENARIO");

    ck_assert_msg(program_run("%s run %s --seed 7", program, file) == 0, "%s", output);
    digest_of(linked, sizeof linked);
    ck_assert_int_eq(program_run("%s run %s --seed 7 --set plugin=%s", getenv("STEELMILL"), file,
                                 getenv("LEASE_LOCK_PLUGIN")),
                     0);
    digest_of(loaded, sizeof loaded);
    ck_assert_str_eq(linked, loaded);
    ck_assert_msg(program_run("%s verify %s --seed 3", program, file) == 0, "%s", output);
    ck_assert_msg(program_run("%s sweep %s --seeds 1..20", program, file) == 0, "%s", output);
    ck_assert_msg(program_run("%s daemons", program) == 0, "%s", output);
    must_hold("lock_client");
}
END_TEST

/* A finding's line that replays it is the program's own. */
START_TEST(replays)
{
    const char *program = getenv("LEASE_LOCK_SIMULATED");

    ck_assert_msg(
        program_run("%s sweep %s --seeds 1..40 --set machines.store.config.check_fence=false",
                    program, getenv("LEASE_LOCK_SCENARIO")) == 1,
        "%s", output);
    const char *line = strstr(output, "  replay    ");
    ck_assert_msg(line != NULL, "%s", output);
    char command[1024];
    snprintf(command, sizeof command, "%.*s", (int)strcspn(line + 12, "\n"), line + 12);
    ck_assert_int_eq(strncmp(command, program, strlen(program)), 0);
    ck_assert_msg(program_run("%s", command) == 1, "%s: %s", command, output);
}
END_TEST

/* The other program serves a machine, until it is told to stop. */
START_TEST(serves)
{
    ck_assert_msg(
        program_run("(timeout --foreground --preserve-status 1 %s serve %s --machine lock "
                    "--data main-data-%d --network 127.%u.0.0; code=$?; "
                    "rm -r main-data-%d; exit $code)",
                    getenv("LEASE_LOCK_SERVED"), getenv("LEASE_LOCK_SCENARIO"), (int)getpid(),
                    3 + (unsigned)getpid() % 250, (int)getpid()) == 0,
        "%s", output);
    must_hold("serving machine=lock");
    must_hold("stopping");
}
END_TEST

/* What does not hold: variables are the program's, so one machine sees those of another. What they
 * point to is caught where it is used. */
START_TEST(variables_are_shared)
{
    ck_assert_msg(
        program_run("%s run %s --seed 1", getenv("KEEPS_SIMULATED"), getenv("KEEPS_SCENARIO")) == 1,
        "%s", output);
    must_hold("the block belongs to another machine's heap");
}
END_TEST

/* Without steelmill there is one message, which says what to do. */
START_TEST(no_steelmill)
{
    ck_assert_int_eq(program_run("STEELMILL=/no/such/program %s run %s",
                                 getenv("LEASE_LOCK_SIMULATED"), getenv("LEASE_LOCK_SCENARIO")),
                     125);
    must_hold("the program '/no/such/program' cannot be executed: No such file or directory");
    must_hold("install it, or name it in STEELMILL");
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, simulates);
    tcase_add_test(tc, replays);
    tcase_add_test(tc, serves);
    tcase_add_test(tc, variables_are_shared);
    tcase_add_test(tc, no_steelmill);
}

int main(void)
{
    return program_suite("main", add_tests);
}
