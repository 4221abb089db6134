/* SPDX-License-Identifier: MIT */
/* Channels between workers. */
#include "tests/os/team.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>

#define ITEMS    4000
#define TASKS    2 /* of each kind, on each worker */
#define CHANNELS 500

static struct sm_factory *places[WORKERS]; /* one on each worker */
static struct sm_channel *channel;

/* ---- tasks on other workers ---- */

static int place_run(void *self)
{
    (void)self;
    return sm_sleep_until(SM_FOREVER);
}
static const struct sm_daemon_type place_daemon = {.size_bytes = sizeof(struct sm_daemon_type),
                                                   .flags = SM_DAEMON_REENTRANT,
                                                   .name = "place",
                                                   .run = place_run};

static void make_places(void)
{
    places[0] = machine;
    for (int i = 1; i < WORKERS; i++) {
        char name[16];
        void *instance;
        snprintf(name, sizeof name, "place%d", i);
        ck_assert_int_eq(sm_factory_create(&places[i], machine, name), 0);
        ck_assert_int_eq(sm_factory_get(places[i], &place_daemon, &instance), 0);
        ck_assert_int_eq(sm_factory_start(places[i], SOON), 0);
        ck_assert_uint_eq(home_of(places[i]), (uint32_t)i);
    }
}

struct job {
    int place;
    sm_task_fn fn;
    struct sm_task *task;
};

static int call_main(void *arg)
{
    const struct job *job = arg;
    return sm_call(places[job->place], job->fn, arg);
}

/* Runs a function on a worker, beside the caller. */
static void begin(struct job *job, int place, sm_task_fn fn)
{
    *job = (struct job){.place = place, .fn = fn};
    ck_assert_int_eq(sm_task_spawn(&job->task, "job", call_main, job), 0);
}

static int end(struct job *job)
{
    int result = 0;
    ck_assert_int_eq(sm_task_join(job->task, &result, SOON), 0);
    return result;
}

/* ---- order and completeness ---- */

static int sends_in_order(void *unused)
{
    (void)unused;
    for (int i = 0; i < ITEMS; i++)
        ck_assert_int_eq(sm_channel_send(channel, &i, SM_FOREVER), 0);
    sm_channel_close(channel);
    return 0;
}

static int receives_in_order(void *unused)
{
    int item, expected = 0;

    (void)unused;
    while (sm_channel_receive(channel, &item, SM_FOREVER) == 0)
        ck_assert_int_eq(item, expected++);
    return expected;
}

static void order_body(void)
{
    struct job sender, receiver;

    make_places();
    ck_assert_int_eq(sm_channel_create(&channel, 4, sizeof(int)), 0);
    begin(&receiver, 2, receives_in_order);
    begin(&sender, 1, sends_in_order);
    ck_assert_int_eq(end(&sender), 0);
    ck_assert_int_eq(end(&receiver), ITEMS);
    sm_channel_destroy(channel);
}

/* What one worker sends, another receives: all of it, in order, through a few places. */
START_TEST(order)
{
    run_spread(order_body);
}
END_TEST

static atomic_ulong sent, received, received_count;
static atomic_int senders_left;

static int sends(void *unused)
{
    (void)unused;
    for (unsigned long i = 1; i <= ITEMS; i++) {
        const sm_time deadline = i % 3 ? SM_FOREVER : sm_now() + 50 * SM_US;
        if (sm_channel_send(channel, &i, deadline) == 0)
            atomic_fetch_add(&sent, i);
        else
            i--; /* late: once more */
    }
    if (atomic_fetch_sub(&senders_left, 1) == 1)
        sm_channel_close(channel);
    return 0;
}

static int receives(void *unused)
{
    struct sm_wait wait = {.object = sm_channel_waitable(channel), .interest = SM_READ};
    unsigned long item;

    (void)unused;
    for (int error = 0, i = 0; error != -SM_ECLOSED; i++) {
        if (i % 4 == 0)
            ck_assert_int_eq(sm_wait_any(&wait, 1, SM_FOREVER), 0);
        error = sm_channel_receive(channel, &item, i % 3 ? SM_FOREVER : sm_now() + 50 * SM_US);
        if (error)
            continue;
        atomic_fetch_add(&received, item);
        atomic_fetch_add(&received_count, 1);
    }
    return 0;
}

