/* SPDX-License-Identifier: MIT */
/* Clocks and timers. */
#include "tests/conformance/conformance.h"

/* The monotonic clock is never negative and never goes back. */
CONFORMS(monotonic_never_goes_back)
{
    sm_time before = sm_now();

    ck_assert_int_ge(before, 0);
    for (int i = 0; i < 1000; i++) {
        const sm_time now = sm_now();
        ck_assert_int_ge(now, before);
        before = now;
        ck_assert_int_eq(sm_yield(), 0);
    }
}

/* The wall clock counts from 1970: it is at least 2026, and not far in the future. */
CONFORMS(wall_clock_is_plausible)
{
    ck_assert_int_ge(sm_wall_now(), (sm_time)1767225600 * SM_S);
    ck_assert_int_lt(sm_wall_now(), (sm_time)4102444800 * SM_S);
}

/* Both clocks move on by as much as one sleeps, at least. */
CONFORMS(sleep_moves_the_clocks)
{
    const sm_time start = sm_now(), wall = sm_wall_now();

    ck_assert_int_eq(sm_sleep(3 * SM_MS), 0);
    ck_assert_int_ge(sm_now() - start, 3 * SM_MS);
    ck_assert_int_ge(sm_wall_now() - wall, 2 * SM_MS); /* a host may be setting its clock */
}

/* A sleep shorter than a millisecond is one: the deadline is in nanoseconds. */
CONFORMS(sleep_in_microseconds)
{
    const sm_time start = sm_now();

    for (int i = 0; i < 10; i++) {
        const sm_time deadline = sm_now() + 50 * SM_US;
        ck_assert_int_eq(sm_sleep_until(deadline), 0);
        ck_assert_int_ge(sm_now(), deadline);
    }
    ck_assert_int_lt(sm_now() - start, SM_S);
}

/* A time that has passed lets the others run once, and is no error. */
CONFORMS(sleep_until_the_past)
{
    ck_assert_int_eq(sm_sleep_until(0), 0);
    ck_assert_int_eq(sm_sleep(-SM_S), 0);
    ck_assert_int_eq(sm_sleep(0), 0);
}

static int order[4], ordered;

struct sleeper {
    int number;
    sm_time until;
};

static int sleep_and_note(void *arg)
{
    const struct sleeper *sleeper = arg;

    ck_assert_int_eq(sm_sleep_until(sleeper->until), 0);
    order[ordered++] = sleeper->number;
    return 0;
}

/* Sleepers wake in the order of their deadlines, not of their spawns. */
CONFORMS(sleepers_wake_in_order)
{
    struct sm_task *tasks[4];
    struct sleeper sleepers[4];
    const sm_time now = sm_now();

    for (int i = 0; i < 4; i++) {
        sleepers[i] = (struct sleeper){i, now + (200 - 50 * i) * SM_MS};
        ck_assert_int_eq(sm_task_spawn(&tasks[i], "t", sleep_and_note, &sleepers[i]), 0);
    }
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(sm_task_join(tasks[i], NULL, SM_FOREVER), 0);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(order[i], 3 - i);
}

/* Deadlines that are set later and later, then earlier, are all kept. */
CONFORMS(deadlines_move)
{
    static const int ms[] = {2, 4, 8, 3, 1, 5};
    struct sm_event event;

    sm_event_init(&event);
    for (size_t i = 0; i < sizeof ms / sizeof ms[0]; i++) {
        const sm_time deadline = sm_now() + ms[i] * SM_MS;
        ck_assert_int_eq(sm_event_wait(&event, deadline), -ETIMEDOUT);
        ck_assert_int_ge(sm_now(), deadline);
    }
    sm_event_finish(&event);
}

static struct sm_event raised;

static int raise_event(void *arg)
{
    (void)arg;
    sm_event_set(&raised);
    return 0;
}

/* A deadline that did not come to pass does not wake a later wait. */
CONFORMS(old_deadlines_are_forgotten)
{
    sm_event_init(&raised);
    const sm_time start = sm_now();
    ck_assert_int_eq(sm_task_spawn(NULL, "t", raise_event, NULL), 0);
    ck_assert_int_eq(sm_event_wait(&raised, start + 4 * SM_MS), 0);
    sm_event_clear(&raised);
    ck_assert_int_eq(sm_event_wait(&raised, start + 12 * SM_MS), -ETIMEDOUT);
    ck_assert_int_ge(sm_now(), start + 12 * SM_MS);
    sm_event_finish(&raised);
}

CONFORMANCE_TESTS(time, monotonic_never_goes_back, wall_clock_is_plausible, sleep_moves_the_clocks,
                  sleep_in_microseconds, sleep_until_the_past, sleepers_wake_in_order,
                  deadlines_move, old_deadlines_are_forgotten)
