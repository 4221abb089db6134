/* SPDX-License-Identifier: MIT */
/* The ready set and its policies, with tasks and events that are never run. */
#include "core/random.h"
#include "core/task.h"
#include "sim/event.h"
#include "sim/ready.h"
#include "tests/core/suite.h"

#define TASKS 300u

static struct sm_task tasks[TASKS];
static struct sim_event events[TASKS];
static struct sim_ready ready;

static void set_up(enum sim_policy policy, uint64_t key)
{
    for (uint32_t i = 0; i < TASKS; i++) {
        tasks[i] = (struct sm_task){.id = i + 1};
        events[i] = (struct sim_event){.machine = i + 1};
    }
    sim_ready_init(&ready, policy, key);
}

/* The number of the task that is picked; of the event, from 1000 on. */
static uint32_t pick(void)
{
    const struct sim_ready_entry entry = sim_ready_pick(&ready);

    ck_assert(!entry.task != !entry.event);
    return entry.task ? (uint32_t)(entry.task - tasks) : 1000 + (uint32_t)(entry.event - events);
}

static void push(uint32_t number)
{
    if (number < 1000)
        sim_ready_push_task(&ready, &tasks[number]);
    else
        sim_ready_push_event(&ready, &events[number - 1000]);
}

/* ---- fifo ---- */

/* fifo is the order of becoming ready, tasks and events alike, however the ring wraps and grows. */
START_TEST(fifo_order)
{
    uint32_t in = 0, out = 0;

    set_up(SIM_POLICY_FIFO, 1);
    for (int round = 0; round < 500; round++) {
        for (int i = 0; i < round % 7 + 1 && in - out < TASKS; i++, in++)
            push(in % TASKS + in / TASKS % 2 * 1000);
        for (int i = 0; i < round % 5 && in > out; i++, out++)
            ck_assert_uint_eq(pick(), out % TASKS + out / TASKS % 2 * 1000);
    }
    ck_assert_uint_gt(ready.capacity, 64);
    while (in > out) {
        ck_assert_uint_eq(pick(), out % TASKS + out / TASKS % 2 * 1000);
        out++;
    }
    ck_assert_uint_eq(ready.count, 0);
    sim_ready_finish(&ready);
}
END_TEST

/* Taking tasks out leaves the others in their order, wherever the ring begins. */
START_TEST(fifo_removal)
{
    for (uint32_t shift = 0; shift < 64; shift += 7) {
        set_up(SIM_POLICY_FIFO, 1);
        for (uint32_t i = 0; i < shift; i++) {
            push(i);
            pick();
        }
        for (uint32_t i = 0; i < 60; i++)
            push(i % 5 == 4 ? 1000 + i : i);
        for (uint32_t i = 0; i < 60; i += 3) {
            if (i % 5 != 4)
                sim_ready_remove(&ready, &tasks[i]);
        }
        for (uint32_t i = 0; i < 60; i++) {
            if (i % 5 == 4)
                ck_assert_uint_eq(pick(), 1000 + i);
            else if (i % 3 != 0)
                ck_assert_uint_eq(pick(), i);
        }
        ck_assert_uint_eq(ready.count, 0);
        sim_ready_finish(&ready);
    }
}
END_TEST

/* ---- all policies ---- */

static uint64_t drawn_count;

static uint32_t below(uint32_t bound)
{
    return (uint32_t)sm__random_scale(sm__random_draw(99, drawn_count++), bound);
}

/* Random pushes, picks and removals. Returns a hash of what was picked. */
static uint64_t churn(enum sim_policy policy, uint64_t key)
{
    static bool in[TASKS];
    uint64_t hash = 0;
    uint32_t count = 0;

    memset(in, 0, sizeof in);
    drawn_count = 0;
    set_up(policy, key);
    for (int i = 0; i < 20000; i++) {
        const uint32_t task = below(TASKS);
        if (!in[task]) {
            push(task);
            in[task] = true;
            count++;
        } else if (below(3) == 0) {
            sim_ready_remove(&ready, &tasks[task]);
            in[task] = false;
            count--;
        } else {
            const uint32_t picked = pick();
            if (!in[picked])
                ck_abort_msg("task %u is picked, but was not ready", picked);
            in[picked] = false;
            hash = sm__random_mix(hash ^ picked);
            count--;
        }
        if (ready.count != count)
            ck_abort_msg("%u are ready instead of %u", ready.count, count);
    }
    for (; count > 0; count--)
        in[pick()] = false;
    for (uint32_t i = 0; i < TASKS; i++)
        ck_assert(!in[i]);
    sim_ready_finish(&ready);
    return hash;
}

/* Under every policy each ready task is picked once or taken out, and the key alone decides which.
 */
