/* SPDX-License-Identifier: MIT */
/* Clocks of machines: exact arithmetic, drift, steps, and timers while the rate changes. */
#include "core/random.h"
#include "tests/core/suite.h"

#include <steelmill/steelmill.h>

#define PPB INT64_C(1000000000)
#define PPM INT64_C(1000)

/* ---- the arithmetic ---- */

static struct sim_clock clock_with(sm_time world_ns, int64_t drift_ppb)
{
    struct sim_clock clock;

    sim_clock_init(&clock, 0);
    sim_clock_bend(&clock, world_ns, drift_ppb);
    return clock;
}

static int64_t draw_between(uint64_t key, uint64_t index, int64_t least, int64_t most)
{
    const uint64_t span = (uint64_t)(most - least) + 1;
    return least + (int64_t)sm__random_scale(sm__random_draw(key, index), span);
}

/* The monotonic clock shows the exact product, rounded down: compared with 128-bit arithmetic. */
START_TEST(forward_is_exact)
{
    for (uint64_t i = 0; i < 100000; i++) {
        const int64_t drift = draw_between(1, i, -SIM_CLOCK_DRIFT_MAX_PPB, SIM_CLOCK_DRIFT_MAX_PPB);
        const sm_time begin = draw_between(2, i, 0, 3600 * SM_S);
        const sm_time since = draw_between(3, i, 0, INT64_C(1) << (i % 58));
        const struct sim_clock clock = clock_with(begin, drift);
        const __int128 product = (__int128)since * (PPB + drift); /* not negative */
        ck_assert_int_eq(sim_clock_monotonic(&clock, begin + since),
                         begin + (sm_time)(product / PPB));
    }
}
END_TEST

/* The inverse is the first world time at which the clock shows the deadline: one nanosecond before,
 * it shows less. */
START_TEST(inverse_is_the_first)
{
    for (uint64_t i = 0; i < 100000; i++) {
        const int64_t drift = draw_between(4, i, -SIM_CLOCK_DRIFT_MAX_PPB, SIM_CLOCK_DRIFT_MAX_PPB);
        const sm_time begin = draw_between(5, i, 0, 3600 * SM_S);
        const sm_time deadline = begin + draw_between(6, i, 1, INT64_C(1) << (i % 56));
        const struct sim_clock clock = clock_with(begin, drift);
        const sm_time at = sim_clock_world(&clock, deadline);
        ck_assert_int_ge(sim_clock_monotonic(&clock, at), deadline);
        ck_assert_int_lt(sim_clock_monotonic(&clock, at - 1), deadline);
    }
}
END_TEST

/* What is due already is due at the latest change of rate; what never comes is as late as can be.
 */
START_TEST(inverse_at_the_ends)
{
    const struct sim_clock clock = clock_with(SM_S, -500 * PPM);

    ck_assert_int_eq(sim_clock_world(&clock, 0), SM_S);
    ck_assert_int_eq(sim_clock_world(&clock, SM_S), SM_S);
    ck_assert_int_eq(sim_clock_world(&clock, SM_FOREVER - 1), SM_FOREVER - 1);
    ck_assert_int_eq(sim_clock_world(&clock, SM_FOREVER - SM_S), SM_FOREVER - 1);
}
END_TEST

/* However often the rate changes, also at once or by too much, the clock never goes back, and stays
 * between half and one and a half times the world's speed. */
START_TEST(never_backwards)
{
    struct sim_clock clock;
    sm_time world_ns = 0, shown = 0;

    sim_clock_init(&clock, 0);
    for (uint64_t i = 0; i < 100000; i++) {
        const sm_time step = draw_between(7, i, 0, i % 3 ? 5 : SM_S);
        world_ns += step;
        const sm_time now = sim_clock_monotonic(&clock, world_ns);
        ck_assert_int_ge(now, shown);
        ck_assert_int_le(now - shown, step + step / 2 + 1);
        ck_assert_int_ge(now - shown, step / 2 - 1);
        shown = now;
        sim_clock_bend(&clock, world_ns, draw_between(8, i, -PPB, PPB));
        ck_assert_int_eq(sim_clock_monotonic(&clock, world_ns), shown);
    }
}
END_TEST

/* ---- machines ---- */

static struct sim_machine *machine_of(struct tw *tw)
{
    return tw->world->machines[0];
}

