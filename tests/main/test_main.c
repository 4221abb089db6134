/* SPDX-License-Identifier: MIT */
/*
 * Programs with sm_main, made of the objects of plugins: what they do as plugins do, and what not.
 *
 * Environment: STEELMILL, LEASE_LOCK_PLUGIN and its scenario; the programs LEASE_LOCK_SIMULATED,
 * LEASE_LOCK_SERVED, KEEPS_SIMULATED and its scenario; ASKS_SIMULATED, ASKS_SERVED and theirs.
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

/* libc's names are the tasks' in programs, too. */
static const char *const questions[] = {"mutexes", "conditions", "once", "keys", "sleeping"};

START_TEST(libc_is_the_tasks)
{
    const char *what = questions[_i];

    ck_assert_msg(program_run("%s run %s --seed 1 --set machines.one.config.what=%s",
                              getenv("ASKS_SIMULATED"), getenv("ASKS_SCENARIO"), what) == 0,
                  "%s: %s", what, output);
    ck_assert_msg(program_run("timeout 60 %s serve %s --machine one --data main-data-%d "
                              "--set machines.one.config.what=%s "
                              "--set machines.one.config.world=production --network 127.%u.0.0",
                              getenv("ASKS_SERVED"), getenv("ASKS_SCENARIO"), (int)getpid(), what,
                              3 + (unsigned)getpid() % 250) == 0,
                  "%s: %s", what, output);
    must_hold("asked\n");
    ck_assert_msg(!strstr(output, "libc answers as the machine"), "%s", output);
    program_run("rm -r main-data-%d", (int)getpid());
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
    tcase_add_loop_test(tc, libc_is_the_tasks, 0, sizeof questions / sizeof questions[0]);
    tcase_add_test(tc, variables_are_shared);
    tcase_add_test(tc, no_steelmill);
}

int main(void)
{
    return program_suite("main", add_tests);
}