static void all_body(void)
{
    struct job jobs[2][WORKERS * TASKS];

    make_places();
    ck_assert_int_eq(sm_channel_create(&channel, 3, sizeof(unsigned long)), 0);
    atomic_store(&senders_left, WORKERS * TASKS);
    for (int i = 0; i < WORKERS * TASKS; i++) {
        begin(&jobs[0][i], i % WORKERS, sends);
        begin(&jobs[1][i], i % WORKERS, receives);
    }
    for (int i = 0; i < WORKERS * TASKS; i++)
        ck_assert_int_eq(end(&jobs[0][i]) + end(&jobs[1][i]), 0);
    ck_assert_uint_eq(atomic_load(&received_count), ITEMS * WORKERS * TASKS);
    ck_assert_uint_eq(atomic_load(&received), atomic_load(&sent));
    sm_channel_destroy(channel);
}

/* Senders and receivers on all workers, some with short deadlines: each item comes once. */
START_TEST(all_to_all)
{
    run_spread(all_body);
}
END_TEST

/* ---- those who wait ---- */

static int receives_for_ever(void *unused)
{
    int item;
    (void)unused;
    return sm_channel_receive(channel, &item, SM_FOREVER);
}

static int receives_for_a_moment(void *unused)
{
    int item;
    (void)unused;
    return sm_channel_receive(channel, &item, sm_now() + 2 * SM_MS);
}

static int sends_for_ever(void *unused)
{
    const int item = 7;
    (void)unused;
    return sm_channel_send(channel, &item, SM_FOREVER);
}

static void waiting_body(void)
{
    struct job one, other;
    int item = 5;

    make_places();
    ck_assert_int_eq(sm_channel_create(&channel, 1, sizeof(int)), 0);
    begin(&one, 1, receives_for_a_moment);
    ck_assert_int_eq(end(&one), -ETIMEDOUT);
    begin(&one, 1, receives_for_ever);
    sm_sleep(2 * SM_MS);
    sm_task_cancel(one.task);
    ck_assert_int_eq(end(&one), -ECANCELED);
    /* Nobody has taken it, though both have waited. */
    ck_assert_int_eq(sm_channel_send(channel, &item, 0), 0);
    ck_assert_uint_eq(sm_channel_count(channel), 1);
    begin(&one, 1, sends_for_ever);
    begin(&other, 2, sends_for_ever);
    sm_sleep(2 * SM_MS);
    ck_assert_int_eq(sm_channel_receive(channel, &item, 0), 0);
    ck_assert_int_eq(item, 5);
    ck_assert_int_eq(sm_channel_receive(channel, &item, SOON), 0);
    ck_assert_int_eq(item, 7);
    ck_assert_int_eq(sm_channel_receive(channel, &item, SOON), 0);
    ck_assert_int_eq(end(&one) + end(&other), 0);
    sm_channel_destroy(channel);
}

/* A wait on another worker ends by its deadline or its cancellation, and takes nothing; a place
 * that becomes free is found by those who wait for it elsewhere. */
START_TEST(waiting)
{
    run_spread(waiting_body);
}
END_TEST

static void close_body(void)
{
    struct job jobs[WORKERS];

    make_places();
    ck_assert_int_eq(sm_channel_create(&channel, 1, sizeof(int)), 0);
    for (int i = 0; i < WORKERS; i++)
        begin(&jobs[i], i, receives_for_ever);
    sm_sleep(2 * SM_MS);
    sm_channel_close(channel);
    for (int i = 0; i < WORKERS; i++)
        ck_assert_int_eq(end(&jobs[i]), -SM_ECLOSED);
    sm_channel_destroy(channel);
}

/* A close is heard on all workers. */
START_TEST(close_wakes)
{
    run_spread(close_body);
}
END_TEST

static void short_lives_body(void)
{
    struct job job;
    int item = 0;

    make_places();
    for (int i = 0; i < CHANNELS; i++) {
        ck_assert_int_eq(sm_channel_create(&channel, 1, sizeof(int)), 0);
        begin(&job, 1 + i % 2, i % 4 < 2 ? receives_for_ever : receives_for_a_moment);
        if (i % 3)
            sm_yield();
        (void)sm_channel_send(channel, &item, 0);
        sm_channel_close(channel);
        (void)end(&job);
        sm_channel_destroy(channel); /* word of the close may still be on its way */
    }
}

/* A channel can go as soon as nobody waits on it. */
START_TEST(short_lives)
{
    run_spread(short_lives_body);
}
END_TEST

SUITE_MAIN("channel", order, all_to_all, waiting, close_wakes, short_lives)