START_TEST(nothing_lost)
{
    for (int policy = SIM_POLICY_RANDOM; policy <= SIM_POLICY_PCT; policy++) {
        const uint64_t hash = churn((enum sim_policy)policy, 5);
        ck_assert_uint_eq(churn((enum sim_policy)policy, 5), hash);
        ck_assert_int_eq(churn((enum sim_policy)policy, 6) == hash, policy == SIM_POLICY_FIFO);
    }
}
END_TEST

/* ---- random ---- */

#define DRAWERS 8u
#define ROUNDS  16000u

/*
 * With 8 ready tasks of which the picked one comes back, each is picked equally often (chi-square
 * of 7 degrees of freedom below 35: all but one key in 100,000), and takes one draw per pick, none
 * where there is no choice.
 */
START_TEST(random_is_uniform)
{
    for (uint64_t key = 0; key < 4; key++) {
        uint32_t counts[DRAWERS] = {0}, pairs[DRAWERS * DRAWERS] = {0};
        uint64_t squares = 0, pair_squares = 0;
        uint32_t before = 0;

        set_up(SIM_POLICY_RANDOM, key);
        for (uint32_t i = 0; i < DRAWERS; i++)
            push(i);
        for (uint32_t i = 0; i < ROUNDS; i++) {
            const uint32_t task = pick();
            counts[task]++;
            pairs[before * DRAWERS + task]++;
            before = task;
            push(task);
        }
        ck_assert_uint_eq(ready.draws, ROUNDS);
        for (uint32_t i = 0; i < DRAWERS; i++)
            squares += (uint64_t)counts[i] * counts[i];
        for (uint32_t i = 0; i < DRAWERS * DRAWERS; i++)
            pair_squares += (uint64_t)pairs[i] * pairs[i];
        ck_assert_uint_lt(squares * DRAWERS / ROUNDS - ROUNDS, 35);
        ck_assert_uint_lt(pair_squares * DRAWERS * DRAWERS / ROUNDS - ROUNDS, 130);
        while (ready.count > 1)
            pick();
        const uint64_t draws = ready.draws;
        pick();
        ck_assert_uint_eq(ready.draws, draws);
        sim_ready_finish(&ready);
    }
}
END_TEST

/* ---- pct ---- */

/* Until a priority changes, pct picks by rank: with all tasks ready, over and over the same order.
 */
START_TEST(pct_ranks)
{
    uint32_t order[20], again[20];

    set_up(SIM_POLICY_PCT, 3);
    for (uint32_t i = 0; i < 20; i++)
        push(i);
    for (uint32_t i = 0; i < 20; i++)
        order[i] = pick();
    for (uint32_t i = 20; i-- > 0;)
        push(i);
    for (uint32_t i = 0; i < 20; i++)
        again[i] = pick();
    ck_assert_mem_eq(order, again, sizeof order);
    sim_ready_finish(&ready);
}
END_TEST

/* A task that comes back at once keeps being picked, until the priorities change: so every task
 * gets its turn, after changes that come hundreds of picks apart. */
START_TEST(pct_changes)
{
    uint32_t counts[3] = {0}, changes = 0, before = UINT32_MAX;

    set_up(SIM_POLICY_PCT, 3);
    for (uint32_t i = 0; i < 3; i++)
        push(i);
    for (int i = 0; i < 50000; i++) {
        const uint32_t task = pick();
        counts[task]++;
        changes += task != before;
        before = task;
        push(task);
    }
    for (uint32_t i = 0; i < 3; i++)
        ck_assert_uint_gt(counts[i], 5000);
    ck_assert_uint_gt(changes, 30);
    ck_assert_uint_lt(changes, 200);
    ck_assert_uint_lt(ready.draws, 200);
    sim_ready_finish(&ready);
}
END_TEST

/* ---- held tasks ---- */

/* Tasks of a paused machine wait in the order in which they came, whoever is taken out. */
START_TEST(held_order)
{
    struct sim_held held = {0};

    set_up(SIM_POLICY_RANDOM, 1);
    for (uint32_t i = 0; i < 30; i++)
        sim_held_push(&held, &tasks[i]);
    for (uint32_t i = 0; i < 30; i += 4)
        sim_held_remove(&held, &tasks[i]);
    ck_assert_uint_eq(held.count, 22);
    for (uint32_t i = 0, at = 0; i < 30; i++) {
        if (i % 4) {
            ck_assert_ptr_eq(held.tasks[at], &tasks[i]);
            ck_assert_uint_eq(tasks[i].ready_index, at++);
        }
    }
    sim_held_finish(&held);
    ck_assert_uint_eq(held.count, 0);
    sim_ready_finish(&ready);
}
END_TEST

SUITE_MAIN("ready", fifo_order, fifo_removal, nothing_lost, random_is_uniform, pct_ranks,
           pct_changes, held_order)
