/* SPDX-License-Identifier: MIT */
#include "sim/clock.h"

#include "core/assert.h"
#include "sim/world.h"

#define PPB        INT64_C(1000000000)
#define TIMER_LAST (SM_FOREVER - 1) /* SM_FOREVER itself means that no timer is set */
/* However many steps add up, wall clocks stay within these years of 2026. */
#define WALL_YEAR_NS (365 * 24 * 3600 * SM_S)
#define WALL_MIN_NS  (10 * WALL_YEAR_NS)
#define WALL_MAX_NS  (200 * WALL_YEAR_NS)

void sim_clock_init(struct sim_clock *clock, sm_time wall_ns)
{
    *clock = (struct sim_clock){.wall_ns = wall_ns};
}

static int64_t floor_divide(int64_t value, int64_t divisor)
{
    return value / divisor - (value % divisor < 0);
}

/* Whole seconds and the rest apart: so the products fit 64 bits, and the sum is exact. */
sm_time sim_clock_monotonic(const struct sim_clock *clock, sm_time world_ns)
{
    const sm_time since = world_ns - clock->world_ns;
    const int64_t gain =
        since / PPB * clock->drift_ppb + floor_divide(since % PPB * clock->drift_ppb, PPB);

    return clock->at_ns + since + gain;
}

sm_time sim_clock_world(const struct sim_clock *clock, sm_time monotonic_ns)
{
    const sm_time until = monotonic_ns - clock->at_ns;

    if (until <= 0)
        return clock->world_ns;
    const uint64_t rate = (uint64_t)(PPB + clock->drift_ppb);
    const unsigned __int128 wait = ((unsigned __int128)until * PPB + rate - 1) / rate;
    if (wait > (uint64_t)(TIMER_LAST - clock->world_ns))
        return TIMER_LAST;
    return clock->world_ns + (sm_time)wait;
}

static int64_t clamp(int64_t value, int64_t least, int64_t most)
{
    return value < least ? least : value > most ? most : value;
}

void sim_clock_bend(struct sim_clock *clock, sm_time world_ns, int64_t by_ppb)
{
    clock->at_ns = sim_clock_monotonic(clock, world_ns);
    clock->world_ns = world_ns;
    clock->drift_sum_ppb += by_ppb;
    clock->drift_ppb =
        clamp(clock->drift_sum_ppb, -SIM_CLOCK_DRIFT_MAX_PPB, SIM_CLOCK_DRIFT_MAX_PPB);
}

void sim_clock_step(struct sim_clock *clock, sm_time by_ns)
{
    sm_time wall_ns;

    if (__builtin_add_overflow(clock->wall_ns, by_ns, &wall_ns))
        wall_ns = by_ns < 0 ? WALL_MIN_NS : WALL_MAX_NS;
    clock->wall_ns = clamp(wall_ns, WALL_MIN_NS, WALL_MAX_NS);
}

/* ---- of machines ---- */

void sim_machine_clock_step(struct sim_machine *machine, sm_time by_ns)
{
    sim_clock_step(&machine->clock, by_ns);
}

/* Their deadlines stay; the world's times of them change. */
static void rebase_timers(struct sim_machine *machine, bool was_bent)
{
    struct sm__list *tasks = &machine->home.tasks;

    for (struct sm__list *link = tasks->next; link != tasks; link = link->next) {
        struct sm_task *task = sm__container(link, struct sm_task, home_link);
        if (task->timer_at != SM_FOREVER)
            sm__sched_timer_set(task, was_bent ? task->deadline : task->timer_at);
    }
}

void sim_machine_clock_drift(struct sim_machine *machine, int64_t by_ppb)
{
    SM_ASSERT_MSG(!sm__current, "a clock's rate is changed from within a task");
    if (by_ppb == 0)
        return;
    const bool was_bent = machine->home.is_bent;
    sim_clock_bend(&machine->clock, machine->world->now, by_ppb);
    machine->home.is_bent = true;
    rebase_timers(machine, was_bent);
}
