/* SPDX-License-Identifier: MIT */
/*
 * A machine's clocks, as functions of the world's time. One oscillator drives both:
 *
 *   monotonic  runs 1 + drift times as fast as the world; it never steps and never goes back
 *   wall       the monotonic clock plus an offset, which may step
 *
 * Since its latest change of rate, at world time w0 where it showed m0, the monotonic clock shows
 *
 *   m(w) = m0 + floor((w - w0) * (10^9 + drift_ppb) / 10^9)
 *
 * and the first world time at which it shows m or more is, exactly,
 *
 *   w(m) = w0 + ceil((m - m0) * 10^9 / (10^9 + drift_ppb))
 *
 * because floor(x) >= m is x >= m for a whole m. So a timer that fires at w(deadline) is never
 * early by the machine's clock, and not one nanosecond of the world's later than it must be.
 */
#ifndef STEELMILL_SIM_CLOCK_H
#define STEELMILL_SIM_CLOCK_H

#include <steelmill/base.h>
#include <steelmill/time.h>

/* Between half and one and a half times the world's speed, whatever adds up. */
#define SIM_CLOCK_DRIFT_MAX_PPB INT64_C(500000000)

/* What a right wall clock shows when a run starts: 2026-01-01 00:00:00 UTC. */
#define SIM_CLOCK_START_NS (INT64_C(1767225600) * SM_S)

struct sim_clock {
    sm_time world_ns, at_ns; /* w0 and m0 */
    int64_t drift_ppb;
    int64_t drift_sum_ppb;           /* of all that was asked for; drift_ppb is within the limits */
    sm_time wall_ns;                 /* wall clock, less the monotonic one */
    uint64_t wall_reads, mono_reads; /* the latter while it is bent */
};

/* wall_ns: what the wall clock shows when the monotonic one shows 0. */
void sim_clock_init(struct sim_clock *clock, sm_time wall_ns);
sm_time sim_clock_monotonic(const struct sim_clock *clock, sm_time world_ns);
/* The first world time at which the monotonic clock shows `monotonic_ns` or more; the latest that
 * a timer can be set to where there is none. */
sm_time sim_clock_world(const struct sim_clock *clock, sm_time monotonic_ns);
/* From now on it runs `by_ppb` faster than before, or slower. */
void sim_clock_bend(struct sim_clock *clock, sm_time world_ns, int64_t by_ppb);
/* The wall clock steps. */
void sim_clock_step(struct sim_clock *clock, sm_time by_ns);

/* ---- of machines: host context ---- */
struct sim_machine;
/* The wall clock steps, forward or back. */
void sim_machine_clock_step(struct sim_machine *machine, sm_time by_ns);
/* Adds to the drift of both clocks; timers that are pending fire when they are due by the new
 * rate. */
void sim_machine_clock_drift(struct sim_machine *machine, int64_t by_ppb);

#endif
