/* SPDX-License-Identifier: MIT */
/* The heap of deadlines against a plain array. */
#include "core/os/timers.h"
#include "core/random.h"
#include "core/sanitize.h"
#include "core/task.h"
#include "tests/suite.h"

#define TASKS 200
#define STEPS (SM__ASAN || SM__TSAN ? 50000 : 200000)

static struct sm_task tasks[TASKS];
static struct os_timers timers;
static sm_time expected[TASKS]; /* SM_FOREVER: none */

static uint64_t draws;

static uint64_t draw(uint64_t bound)
{
    return sm__random_scale(sm__random_draw(7, draws++), bound);
}

/* All that are due are popped, once each, and nothing else. */
static void pop_until(sm_time now)
{
    struct sm_task *task;

    while ((task = os_timers_pop(&timers, now))) {
        const size_t i = (size_t)(task - tasks);
        ck_assert_int_le(expected[i], now);
        expected[i] = SM_FOREVER;
        task->timer_at = SM_FOREVER;
    }
    for (int i = 0; i < TASKS; i++)
        ck_assert(expected[i] > now);
}

static void step(sm_time now)
{
    const size_t i = draw(TASKS);

    switch (draw(4)) {
    case 0: /* the wait has ended early */
        tasks[i].timer_at = expected[i] = SM_FOREVER;
        break;
    case 1: /* the task has ended */
        tasks[i].timer_at = expected[i] = SM_FOREVER;
        os_timers_forget(&timers, &tasks[i]);
        ck_assert_uint_eq(tasks[i].timer_event, 0);
        break;
    default: /* a new wait, earlier or later than the last one */
        tasks[i].timer_at = expected[i] = now + 1 + (sm_time)draw(1000);
        os_timers_set(&timers, &tasks[i]);
        break;
    }
}

/* Whatever is set, cleared, forgotten: each deadline comes up exactly once, and in time. */
START_TEST(against_an_array)
{
    sm_time now = 0;

    for (int i = 0; i < TASKS; i++)
        tasks[i].timer_at = expected[i] = SM_FOREVER;
    for (int i = 0; i < STEPS; i++) {
        step(now);
        ck_assert_uint_le(timers.count, TASKS);
        if (draw(8) == 0) {
            now += (sm_time)draw(100);
            pop_until(now);
        }
    }
    pop_until(SM_FOREVER - 1);
    ck_assert_int_eq(os_timers_next(&timers), SM_FOREVER);
    os_timers_finish(&timers);
}
END_TEST

SUITE_MAIN("timers", against_an_array)
