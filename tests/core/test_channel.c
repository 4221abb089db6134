/* SPDX-License-Identifier: MIT */
/* Bounded channels: order, backpressure, closing, deadlines; nothing is lost or seen twice. */
#include "core/sanitize.h"
#include "tests/core/suite.h"

#include <steelmill/steelmill.h>

#define SEEDS 20

static int join(struct sm_task *task)
{
    int result = 1;

    ck_assert_int_eq(sm_task_join(task, &result, SM_FOREVER), 0);
    return result;
}

/* ---- one task ---- */

static int makes_channels(void *arg, struct sim_machine *machine)
{
    static const struct {
        size_t capacity, item_bytes;
        int error;
    } cases[] = {
        {0, 1, -EINVAL},
        {1, 0, -EINVAL},
        {((size_t)1 << 30) + 1, 1, -EINVAL},
        {1, (1 << 20) + 1, -EINVAL},
        {SIZE_MAX, SIZE_MAX, -EINVAL},
#if !SM__ASAN /* which ends the process instead */
        {(size_t)1 << 30, 1 << 20, -ENOMEM},
#endif
        {1, 1, 0},
        {1, 1 << 20, 0},
    };

    (void)arg, (void)machine;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sm_channel *channel = (struct sm_channel *)&channel;
        ck_assert_int_eq(sm_channel_create(&channel, cases[i].capacity, cases[i].item_bytes),
                         cases[i].error);
        ck_assert_int_eq(channel == NULL, cases[i].error != 0);
        sm_channel_destroy(channel);
    }
    return 0;
}

/* The limits of capacity and item size; what fails leaves no channel; destroying none is allowed.
 */
START_TEST(limits)
{
    tw_once(makes_channels, NULL);
}
END_TEST

static int wraps_around(void *arg, struct sim_machine *machine)
{
    struct sm_channel *channel;
    unsigned char item[7], next_in = 0, next_out = 0;

    (void)arg, (void)machine;
    ck_assert_int_eq(sm_channel_create(&channel, 5, sizeof item), 0);
    for (int round = 0; round < 60; round++) {
        for (int i = 0; i < 1 + round % 5; i++) {
            memset(item, next_in++, sizeof item);
            ck_assert_int_eq(sm_channel_send(channel, item, 0), 0);
        }
        ck_assert_uint_eq(sm_channel_count(channel), 1 + round % 5);
        while (sm_channel_count(channel) > 0) {
            ck_assert_int_eq(sm_channel_receive(channel, item, 0), 0);
            ck_assert_uint_eq(item[0], next_out);
            ck_assert_uint_eq(item[6], next_out++);
        }
    }
    ck_assert_int_eq(sm_now(), 0);
    sm_channel_destroy(channel);
    return 0;
}

/* Items of an odd size come out whole and in order, however often the ring goes around; a past
 * deadline is no obstacle where the call need not wait. */
START_TEST(order)
{
    tw_once(wraps_around, NULL);
}
END_TEST

static int times_out(void *arg, struct sim_machine *machine)
{
    struct sm_channel *channel;
    int item = 1;

    (void)arg, (void)machine;
    sm_channel_create(&channel, 1, sizeof item);
    ck_assert_int_eq(sm_channel_receive(channel, &item, 0), -ETIMEDOUT);
    ck_assert_int_eq(sm_channel_receive(channel, &item, 10), -ETIMEDOUT);
    ck_assert_int_eq(sm_now(), 10);
    ck_assert_int_eq(sm_channel_send(channel, &item, 0), 0);
    item = 2;
    ck_assert_int_eq(sm_channel_send(channel, &item, 10), -ETIMEDOUT);
    ck_assert_int_eq(sm_channel_send(channel, &item, 30), -ETIMEDOUT);
    ck_assert_int_eq(sm_now(), 30);
    ck_assert_uint_eq(sm_channel_count(channel), 1);
    ck_assert_int_eq(sm_channel_receive(channel, &item, SM_FOREVER), 0);
    ck_assert_int_eq(item, 1);
    sm_channel_destroy(channel);
    return 0;
}

/* Waits end exactly at their deadlines, and a send that has timed out has sent nothing. */
START_TEST(deadlines)
{
    tw_once(times_out, NULL);
}
END_TEST

/* ---- backpressure and closing ---- */

struct pump {
    struct sm_channel *channel;
    int first, count, done; /* numbers to send from; how many; how many calls were successful */
    sm_time finished_at;
};

static int pumps(void *arg)
{
    struct pump *pump = arg;

    for (int i = 0; i < pump->count; i++) {
        const int item = pump->first + i;
        const int error = sm_channel_send(pump->channel, &item, SM_FOREVER);
        if (error)
            return error;
        pump->done++;
    }
    pump->finished_at = sm_now();
    return 0;
}