static sm_time woke_at;

static int sleeps_10_s(void *arg, struct sim_machine *machine)
{
    (void)arg;
    ck_assert_int_eq(sm_now(), 0);
    ck_assert_int_eq(sm_sleep_until(10 * SM_S), 0);
    woke_at = machine->world->now;
    return 0;
}

static sm_time sleep_with_drift(int64_t drift_ppb)
{
    static struct tw tw;

    tw_create(&tw, 1, NULL, sleeps_10_s, NULL);
    sim_machine_clock_drift(machine_of(&tw), drift_ppb);
    tw_run(&tw, 60 * SM_S);
    tw_destroy(&tw);
    return woke_at;
}

/* A deadline is on the machine's own clock: a fast one wakes earlier, a slow one later, by exactly
 * the drift; without drift nothing changes. */
START_TEST(deadlines_are_local)
{
    ck_assert_int_eq(sleep_with_drift(0), 10 * SM_S);
    ck_assert_int_eq(sleep_with_drift(100 * PPM), 9999000100); /* 10 s / 1.0001, rounded up */
    ck_assert_int_eq(sleep_with_drift(-100 * PPM), 10001000101);
}
END_TEST

static void bends(struct sim_world *world, struct sim_event *event)
{
    sim_machine_clock_drift(world->machines[0], (int64_t)event->number);
}

static void bend_at(struct sim_world *world, sm_time at, int64_t by_ppb)
{
    sim_event_at(world, at, SIM_CALLBACK, 0, bends)->number = (uint64_t)by_ppb;
}

/* A timer that is pending when the rate changes fires when it is due by both rates together:
 * earlier where the clock got faster, later where it got slower, and as before once that is over.
 */
START_TEST(timers_follow_the_rate)
{
    static struct tw tw;
    static const struct {
        int64_t drift_ppb;
        sm_time woke_at;
    } cases[] = {
        {500000000, 4 * SM_S + 3 * SM_S + 2 * SM_S - SM_S / 2},  /* 4 + 3 * 1.5 + 1.5 */
        {-500000000, 4 * SM_S + 3 * SM_S + 4 * SM_S + SM_S / 2}, /* 4 + 3 * 0.5 + 4.5 */
    };

    for (size_t i = 0; i < 2; i++) {
        tw_create(&tw, 1, NULL, sleeps_10_s, NULL);
        bend_at(tw.world, 4 * SM_S, cases[i].drift_ppb);
        bend_at(tw.world, 7 * SM_S, -cases[i].drift_ppb);
        tw_run(&tw, 60 * SM_S);
        ck_assert_int_eq(woke_at, cases[i].woke_at);
        ck_assert_int_eq(sim_clock_monotonic(&machine_of(&tw)->clock, woke_at), 10 * SM_S);
        tw_destroy(&tw);
    }
}
END_TEST

/* ---- many timers, a clock that changes all the time ---- */

#define SLEEPERS 20

static uint64_t seed_of_drift;

static int sleeps_often(void *arg)
{
    struct sim_machine *machine = arg;
    struct sm_event never;

    sm_event_init(&never);
    for (int i = 0; i < 100; i++) {
        const sm_time deadline = sm_now() + sm_random_range(NULL, 1, 100000);
        const int error = sm_event_wait(&never, deadline);
        ck_assert_int_eq(error, -ETIMEDOUT);
        ck_assert_msg(sm_now() >= deadline, "a timer fired early");
        /* Exactly when due: the instant before, the clock showed less. With a rate of 1.5 at most
         * it moves by two at most. */
        ck_assert_msg(sm_now() - deadline <= 1, "a timer fired %lld ns late",
                      (long long)(sm_now() - deadline));
        (void)machine;
    }
    sm_event_finish(&never);
    return 0;
}

static int spawns_sleepers(void *arg, struct sim_machine *machine)
{
    (void)arg;
    for (int i = 0; i < SLEEPERS; i++)
        sm_task_spawn(NULL, "sleeper", sleeps_often, machine);
    return 0;
}

