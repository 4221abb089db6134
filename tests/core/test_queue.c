/* SPDX-License-Identifier: MIT */
/* The event queue against a plain sorted list. */
#include "core/random.h"
#include "sim/queue.h"
#include "tests/core/suite.h"

/* ---- the oracle: a list, sorted by time and then by order of insertion ---- */

#define ORACLE_MAX 4096

static struct {
    int64_t times[ORACLE_MAX];
    uint32_t slots[ORACLE_MAX];
    size_t count;
} oracle;

static void oracle_push(int64_t time_ns, uint32_t slot)
{
    size_t at = oracle.count++;

    for (; at > 0 && oracle.times[at - 1] > time_ns; at--) {
        oracle.times[at] = oracle.times[at - 1];
        oracle.slots[at] = oracle.slots[at - 1];
    }
    oracle.times[at] = time_ns;
    oracle.slots[at] = slot;
}

static uint32_t oracle_pop(void)
{
    const uint32_t slot = oracle.slots[0];

    oracle.count--;
    memmove(oracle.times, oracle.times + 1, oracle.count * sizeof *oracle.times);
    memmove(oracle.slots, oracle.slots + 1, oracle.count * sizeof *oracle.slots);
    return slot;
}

/* ---- */

static uint64_t key, drawn_count;

static uint64_t below(uint64_t bound)
{
    return sm__random_scale(sm__random_draw(key, drawn_count++), bound);
}

/* Up to 2^40 ahead, near times as often as far ones: clusters within clusters. */
static int64_t skewed(void)
{
    const uint64_t bits = below(41);
    return (int64_t)below(UINT64_C(1) << bits);
}

/* Pushes and pops at random, `grow` in 100 times a push, times within `spread` (0: skewed) of the
 * latest popped. Now and then it looks at the earliest first. */
static void compare(size_t steps, uint64_t grow, int64_t spread)
{
    struct sim_queue queue;
    int64_t now = 0;

    oracle.count = 0;
    sim_queue_init(&queue);
    for (size_t i = 0; i < steps; i++) {
        const bool push = oracle.count == 0 || (oracle.count < ORACLE_MAX && below(100) < grow);
        if (oracle.count > 0 && i % 3 == 0)
            ck_assert_int_eq(sim_queue_time(&queue), oracle.times[0]);
        if (push) {
            const int64_t time_ns = now + (spread ? (int64_t)below((uint64_t)spread) : skewed());
            const uint32_t slot = (uint32_t)below(SIM_QUEUE_SLOTS_MAX);
            sim_queue_push(&queue, time_ns, slot);
            oracle_push(time_ns, slot);
        } else {
            now = sim_queue_time(&queue);
            ck_assert_int_eq(now, oracle.times[0]);
            ck_assert_uint_eq(sim_queue_pop(&queue), oracle_pop());
        }
        ck_assert_uint_eq(queue.count, oracle.count);
    }
    while (oracle.count > 0)
        ck_assert_uint_eq(sim_queue_pop(&queue), oracle_pop());
    ck_assert_uint_eq(queue.count, 0);
    sim_queue_finish(&queue);
}

/* 200,000 random steps agree with the list: a short queue, a long one, one that fills up and
 * drains, few different times and many, evenly spread and in clusters. */
START_TEST(agrees_with_a_list)
{
    static const struct {
        size_t steps;
        uint64_t grow;
        int64_t spread;
    } runs[] = {
        {20000, 30, 1000},    {20000, 50, 3}, {20000, 50, (int64_t)1 << 40},
        {40000, 60, 1000000}, {40000, 60, 0}, {20000, 50, 0},
        {40000, 60, 40},
    };

    for (key = 0; key < sizeof runs / sizeof *runs; key++) {
        drawn_count = 0;
        compare(runs[key].steps, runs[key].grow, runs[key].spread);
    }
}
END_TEST