static int drains_slowly(void *arg, struct sim_machine *machine)
{
    struct pump pump = {.count = 10};
    struct sm_task *task;

    (void)arg, (void)machine;
    sm_channel_create(&pump.channel, 3, sizeof(int));
    sm_task_spawn(&task, "pump", pumps, &pump);
    for (int i = 0; i < 10; i++) {
        int item = -1;
        sm_sleep(SM_S);
        ck_assert_int_eq(pump.done, i + 3 < 10 ? i + 3 : 10);
        ck_assert_int_eq(sm_channel_receive(pump.channel, &item, SM_FOREVER), 0);
        ck_assert_int_eq(item, i);
    }
    ck_assert_int_eq(join(task), 0);
    ck_assert_int_eq(pump.finished_at, 7 * SM_S);
    sm_channel_destroy(pump.channel);
    return 0;
}

/* A sender is never further ahead than the capacity, and goes on in the instant that makes room. */
START_TEST(backpressure)
{
    suite_sweep(drains_slowly, NULL, SEEDS);
}
END_TEST

static int receives_one(void *channel)
{
    int item;

    return sm_channel_receive(channel, &item, SM_FOREVER);
}

static int closes(void *arg, struct sim_machine *machine)
{
    struct pump pump = {.count = 10};
    struct sm_task *sender, *receivers[2];
    int item = 99;

    (void)arg, (void)machine;
    sm_channel_create(&pump.channel, 2, sizeof item);
    sm_task_spawn(&sender, "pump", pumps, &pump);
    sm_sleep(SM_S);
    sm_channel_close(pump.channel);
    sm_channel_close(pump.channel);
    ck_assert_int_eq(sm_channel_send(pump.channel, &item, SM_FOREVER), -SM_ECLOSED);
    ck_assert_int_eq(join(sender), -SM_ECLOSED);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(sm_channel_receive(pump.channel, &item, 0), 0);
        ck_assert_int_eq(item, i);
    }
    ck_assert_int_eq(sm_channel_receive(pump.channel, &item, SM_FOREVER), -SM_ECLOSED);
    sm_channel_destroy(pump.channel);
    sm_channel_create(&pump.channel, 2, sizeof item);
    for (int i = 0; i < 2; i++)
        sm_task_spawn(&receivers[i], "receiver", receives_one, pump.channel);
    sm_sleep(SM_S);
    sm_channel_close(pump.channel);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(join(receivers[i]), -SM_ECLOSED);
    sm_channel_destroy(pump.channel);
    return 0;
}

/* Closing wakes all who wait; sends fail; what was sent before is received, then the channel is at
 * its end. Closing twice is allowed. */
START_TEST(closing)
{
    suite_sweep(closes, NULL, SEEDS);
}
END_TEST

static int destroys_early(void *arg, struct sim_machine *machine)
{
    struct sm_channel *channel;

    (void)arg, (void)machine;
    sm_channel_create(&channel, 1, sizeof(int));
    sm_task_spawn(NULL, "receiver", receives_one, channel);
    sm_sleep(SM_S);
    sm_channel_destroy(channel);
    return 0;
}

/* Destroying a channel that a task waits on is a bug, and is told. */
START_TEST(destroyed_early)
{
    suite_bug(destroys_early, NULL, "a channel is destroyed while a task waits");
}
END_TEST

/* ---- many tasks: each item that was sent is received once ---- */

#define SENDERS   4
#define RECEIVERS 5
#define ITEMS     40 /* per sender */

static struct {
    struct sm_channel *channel;
    bool hasty; /* short deadlines */
    struct sm_task *receivers[RECEIVERS];
    int sent[SENDERS], next[SENDERS]; /* items sent; the next that is to be received */
    int received, given_up;
} crowd;

static sm_time patience(void)
{
    return crowd.hasty ? sm_now() + sm_random_range(NULL, 0, 3) : SM_FOREVER;
}

static void dawdle(void)
{
    for (uint64_t i = sm_random_below(NULL, 4); i > 0; i--)
        (void)sm_yield();
    if (crowd.hasty)
        (void)sm_sleep(sm_random_range(NULL, 0, 3));
}

/* Sends its numbers in order. An item whose send fails is sent again. */
static int crowd_sends(void *arg)
{
    const int sender = (int)(intptr_t)arg;

    while (crowd.sent[sender] < ITEMS) {
        const int item = sender * ITEMS + crowd.sent[sender];
        dawdle();
        const int error = sm_channel_send(crowd.channel, &item, patience());
        ck_assert(error == 0 || (crowd.hasty && error == -ETIMEDOUT));
        crowd.sent[sender] += error == 0;
        crowd.given_up += error != 0;
    }
    return 0;
}