static uint64_t bend_often(uint64_t seed)
{
    static struct tw tw;
    sm_time at = 0;

    seed_of_drift = seed;
    tw_create(&tw, 1, NULL, spawns_sleepers, NULL);
    for (uint64_t i = 0; i < 1000; i++) {
        at += draw_between(seed, 2 * i, 0, 10000);
        bend_at(tw.world, at, draw_between(seed, 2 * i + 1, -PPB / 4, PPB / 4));
    }
    ck_assert_int_eq(tw_run(&tw, 3600 * SM_S), SIM_IDLE);
    ck_assert_msg(tw.failure.kind == 0, "%s", tw.failure.text);
    ck_assert_uint_eq(tw.world->tasks_alive, 0);
    const uint64_t digest = sim_world_digest(tw.world);
    tw_destroy(&tw);
    return digest;
}

/* With twenty timers pending and a thousand changes of rate no timer is early, none is late, none
 * is lost; and the run is the same each time. */
START_TEST(timers_under_many_changes)
{
    for (uint64_t seed = 1; seed <= 20; seed++)
        ck_assert_uint_eq(bend_often(seed), bend_often(seed));
    ck_assert_uint_ne(bend_often(1), bend_often(2));
}
END_TEST

/* ---- the wall clock ---- */

static int looks(void *arg, struct sim_machine *machine)
{
    static const sm_time offsets[] = {-50 * SM_MS, 1950 * SM_MS, -1050 * SM_MS};
    (void)arg, (void)machine;

    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(sm_wall_now(), SIM_CLOCK_START_NS + sm_now() + offsets[i]);
        ck_assert_int_eq(sm_now(), i * SM_S);
        (void)sm_sleep(SM_S);
    }
    return 0;
}

static void steps(struct sim_world *world, struct sim_event *event)
{
    sim_machine_clock_step(world->machines[0], (int64_t)event->number);
}

/* The wall clock has an offset and steps in both directions; the monotonic one, and timers, do not
 * notice. */
START_TEST(wall_steps)
{
    static struct tw tw;

    tw_create(&tw, 1, NULL, looks, NULL);
    sim_machine_clock_step(machine_of(&tw), -50 * SM_MS);
    sim_event_at(tw.world, SM_S / 2, SIM_CALLBACK, 0, steps)->number = 2 * SM_S;
    sim_event_at(tw.world, 3 * SM_S / 2, SIM_CALLBACK, 0, steps)->number = (uint64_t)(-3 * SM_S);
    ck_assert_int_eq(tw_run(&tw, 60 * SM_S), SIM_IDLE);
    ck_assert_msg(tw.failure.kind == 0, "%s", tw.failure.text);
    ck_assert_uint_eq(machine_of(&tw)->clock.wall_reads, 3);
    tw_destroy(&tw);
}
END_TEST

/* Steps that add up to more than a calendar has do not overflow. */
START_TEST(steps_saturate)
{
    struct sim_clock clock;

    sim_clock_init(&clock, SIM_CLOCK_START_NS);
    for (int i = 0; i < 100000; i++)
        sim_clock_step(&clock, 8760 * 3600 * SM_S);
    ck_assert_int_gt(clock.wall_ns, SIM_CLOCK_START_NS);
    for (int i = 0; i < 100000; i++)
        sim_clock_step(&clock, -8760 * 3600 * SM_S);
    ck_assert_int_gt(clock.wall_ns, 0);
    ck_assert_int_lt(clock.wall_ns, SIM_CLOCK_START_NS);
}
END_TEST

static sm_time seen_after_crash;

static int looks_late(void *arg, struct sim_machine *machine)
{
    (void)arg;
    if (machine->incarnation == 1)
        return sm_sleep(100 * SM_S);
    seen_after_crash = sm_now();
    return 0;
}

/* A crash leaves the clocks as they are: they belong to the board, not to the program. */
START_TEST(crash_keeps_the_clock)
{
    static struct tw tw;

    tw_create(&tw, 1, NULL, looks_late, NULL);
    sim_machine_clock_drift(machine_of(&tw), 500000000);
    tw_run(&tw, 2 * SM_S);
    sim_machine_crash(machine_of(&tw));
    sim_machine_start(machine_of(&tw));
    tw_run(&tw, 3 * SM_S);
    ck_assert_int_eq(seen_after_crash, 3 * SM_S);
    tw_destroy(&tw);
}
END_TEST

SUITE_MAIN("clock", forward_is_exact, inverse_is_the_first, inverse_at_the_ends, never_backwards,
           deadlines_are_local, timers_follow_the_rate, timers_under_many_changes, wall_steps,
           steps_saturate, crash_keeps_the_clock)
