/* SPDX-License-Identifier: MIT */
/*
 * libc's own names, as tasks have them. These files define them in the program, so that what a
 * daemon and its libraries call by the name of a thread's is a task's: it parks the task, and the
 * others go on. What is called outside of tasks goes on to libc itself.
 *
 *   sleep.c  sleeping, yielding       c11.c  C11's names for pthread's
 *   keys.c   values of keys, per task
 *
 * The rest is each world's own: sim/libc answers everything, core/os/libc no more than pthread's
 * locks, and leaves the rest to libc.
 */
#ifndef STEELMILL_CORE_LIBC_LIBC_H
#define STEELMILL_CORE_LIBC_LIBC_H

#include <steelmill/time.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* Called before the sanitizers have made their shadows: not to be instrumented. */
#define SM__LIBC_BARE   __attribute__((no_sanitize("address", "thread")))
#define SM__LIBC_EXPORT __attribute__((visibility("default"))) SM__LIBC_BARE

/* libc's own function behind ours. */
#define SM__LIBC_REAL(name)                                                 \
    (__extension__({                                                        \
        static __typeof__(&name) real_;                                     \
        __typeof__(&name) now_ = __atomic_load_n(&real_, __ATOMIC_RELAXED); \
        if (!now_) {                                                        \
            now_ = (__typeof__(&name))(uintptr_t)sm__libc_next(#name);      \
            __atomic_store_n(&real_, now_, __ATOMIC_RELAXED);               \
        }                                                                   \
        now_;                                                               \
    }))

#define SM__LIBC_KEYS_MAX 128

/* The keys that tasks share. A number is odd while its key exists; it grows with every one. */
struct sm__libc_keys {
    struct sm__libc_key {
        uint32_t number;
        void (*destructor)(void *value);
    } keys[SM__LIBC_KEYS_MAX];
};

/* Over pthread_barrier_t, as pthread_barrier_init leaves it. */
struct sm__libc_barrier {
    uint32_t in, round, count;
};

/* ---- what a world answers ---- */
/* Whether the caller is a daemon's task, and not the host's code on its way. */
bool sm__libc_inside(void);
/* libc's function of that name, after ours. Never NULL. */
void *sm__libc_next(const char *name);
/* The caller's; inside only. */
struct sm__libc_keys *sm__libc_keys(void);
/* The host's memory, zeroed. Never NULL. */
void *sm__libc_alloc(size_t size);
void sm__libc_free(void *memory);

/* ---- helpers (sleep.c) ---- */
/* -1 with errno set. */
int sm__libc_error(int error);
/* SM_FOREVER where that would not do. */
sm_time sm__libc_ns_of(const struct timespec *time);
bool sm__libc_is_wall(clockid_t clock);
/* A point of a clock, on that of sm_now. */
sm_time sm__libc_deadline(clockid_t clock, const struct timespec *at);
/* Sleeps, unless the task is cancelled. As libc's calls: 0 or EINTR. */
int sm__libc_sleep(sm_time ns);

#endif
