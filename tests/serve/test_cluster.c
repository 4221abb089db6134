/* SPDX-License-Identifier: MIT */
/*
 * The example system lease-lock, as five processes on real loopback addresses, with `kill -9`, and
 * clients that are paused beyond the end of their lease.
 *
 * CLUSTER_KILLS: how often; CLUSTER_SEED: whom.
 */
#include "tests/serve/judge.h"
#include "tests/serve/served.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define KILLS_DEFAULT   2
#define OPERATIONS_EACH 100 /* after each kill */
#define LIMIT_MS        60000
#define LOOK_MS         20
#define LEASE_MS        400
#define PAUSES_MAX      100
#define HISTORY         "history"

enum { LOCK, STORE, CLIENT1, CLIENT2, CLIENT3, MACHINES };

static const char *const names[MACHINES] = {"lock", "store", "client1", "client2", "client3"};
static struct served served[MACHINES];

static void sleep_ms(long ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

static void start(int machine)
{
    char arguments[128];

    snprintf(arguments, sizeof arguments, "cluster.yaml --history " HISTORY " --machine %s",
             names[machine]);
    served[machine] = served_start(names[machine], arguments);
}

/* Waits until that many more operations are acknowledged. */
static void await_operations(size_t count, const char *after)
{
    const size_t goal = judge_acknowledged(HISTORY) + count;

    for (int waited = 0; waited < LIMIT_MS; waited += LOOK_MS) {
        if (judge_acknowledged(HISTORY) >= goal)
            return;
        sleep_ms(LOOK_MS);
    }
    ck_abort_msg("%zu operations are acknowledged, not %zu, after %s", judge_acknowledged(HISTORY),
                 goal, after);
}

static void kill_and_restart(int machine, size_t starts)
{
    served_signal(&served[machine], SIGKILL);
    ck_assert_int_eq(served_wait(&served[machine]), 128 + SIGKILL);
    start(machine);
    served_await(names[machine], "serving", starts);
}

static void start_all(bool check_fence)
{
    served_write("cluster.yaml",
                 "scenario: cluster\nabout: A test.\nplugin: %s\ntime: 10s\nmachines:\n"
                 "  lock:   { daemons: [lock_server], config: { lease: %dms } }\n"
                 "  store:  { daemons: [store_server], config: { check_fence: %s } }\n"
                 "  client: { count: 3, daemons: [lock_client],\n"
                 "    config: { think: 5ms, writes: 10, work: 15ms, pace: 1ms } }\n",
                 getenv("LEASE_LOCK_PLUGIN"), LEASE_MS, check_fence ? "true" : "false");
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

/* ---- the test: the same with and without the fence ---- */

static unsigned setting(const char *name, unsigned fallback)
{
    const char *text = getenv(name);
    return text ? (unsigned)strtoul(text, NULL, 10) : fallback;
}

/* Longer than its lease lasts. If it holds the lease, and is between look and write, it is late. */
static void pause_client(int client)
{
    served_signal(&served[client], SIGSTOP);
    sleep_ms(LEASE_MS * 2);
    served_signal(&served[client], SIGCONT);
    sleep_ms(LEASE_MS / 4);
}

static void pause_until(const char *text)
{
    for (int i = 0; i < PAUSES_MAX && !served_logged("store", text); i++)
        pause_client(CLIENT1 + i % 3);
    ck_assert_msg(served_logged("store", text), "'%s' was not logged", text);
}

/* Kills the lock server or a client at random, and pauses another client. */
static void kill_some(unsigned *seed)
{
    static const int victims[] = {LOCK, CLIENT1, CLIENT2, CLIENT3};
    const unsigned kills = setting("CLUSTER_KILLS", KILLS_DEFAULT);
    size_t starts[MACHINES] = {1, 1, 1, 1, 1};

    for (unsigned i = 0; i < kills; i++) {
        const int victim = victims[i == 0 ? 0 : i == 1 ? 1 : (unsigned)rand_r(seed) % 4];
        kill_and_restart(victim, ++starts[victim]);
        await_operations(OPERATIONS_EACH, names[victim]);
        pause_client(CLIENT1 + rand_r(seed) % 3);
    }
}

/* Returns the exit code of the store, which watches the fence. */
static int survive(bool check_fence, const char *until)
{
    unsigned seed = setting("CLUSTER_SEED", (unsigned)time(NULL));

    fprintf(stderr, "# CLUSTER_SEED=%u\n", seed);
    start_all(check_fence);
    await_operations(OPERATIONS_EACH, "the start");
    kill_some(&seed);
    pause_until(until);
    stop_others();
    served_signal(&served[STORE], SIGTERM);
    return served_wait(&served[STORE]);
}

/* Through kills and pauses service goes on, late writes are refused, no fence is violated, and what
 * the clients were told is one history. */
START_TEST(survives_kills)
{
    ck_assert_int_eq(survive(true, "stale request refused"), 0);
    ck_assert(!served_logged("store", "violated"));
    char text[1024] = "";
    ck_assert_msg(judge_linearizable(HISTORY, text, sizeof text), "%s", text);
}
END_TEST

/* A read that misses a write which had ended before it began is told from one that overlaps it. */
START_TEST(judge_tells_stale_reads)
{
    static const char write[] = "invoke 1 0 1 1 0 7 0\n", read[] = "invoke 2 0 2 0 0 0 0\n";
    static const char ends[] = "complete 1 0 0 0\n", answer[] = "complete 2 0 0 0\n";
    char text[1024];

    served_write("overlaps", "%s%s%s%s", write, read, ends, answer);
    ck_assert(judge_linearizable("overlaps", text, sizeof text));
    served_write("stale", "%s%s%s%s", write, ends, read, answer);
    ck_assert(!judge_linearizable("stale", text, sizeof text));
    ck_assert_uint_eq(judge_acknowledged("stale"), 2);
}
END_TEST

/* Without the fence the same does harm: the store's properties say so, and it fails. */
START_TEST(no_fence_no_safety)
{
    ck_assert_int_eq(survive(false, "always violated property=\"no stale write\""), 1);
    ck_assert(!served_logged("store", "stale request refused"));
}
END_TEST

SERVED_MAIN("cluster", judge_tells_stale_reads, survives_kills, no_fence_no_safety)