/* What is due at the same time comes out in the order in which it went in, also through growth. */
START_TEST(equal_times_keep_their_order)
{
    enum { COUNT = 10000 };
    struct sim_queue queue;

    sim_queue_init(&queue);
    for (uint32_t i = 0; i < COUNT; i++) {
        sim_queue_push(&queue, 7, COUNT - i);
        sim_queue_push(&queue, 5, i);
    }
    for (uint32_t i = 0; i < COUNT; i++)
        ck_assert_uint_eq(sim_queue_pop(&queue), i);
    ck_assert_int_eq(sim_queue_time(&queue), 7);
    sim_queue_push(&queue, 7, 0);
    for (uint32_t i = 0; i <= COUNT; i++)
        ck_assert_uint_eq(sim_queue_pop(&queue), COUNT - i);
    sim_queue_finish(&queue);
}
END_TEST

/* Earlier than what was popped last is allowed, and so are the ends of the types. */
START_TEST(ends_of_the_range)
{
    struct sim_queue queue;

    sim_queue_init(&queue);
    sim_queue_push(&queue, INT64_MAX, SIM_QUEUE_SLOTS_MAX - 1);
    sim_queue_push(&queue, 10, 1);
    ck_assert_uint_eq(sim_queue_pop(&queue), 1);
    sim_queue_push(&queue, 3, 2);
    sim_queue_push(&queue, 0, 0);
    ck_assert_int_eq(sim_queue_time(&queue), 0);
    ck_assert_uint_eq(sim_queue_pop(&queue), 0);
    ck_assert_uint_eq(sim_queue_pop(&queue), 2);
    ck_assert_int_eq(sim_queue_time(&queue), INT64_MAX);
    ck_assert_uint_eq(sim_queue_pop(&queue), SIM_QUEUE_SLOTS_MAX - 1);
    ck_assert_uint_eq(queue.count, 0);
    sim_queue_finish(&queue);
}
END_TEST

/* Peeking far ahead moves nothing that matters: what is pushed afterwards, but before the earliest,
 * comes out first, though the queue has handed over a part of what is far. */
START_TEST(earlier_than_the_first)
{
    enum { COUNT = 1000 };
    struct sim_queue queue;

    sim_queue_init(&queue);
    for (uint32_t i = 0; i < COUNT; i++)
        sim_queue_push(&queue, 1000000 + 1000 * (int64_t)i, i);
    for (uint32_t i = 0; i < COUNT; i++) {
        ck_assert_int_eq(sim_queue_time(&queue), 1000000 + 1000 * (int64_t)i);
        sim_queue_push(&queue, 1000 * (int64_t)i, COUNT);
        sim_queue_push(&queue, 1000000 + 1000 * (int64_t)i - 1, COUNT + 1);
        ck_assert_uint_eq(sim_queue_pop(&queue), COUNT);
        ck_assert_uint_eq(sim_queue_pop(&queue), COUNT + 1);
        ck_assert_uint_eq(sim_queue_pop(&queue), i);
    }
    ck_assert_uint_eq(queue.count, 0);
    sim_queue_finish(&queue);
}
END_TEST

/* Very many of one time, and a few before them that push what comes before them, too. */
START_TEST(a_crowd_waits)
{
    enum { COUNT = 10000 };
    struct sim_queue queue;

    sim_queue_init(&queue);
    sim_queue_push(&queue, 0, COUNT);
    for (int64_t i = 0; i < 100; i++)
        sim_queue_push(&queue, 2000000 + i, COUNT + 1); /* enough that not all are near */
    for (uint32_t i = 0; i < COUNT; i++)
        sim_queue_push(&queue, 1000000, i);
    for (int64_t now = 0; now < COUNT; now++) {
        ck_assert_int_eq(sim_queue_time(&queue), now);
        ck_assert_uint_eq(sim_queue_pop(&queue), COUNT);
        sim_queue_push(&queue, now + 1, COUNT);
    }
    ck_assert_uint_lt(queue.near.count, COUNT); /* they were not in the way */
    ck_assert_uint_eq(sim_queue_pop(&queue), COUNT);
    for (uint32_t i = 0; i < COUNT; i++)
        ck_assert_uint_eq(sim_queue_pop(&queue), i);
    ck_assert_uint_eq(queue.count, 100);
    sim_queue_finish(&queue);
}
END_TEST

SUITE_MAIN("queue", agrees_with_a_list, equal_times_keep_their_order, ends_of_the_range,
           earlier_than_the_first, a_crowd_waits)
