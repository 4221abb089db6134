/* SPDX-License-Identifier: MIT */
/*
 * The seam: what core asks of a world. Defined once by sim/ (simulation) and once by core/os/
 * (production), chosen at link time; no table of functions.
 *
 * A `home` is where tasks live: a machine in simulation, a worker in production. All tasks of a
 * home run on one thread.
 */
#ifndef STEELMILL_CORE_SEAM_H
#define STEELMILL_CORE_SEAM_H

#include "core/list.h"

#include <steelmill/base.h>
#include <steelmill/log.h>
#include <steelmill/time.h>

struct sm_task;
struct sm_factory;
struct sm_random;
struct sm__stack_pool;

/* The part of a home that core knows. The world embeds it as the first member of its own struct. */
struct sm__home {
    const char *name;      /* the machine's name; "" for the world itself */
    struct sm__list tasks; /* live tasks, in the order of their spawns */
    struct sm__stack_pool *stacks;
    uint32_t index; /* the machine's number, from 1; 0 is the world */
    bool is_root;
    bool is_held; /* the world's: ready tasks may have to wait (the machine is paused, or busy) */
    bool is_bent; /* the world's: its monotonic clock is not the world's time */
};

/* The running task; NULL in the scheduler. */
extern __thread struct sm_task *sm__current __attribute__((tls_model("initial-exec")));

/* ---- clocks ---- */
sm_time sm__clock_monotonic(struct sm__home *home);
sm_time sm__clock_wall(struct sm__home *home);

/* ---- scheduling ---- */
/* Numbers a new task and makes it ready for its first run. */
void sm__sched_started(struct sm_task *task);
/* Makes a parked task ready; called once per park. */
void sm__sched_wake(struct sm_task *task);
/* Leaves the running task for the scheduler; returns when it is resumed. */
void sm__sched_park(struct sm_task *task);
/* Makes the running task ready again behind the others and leaves it. */
void sm__sched_yield(struct sm_task *task);
/* Calls sm__task_timer_fired(task) at `deadline` unless cleared or set anew. */
void sm__sched_timer_set(struct sm_task *task, sm_time deadline);
void sm__sched_timer_clear(struct sm_task *task);
/* The running task has ended: leaves it for good; the world calls sm__task_release afterwards. */
_Noreturn void sm__sched_exit(struct sm_task *task);

/* ---- the graph of factories, which other threads may be reading ---- */
/* Memory that is out of sight. Lies in what it frees. */
struct sm__later {
    void *world[2]; /* the world's */
    void (*fn)(struct sm__later *later);
};

/*
 * Calls fn(later) once no read section that has begun by now is left: at once where nobody else can
 * read, else later and on another thread, so it may do no more than free memory.
 */
void sm__free_later(struct sm__later *later, void (*fn)(struct sm__later *later));
/* The calling thread, which runs no task, may read the graph. */
bool sm__thread_may_read(void);

/* Brackets changes to the graph: a few instructions, that neither wait nor call a user's code. */
void sm__graph_take(void);
void sm__graph_give(void);

/* ---- threads ---- */
/* There are homes whose tasks run at the same time. Set before they run; never in simulation. */
extern bool sm__many_threads;
/* The tasks of the two homes may run at the same time. */
bool sm__apart(const struct sm__home *one, const struct sm__home *other);
/* Calls fn(arg) on a home's thread, between tasks; soon, and in the order of the calls. */
void sm__post(struct sm__home *home, void (*fn)(void *arg), void *arg);

/* What several threads use at once: locked for some instructions, never while a task is parked. */
struct sm__lock {
    void *world[6]; /* the world's */
};
void sm__lock_init(struct sm__lock *lock);
void sm__lock_finish(struct sm__lock *lock);
void sm__lock_take_among(struct sm__lock *lock);
void sm__lock_give_among(struct sm__lock *lock);

static inline void sm__lock_take(struct sm__lock *lock)
{
    if (sm__many_threads)
        sm__lock_take_among(lock);
}

static inline void sm__lock_give(struct sm__lock *lock)
{
    if (sm__many_threads)
        sm__lock_give_among(lock);
}

/* ---- calls ---- */
struct sm__owner;
/* Runs fn(arg) in a task of another home's, on whatever thread that is; sm__call_here does it where
 * that is the calling one. As sm_call. `owner` may be NULL: then only the caller can cancel it. */
int sm__call(struct sm__home *home, struct sm__owner *owner, int (*fn)(void *arg), void *arg);

/* ---- where factories live ---- */
/* Where the daemons of a new child are constructed: the home of its parent, or of the caller. */
struct sm__home *sm__home_of_child(struct sm__home *parents);
/* Daemons of types that keep to one thread may be constructed here, too. */
bool sm__home_takes_all(const struct sm__home *home);
/*
 * Chooses where a factory lives that is about to start, and counts it there until sm__home_leave.
 *   home: in: where it was constructed; out: where it will live
 *   anchor: the daemon that ties it to where it was constructed; NULL: none
 * Returns: 0; -SM_EELSEWHERE with words: it has to live elsewhere than its anchor.
 */
int sm__home_choose(struct sm_factory *factory, const char *anchor, struct sm__home **home);
void sm__home_leave(struct sm__home *home);

/* ---- randomness ---- */
/* Fills key and epoch from random->name and the home (NULL: the world). */
void sm__random_rekey(struct sm__home *home, struct sm_random *random);
/* True while the stream's epoch is the world's. */
bool sm__random_current(struct sm__home *home, const struct sm_random *random);
/* The home's own stream "daemon". */
struct sm_random *sm__random_home(struct sm__home *home);

/* ---- log ---- */
enum sm_log_level sm__log_level_max(void);
bool sm__log_json(void);
/* Takes one finished line, with its line feed. */
void sm__log_emit(struct sm__home *home, enum sm_log_level level, const char *line, size_t size);

/* ---- the kernel ---- */
/* Around system calls that core makes on a task: there, they would be taken for the daemon's. Gives
 * what to hand back at the end. */
void *sm__kernel_begin(void);
void sm__kernel_end(void *context);

/* ---- failures ---- */
/* Reports a broken assertion and does not return. */
_Noreturn void sm__bug_report(const char *message);

#endif