static int crowd_receives(void *arg)
{
    (void)arg;
    for (;;) {
        int item = -1;
        dawdle();
        const int error = sm_channel_receive(crowd.channel, &item, patience());
        if (error == -SM_ECLOSED || error == -ECANCELED)
            return error;
        crowd.given_up += error != 0;
        if (error) {
            ck_assert(crowd.hasty && error == -ETIMEDOUT);
            continue;
        }
        ck_assert_int_eq(item % ITEMS, crowd.next[item / ITEMS]);
        crowd.next[item / ITEMS]++;
        crowd.received++;
    }
}

/* A receiver that was cancelled is followed by a new one. */
static void crowd_disturb(void)
{
    while (crowd.received < SENDERS * ITEMS / 2) {
        struct sm_task **place = &crowd.receivers[sm_random_below(NULL, RECEIVERS)];
        struct sm_task *victim = *place;
        (void)sm_yield();
        sm_task_cancel(victim);
        sm_task_spawn(place, "receiver", crowd_receives, NULL);
        ck_assert_int_eq(join(victim), -ECANCELED);
    }
}

static int crowds(void *arg, struct sim_machine *machine)
{
    const int mode = *(int *)arg; /* 0: patient, 1: hasty, 2: receivers are cancelled */
    struct sm_task *senders[SENDERS];

    (void)machine;
    memset(&crowd, 0, sizeof crowd);
    crowd.hasty = mode == 1;
    sm_channel_create(&crowd.channel, 1 + sm_random_below(NULL, 3), sizeof(int));
    for (int i = 0; i < RECEIVERS; i++)
        sm_task_spawn(&crowd.receivers[i], "receiver", crowd_receives, NULL);
    for (int i = 0; i < SENDERS; i++)
        sm_task_spawn(&senders[i], "sender", crowd_sends, (void *)(intptr_t)i);
    if (mode == 2)
        crowd_disturb();
    for (int i = 0; i < SENDERS; i++)
        ck_assert_int_eq(join(senders[i]), 0);
    sm_channel_close(crowd.channel);
    for (int i = 0; i < RECEIVERS; i++)
        ck_assert_int_eq(join(crowd.receivers[i]), -SM_ECLOSED);
    ck_assert_int_eq(crowd.received, SENDERS * ITEMS);
    sm_channel_destroy(crowd.channel);
    return 0;
}

/* Several senders and receivers under random steps: every item arrives once, each sender's in
 * order. */
START_TEST(crowd_patient)
{
    int mode = 0;

    suite_sweep(crowds, &mode, SEEDS);
}
END_TEST

/* The same while calls time out all the time: a failed receive has taken nothing, a failed send has
 * left nothing. */
START_TEST(crowd_hasty)
{
    int mode = 1;

    suite_sweep(crowds, &mode, SEEDS);
    ck_assert_int_gt(crowd.given_up, 0);
}
END_TEST

/* The same while receivers are cancelled, some of them between the wake and their step: the item is
 * theirs, or another one's, never lost. */
START_TEST(crowd_cancelled)
{
    int mode = 2;

    suite_sweep(crowds, &mode, SEEDS);
}
END_TEST

static int cancelled_with_item(void *arg, struct sim_machine *machine)
{
    struct sm_channel *channel;
    struct sm_task *first, *second;
    int item = 7;

    (void)arg, (void)machine;
    sm_channel_create(&channel, 1, sizeof item);
    sm_task_spawn(&first, "first", receives_one, channel);
    sm_sleep(1);
    sm_task_spawn(&second, "second", receives_one, channel);
    sm_sleep(1);
    sm_channel_send(channel, &item, 0);
    sm_task_cancel(first);
    sm_sleep(1);
    /* Either the first one has it, or it is still there for the second. */
    const int result = join(first);
    if (result)
        ck_assert_int_eq(join(second), 0);
    else
        ck_assert_int_eq(sm_task_join(second, NULL, 0), -ETIMEDOUT);
    sm_channel_close(channel);
    if (!result)
        ck_assert_int_eq(join(second), -SM_ECLOSED);
    sm_channel_destroy(channel);
    return 0;
}

/* A receiver that is cancelled after it was woken for an item does not keep it from the others. */
START_TEST(cancel_races_item)
{
    suite_sweep(cancelled_with_item, NULL, SEEDS);
}
END_TEST

SUITE_MAIN("channel", limits, order, deadlines, backpressure, closing, destroyed_early,
           crowd_patient, crowd_hasty, crowd_cancelled, cancel_races_item)
