/* SPDX-License-Identifier: MIT */
/*
 * The deadlines of tasks: a heap with at most one entry per task.
 *
 * A wait that ends early only sets the task's `timer_at` to SM_FOREVER; its entry stays, and the
 * next wait with a later deadline uses it again. Protocols set a deadline for every message, and
 * nearly all of them are cleared: that costs two stores.
 */
#ifndef STEELMILL_CORE_OS_TIMERS_H
#define STEELMILL_CORE_OS_TIMERS_H

#include <steelmill/time.h>

struct sm_task;

struct os_timer {
    sm_time at;           /* at most the task's timer_at */
    struct sm_task *task; /* whose timer_event is this entry's index + 1 */
};

struct os_timers {
    struct os_timer *entries;
    uint32_t count, capacity;
};

/* Takes the task's timer_at into account; it is not SM_FOREVER. */
void os_timers_set(struct os_timers *timers, struct sm_task *task);
/* The task is about to be freed. */
void os_timers_forget(struct os_timers *timers, struct sm_task *task);
/* When to look again: the earliest entry, which may be stale; SM_FOREVER where there is none. */
sm_time os_timers_next(const struct os_timers *timers);
/* Takes out one task whose time has come; NULL: none. */
struct sm_task *os_timers_pop(struct os_timers *timers, sm_time now);
void os_timers_finish(struct os_timers *timers);

#endif
