/* SPDX-License-Identifier: MIT */
/*
 * The example system lease-lock, as five processes on real loopback addresses, with `kill -9`.
 *
 * What the store's register holds on disk was acknowledged or is about to be: it is the count of
 * increments so far, and the store's own properties watch that none is lost or stale.
 */
#include "tests/serve/served.h"

#include <check.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define KILLS           6
#define INCREMENTS_EACH 100 /* after each kill */
#define LIMIT_MS        60000

enum { LOCK, STORE, CLIENT1, CLIENT2, CLIENT3, MACHINES };

static const char *const names[MACHINES] = {"lock", "store", "client1", "client2", "client3"};
static struct served served[MACHINES];

static void start(int machine)
{
    char arguments[128];

    snprintf(arguments, sizeof arguments, "cluster.yaml --machine %s", names[machine]);
    served[machine] = served_start(names[machine], arguments);
}

/* The first of the record's numbers, little-endian. */
static uint64_t register_value(void)
{
    unsigned char bytes[8] = {0};
    uint64_t value = 0;
    FILE *file = fopen("data/store/register", "r");

    if (file) {
        if (fread(bytes, 1, sizeof bytes, file) != sizeof bytes)
            memset(bytes, 0, sizeof bytes);
        fclose(file);
    }
    for (int i = 7; i >= 0; i--)
        value = value << 8 | bytes[i];
    return value;
}

/* Waits until that many more increments are stored. */
static void await_progress(uint64_t count, const char *after)
{
    const uint64_t goal = register_value() + count;

    for (int waited = 0; waited < LIMIT_MS; waited += 10) {
        if (register_value() >= goal)
            return;
        nanosleep(&(struct timespec){0, 10000000}, NULL);
    }
    ck_abort_msg("the register is at %llu, not %llu, after %s",
                 (unsigned long long)register_value(), (unsigned long long)goal, after);
}

static void kill_and_restart(int machine, size_t starts)
{
    served_signal(&served[machine], SIGKILL);
    ck_assert_int_eq(served_wait(&served[machine]), 128 + SIGKILL);
    start(machine);
    served_await(names[machine], "serving", starts);
}

/* Service goes on after each kill of the lock server or a client; nothing acknowledged is lost. */
START_TEST(survives_kills)
{
    static const int victims[KILLS] = {LOCK, CLIENT1, LOCK, CLIENT2, CLIENT3, LOCK};
    size_t starts[MACHINES] = {1, 1, 1, 1, 1};

    served_write("cluster.yaml",
                 "scenario: cluster\nabout: A test.\nplugin: %s\ntime: 10s\nmachines:\n"
                 "  lock:   { daemons: [lock_server], config: { lease: 400ms } }\n"
                 "  store:  { daemons: [store_server] }\n"
                 "  client: { count: 3, daemons: [lock_client],\n"
                 "    config: { think: 5ms, writes: 10, work: 1ms, pace: 1ms } }\n",
                 getenv("LEASE_LOCK_PLUGIN"));
    for (int i = 0; i < MACHINES; i++)
        start(i);
    await_progress(INCREMENTS_EACH, "the start");
    for (int i = 0; i < KILLS; i++) {
        kill_and_restart(victims[i], ++starts[victims[i]]);
        await_progress(INCREMENTS_EACH, names[victims[i]]);
    }
    for (int i = MACHINES - 1; i >= 0; i--) {
        served_signal(&served[i], SIGTERM);
        ck_assert_msg(served_wait(&served[i]) == 0, "%s", names[i]);
        ck_assert(!served_logged(names[i], "violated"));
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cluster");
    TCase *tc = tcase_create("cluster");

    tcase_add_checked_fixture(tc, served_setup, served_teardown);
    tcase_set_timeout(tc, 300);
    tcase_add_test(tc, survives_kills);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
