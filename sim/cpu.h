/* SPDX-License-Identifier: MIT */
/*
 * A machine's processor: one, which a task's step keeps busy for a while.
 *
 *            a step ends: busy until now + cost
 *   IDLE ------------------------------------------> BUSY --(that time)--> the first of the held
 *    ^                                                                      tasks runs, or IDLE
 *    +------------------------- nothing is held ------------------------------+
 *
 *   cost = (per_event + per_byte * bytes that the step has sent, received, read or written)
 *          * slowness
 *
 *   1. While BUSY no task of the machine runs; those that become ready are held, in order.
 *   2. An event for the end of BUSY exists only while a task is held: nothing ticks.
 *   3. The network and the disk go on by themselves.
 */
#ifndef STEELMILL_SIM_CPU_H
#define STEELMILL_SIM_CPU_H

#include "core/assert.h"
#include "core/seam.h"

struct sim_event;
struct sim_machine;
struct sim_world;

/* What a slow machine without costs of its own counts with. */
#define SIM_CPU_SLOW_EVENT_NS (20 * SM_US)
#define SIM_CPU_SLOW_BYTE_NS  (10 * SM_NS)

struct sim_cpu {
    bool active;                       /* steps cost something */
    sm_time per_event_ns, per_byte_ns; /* as configured; both 0: free */
    int64_t slowness;                  /* the factors of all that slows it, each less 1, summed */
    uint64_t bytes;                    /* that the running step has moved so far */
    sm_time busy_until_ns;             /* the world's time */
    struct sim_event *next;            /* the end of BUSY; NULL: nothing waits for it */
    uint64_t slow_steps;               /* so far, while something slowed it */
};

/* ---- host context ---- */
void sim_machine_cpu_set(struct sim_machine *machine, sm_time per_event_ns, sm_time per_byte_ns);
/* factor: 1 and more. Several at a time add up: 10 and 5 make 14. */
void sim_machine_slow_begin(struct sim_machine *machine, uint32_t factor);
void sim_machine_slow_end(struct sim_machine *machine, uint32_t factor);

/* ---- inside sim ---- */
bool sim_cpu_is_busy(const struct sim_machine *machine);
/* Its processor may be free: takes the task that runs now, or NULL. The event is given back. */
struct sm_task *sim_cpu_take(struct sim_world *world, struct sim_event *event);
/* A step has ended. */
void sim_cpu_charge(struct sim_machine *machine);
/* Lets held tasks run again, the first when the processor is free: after a pause. */
void sim_cpu_resume(struct sim_machine *machine);
/* Power is off: nothing is held any more. */
void sim_cpu_reset(struct sim_machine *machine);
/* Whether ready tasks of the machine can run, or may have to wait, has changed. */
void sim_machine_gate(struct sim_machine *machine);
/* A task that is ready and may not run now: true, and it is held. */
bool sim_machine_holds(struct sim_machine *machine, struct sm_task *task);

/* In a contract call of a task: it has moved so many bytes. */
void sim_cpu_count_slowly(uint64_t bytes);
static inline void sim_cpu_count(const struct sm__home *home, uint64_t bytes)
{
    if (SM_UNLIKELY(home->is_held))
        sim_cpu_count_slowly(bytes);
}

#endif
