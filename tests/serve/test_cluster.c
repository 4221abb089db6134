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
#define PAUSES_MAX      60

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

static void start_all(const char *store_config, const char *client_config)
{
    served_write("cluster.yaml",
                 "scenario: cluster\nabout: A test.\nplugin: %s\ntime: 10s\nmachines:\n"
                 "  lock:   { daemons: [lock_server], config: { lease: 400ms } }\n"
                 "  store:  { daemons: [store_server], config: { %s } }\n"
                 "  client: { count: 3, daemons: [lock_client], config: { %s } }\n",
                 getenv("LEASE_LOCK_PLUGIN"), store_config, client_config);
    for (int i = 0; i < MACHINES; i++)
        start(i);
}

/* Stops all machines but the store, which the caller judges. */
static void stop_others(void)
{
    for (int i = MACHINES - 1; i >= 0; i--) {
        if (i == STORE)
            continue;
        served_signal(&served[i], SIGTERM);
        ck_assert_msg(served_wait(&served[i]) == 0, "%s", names[i]);
        ck_assert(!served_logged(names[i], "violated"));
    }
}

/* Service goes on after each kill of the lock server or a client; nothing acknowledged is lost. */
START_TEST(survives_kills)
{
    static const int victims[KILLS] = {LOCK, CLIENT1, LOCK, CLIENT2, CLIENT3, LOCK};
    size_t starts[MACHINES] = {1, 1, 1, 1, 1};

    start_all("check_fence: true", "think: 5ms, writes: 10, work: 1ms, pace: 1ms");
    await_progress(INCREMENTS_EACH, "the start");
    for (int i = 0; i < KILLS; i++) {
        kill_and_restart(victims[i], ++starts[victims[i]]);
        await_progress(INCREMENTS_EACH, names[victims[i]]);
    }
    stop_others();
    served_signal(&served[STORE], SIGTERM);
    ck_assert_int_eq(served_wait(&served[STORE]), 0);
    ck_assert(!served_logged("store", "violated"));
}
END_TEST

/* Pauses clients, longer than a lease lasts, until the store has logged something. */
static void pause_until(const char *text)
{
    for (int i = 0; i < PAUSES_MAX && !served_logged("store", text); i++) {
        const int client = CLIENT1 + i % 3;
        served_signal(&served[client], SIGSTOP);
        nanosleep(&(struct timespec){0, 700000000}, NULL);
        served_signal(&served[client], SIGCONT);
        nanosleep(&(struct timespec){0, 100000000}, NULL);
    }
    ck_assert_msg(served_logged("store", text), "'%s' was not logged", text);
}

/* A client that was paused beyond the end of its lease writes all the same: the fence refuses it.
 */
START_TEST(fence_refuses)
{
    start_all("check_fence: true", "think: 1ms, writes: 1000, work: 50ms, pace: 1ms");
    await_progress(1, "the start");
    pause_until("stale request refused");
    stop_others();
    served_signal(&served[STORE], SIGTERM);
    ck_assert_int_eq(served_wait(&served[STORE]), 0);
    ck_assert(!served_logged("store", "violated"));
}
END_TEST

/* Without the fence the same pauses do harm, and the store's properties say so. */
START_TEST(no_fence_no_safety)
{
    start_all("check_fence: false", "think: 1ms, writes: 1000, work: 50ms, pace: 1ms");
    await_progress(1, "the start");
    pause_until("always violated property=\"no stale write\"");
    stop_others();
    served_signal(&served[STORE], SIGTERM);
    ck_assert_int_eq(served_wait(&served[STORE]), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cluster");
    TCase *tc = tcase_create("cluster");

    tcase_add_checked_fixture(tc, served_setup, served_teardown);
    tcase_set_timeout(tc, 300);
    tcase_add_test(tc, survives_kills);
    tcase_add_test(tc, fence_refuses);
    tcase_add_test(tc, no_fence_no_safety);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
