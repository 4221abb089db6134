/* SPDX-License-Identifier: MIT */
/*
 * Tasks, from the inside.
 *
 *            spawn               resume                 return
 *   (stack) ------> READY ------------------> RUNNING ----------> ENDED --join/detach--> (free)
 *                     ^                          |
 *                     +---- wake --- PARKED <----+ park
 *
 *   1. A task is in at most one ready set, and in it exactly while READY.
 *   2. PARKED tasks are woken once; the first wake decides `wake_error`, later ones do nothing.
 *   3. A task is linked in its home's list and its owner's list until it has ended.
 *   4. The struct lies at the top of its own stack: one cache and TLB neighbourhood, and an
 * overflow, which grows downwards, cannot reach it. Only a task that is to rest has it elsewhere.
 *   5. A task that RESTS is PARKED as soon as it has left its stack for good; it goes on at the
 * beginning of a function, on another one.
 */
#ifndef STEELMILL_CORE_TASK_H
#define STEELMILL_CORE_TASK_H

#include "core/assert.h"
#include "core/fiber.h"
#include "core/list.h"
#include "core/seam.h"

#include <steelmill/sync.h>
#include <steelmill/task.h>

#include <stddef.h>

#define SM__TASK_NAME_BYTES 32
#define SM__WAITERS_MAX     64

/*
 * Who tasks belong to: a daemon of a factory, or the factory itself. Cancelled and waited for as
 * one.
 */
struct sm__owner {
    struct sm__list tasks;
    struct sm__list zombies; /* ended, but nobody has taken their results */
    struct sm_factory *factory;
    const char *daemon;      /* NULL: the factory itself */
    bool closed;             /* no spawns any more; every blocking call of its tasks is cancelled */
    struct sm_waitable idle; /* ready while there are no tasks */
};

enum sm__task_state {
    SM__TASK_READY,
    SM__TASK_RUNNING,
    SM__TASK_PARKED,
    SM__TASK_ENDED,
    SM__TASK_RESTS,
};

struct sm_task {
    /* What every step touches: one cache line. */
    struct sm__fiber fiber; /* first: the switch wants it at once; sp NULL: it has no stack */
    struct sm__home *home;
    uint64_t cause;   /* the world's: event that made it ready */
    sm_time timer_at; /* the world's: when its timer is due, in its time; SM_FOREVER: not set */
    struct sm__waiter *waiters; /* what it is parked on */
    uint32_t timer_event;       /* the world's: the pending queue entry, from 1; 0: none */
    uint32_t ready_index;       /* the world's: its place in the ready set */
    uint32_t id;
    int wake_error;
    uint16_t sections;        /* read sections that it is in */
    uint8_t waiter_count;     /* SM__WAITERS_MAX at most */
    uint8_t state;            /* enum sm__task_state */
    bool cancelled, shielded; /* shielded: cancellation does not reach it (stop hooks) */

    bool detached, joined; /* joined: a task waits in a join right now */
    bool has_result;
    int result;
    struct sm__owner *owner;
    struct sm__list home_link, owner_link;
    struct sm_waitable ended; /* ready once ENDED */
    sm_time deadline; /* the world's: timer_at on its machine's clock, where that is not the same */
    uint32_t stack_index; /* in the pool */
    void *locals;         /* of its thread, as libc has it; NULL: none */
    /* Called in the task at its end, and where it is dropped, then with `ends` false. Or NULL. */
    void (*leave)(struct sm_task *task, bool ends);
    sm_task_fn fn;
    void *arg;
    char name[SM__TASK_NAME_BYTES];
};
_Static_assert(SM__ASAN || SM__TSAN || offsetof(struct sm_task, detached) <= 64, "one cache line");

/* One link between a parked task and an object. Lives on the parked task's stack. */
struct sm__waiter {
    struct sm__waiter *next, *prev;
    struct sm_waitable *object; /* NULL once unlinked */
    struct sm_task *task;
    bool exclusive; /* a wake-one takes one of these only */
};

/* ---- tasks ---- */
/*
 * Spawns for a given owner in a given home. `out` NULL detaches. Returns 0, -ENOMEM, -ECANCELED.
 */
int sm__task_spawn(struct sm_task **out, struct sm__home *home, struct sm__owner *owner,
                   const char *name, sm_task_fn fn, void *arg);
/* The same, detached, with a place for the struct that is free until the task has ended. */
int sm__task_spawn_in(struct sm_task *place, struct sm__home *home, struct sm__owner *owner,
                      const char *name, sm_task_fn fn, void *arg);
/* Frees the stack of a task that has ended, or rests. Called by the world, off that stack. */
void sm__task_release(struct sm_task *task);
/* A stack for a task that goes on after a rest. */
void sm__task_go_on(struct sm_task *task);
/* Drops a task at once, whatever it does: crash of its machine. It must not be running. */
void sm__task_drop(struct sm_task *task);
/* The world's timer for this task has come due. */
void sm__task_timer_fired(struct sm_task *task);
/* Where a new fiber begins. */
_Noreturn void sm__task_main(void *task);

static inline bool sm__task_is_cancelled(const struct sm_task *task)
{
    return task->cancelled && !task->shielded;
}

/* Runs fn(arg) in a task for an owner on the calling thread, and waits for it. As sm_call. */
int sm__call_here(struct sm__home *home, struct sm__owner *owner, sm_task_fn fn, void *arg);

/* ---- owners ---- */
void sm__owner_init(struct sm__owner *owner, struct sm_factory *factory, const char *daemon);
/* No more spawns; cancels all of its tasks. Twice is allowed. */
void sm__owner_close(struct sm__owner *owner);
/* Waits until none of its tasks is left. Returns 0, -ETIMEDOUT, -ECANCELED. */
int sm__owner_wait(struct sm__owner *owner, sm_time deadline);
/* Frees what tasks have left behind that nobody joined. No task may be left (asserted). */
void sm__owner_finish(struct sm__owner *owner);

/* ---- waiting: the one way to block ---- */
void sm__waitable_init(struct sm_waitable *object,
                       uint32_t (*ready)(struct sm_waitable *self, uint32_t interest));
bool sm__waitable_idle(const struct sm_waitable *object); /* nobody waits */
/*
 * Parks the calling task until the object is woken. The caller checks its condition in a loop.
 * Returns 0 (look again), -ETIMEDOUT, -ECANCELED. A deadline that has passed, or a cancelled
 * caller, returns without parking.
 */
int sm__wait(struct sm_waitable *object, bool exclusive, sm_time deadline);
/*
 * Parks as sm__wait does, without a deadline, but gives the task's stack back: once woken, it
 * begins anew with fn(arg of its spawn), and finds the result of the wait in its `wake_error`.
 *   waiter: not on the stack; in use until then
 * Context: a task of sm__task_spawn_in, in simulation. Returns -ECANCELED for a cancelled caller,
 * else not at all.
 */
int sm__task_rest(struct sm_waitable *object, struct sm__waiter *waiter, sm_task_fn fn);
/* Wakes everyone who waits. */
void sm__wake_all(struct sm_waitable *object);
/* Wakes the first exclusive waiter and all that came before it; everyone if none is exclusive. */
void sm__wake_one(struct sm_waitable *object);

/*
 * At the start of every call that may block: -ECANCELED for a cancelled caller, even where the call
 * would not have had to wait. Asserts that there is a calling task.
 */
int sm__enter(void);

static inline void sm__wake_all_fast(struct sm_waitable *object)
{
    if (object->first)
        sm__wake_all(object);
}

#endif
