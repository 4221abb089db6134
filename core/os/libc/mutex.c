/* SPDX-License-Identifier: MIT */
/*
 * Mutexes and conditions. To libc a mutex belongs to a thread; which of its tasks holds it, and how
 * many of them wait, is kept in the two words that libc uses in robust mutexes alone. They are used
 * only by the thread that holds the mutex, and by its waiting tasks.
 */
#include "core/os/libc/park.h"

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#define EXPORT SM__LIBC_EXPORT

/* ---- mutexes ---- */

SM__LIBC_BARE static struct __pthread_mutex_s *data_of(pthread_mutex_t *mutex)
{
    return (struct __pthread_mutex_s *)(void *)mutex;
}

/* The number of the task that holds it; 0: none. */
static uintptr_t *holder_of(pthread_mutex_t *mutex)
{
    return (uintptr_t *)(void *)&data_of(mutex)->__list.__prev;
}

static uintptr_t *waiters_of(pthread_mutex_t *mutex)
{
    return (uintptr_t *)(void *)&data_of(mutex)->__list.__next;
}

#define KIND_MASK 3 /* the rest is robust, of processes, with priorities: libc's alone */

SM__LIBC_BARE static bool is_tasks(pthread_mutex_t *mutex)
{
    return sm__current && (data_of(mutex)->__kind & ~KIND_MASK) == 0;
}

/* By another task of this thread, that is. */
static bool is_held_here(pthread_mutex_t *mutex)
{
    return __atomic_load_n(&data_of(mutex)->__owner, __ATOMIC_RELAXED) == gettid();
}

static int take(pthread_mutex_t *mutex)
{
    const uintptr_t self = sm__current->id;
    const int error = SM__LIBC_REAL(pthread_mutex_trylock)(mutex);

    if (error == EBUSY && (data_of(mutex)->__kind & KIND_MASK) == PTHREAD_MUTEX_ERRORCHECK &&
        is_held_here(mutex) && *holder_of(mutex) == self)
        return EDEADLK;
    if (error)
        return error;
    if (data_of(mutex)->__count <= 1) {
        *holder_of(mutex) = self;
        return 0;
    }
    if (*holder_of(mutex) == self)
        return 0;
    (void)SM__LIBC_REAL(pthread_mutex_unlock)(mutex); /* what is recursive is so in a task */
    return EBUSY;
}

/* What another thread holds, this one may wait for; what a task of its own holds, the task must. */
static int lock(pthread_mutex_t *mutex, clockid_t clock, const struct timespec *at)
{
    int error;

    while ((error = take(mutex)) == EBUSY) {
        if (!is_held_here(mutex)) {
            error = at ? SM__LIBC_REAL(pthread_mutex_clocklock)(mutex, clock, at)
                       : SM__LIBC_REAL(pthread_mutex_lock)(mutex);
            if (!error)
                *holder_of(mutex) = sm__current->id;
            return error;
        }
        __atomic_fetch_add(waiters_of(mutex), 1, __ATOMIC_RELAXED);
        const int waited =
            os_parked_wait(os_parked_begin(mutex), at ? sm__libc_deadline(clock, at) : SM_FOREVER);
        __atomic_fetch_sub(waiters_of(mutex), 1, __ATOMIC_RELAXED);
        if (waited)
            return ETIMEDOUT;
    }
    return error;
}

static int unlock(pthread_mutex_t *mutex)
{
    if (*holder_of(mutex) && *holder_of(mutex) != sm__current->id)
        return EPERM;
    const bool is_last = data_of(mutex)->__count <= 1;
    if (is_last)
        *holder_of(mutex) = 0;
    const bool wakes = is_last && __atomic_load_n(waiters_of(mutex), __ATOMIC_RELAXED) > 0;
    const int error = SM__LIBC_REAL(pthread_mutex_unlock)(mutex);
    if (wakes && !error)
        (void)os_parked_wake(mutex, false);
    return error;
}

EXPORT int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    return is_tasks(mutex) ? lock(mutex, CLOCK_REALTIME, NULL)
                           : SM__LIBC_REAL(pthread_mutex_lock)(mutex);
}

EXPORT int pthread_mutex_trylock(pthread_mutex_t *mutex)
{
    if (!is_tasks(mutex))
        return SM__LIBC_REAL(pthread_mutex_trylock)(mutex);
    const int error = take(mutex);
    return error == EDEADLK ? EBUSY : error;
}

EXPORT int pthread_mutex_timedlock(pthread_mutex_t *restrict mutex,
                                   const struct timespec *restrict at)
{
    return is_tasks(mutex) ? lock(mutex, CLOCK_REALTIME, at)
                           : SM__LIBC_REAL(pthread_mutex_timedlock)(mutex, at);
}

EXPORT int pthread_mutex_clocklock(pthread_mutex_t *restrict mutex, clockid_t clock,
                                   const struct timespec *restrict at)
{
    return is_tasks(mutex) ? lock(mutex, clock, at)
                           : SM__LIBC_REAL(pthread_mutex_clocklock)(mutex, clock, at);
}

EXPORT int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    return is_tasks(mutex) ? unlock(mutex) : SM__LIBC_REAL(pthread_mutex_unlock)(mutex);
}

/* ---- conditions ---- */

#define CLOCK_BIT 2 /* of libc's: waits by the monotonic clock */

static clockid_t clock_of(const pthread_cond_t *condition)
{
    return condition->__data.__wrefs & CLOCK_BIT ? CLOCK_MONOTONIC : CLOCK_REALTIME;
}

/* A recursive mutex is let go as a whole. */
static int wait_for(pthread_cond_t *condition, pthread_mutex_t *mutex, clockid_t clock,
                    const struct timespec *at)
{
    unsigned depth = data_of(mutex)->__count;

    if (*holder_of(mutex) != sm__current->id || !is_held_here(mutex))
        return EPERM;
    struct os_parked *parked = os_parked_begin(condition);
    for (unsigned i = depth ? depth : 1; i > 0; i--)
        (void)unlock(mutex);
    const int error = os_parked_wait(parked, at ? sm__libc_deadline(clock, at) : SM_FOREVER);
    for (unsigned i = depth ? depth : 1; i > 0; i--)
        (void)lock(mutex, CLOCK_REALTIME, NULL);
    return error ? ETIMEDOUT : 0;
}

EXPORT int pthread_cond_wait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex)
{
    return is_tasks(mutex) ? wait_for(condition, mutex, CLOCK_REALTIME, NULL)
                           : SM__LIBC_REAL(pthread_cond_wait)(condition, mutex);
}

EXPORT int pthread_cond_timedwait(pthread_cond_t *restrict condition,
                                  pthread_mutex_t *restrict mutex,
                                  const struct timespec *restrict at)
{
    return is_tasks(mutex) ? wait_for(condition, mutex, clock_of(condition), at)
                           : SM__LIBC_REAL(pthread_cond_timedwait)(condition, mutex, at);
}

EXPORT int pthread_cond_clockwait(pthread_cond_t *restrict condition,
                                  pthread_mutex_t *restrict mutex, clockid_t clock,
                                  const struct timespec *restrict at)
{
    return is_tasks(mutex) ? wait_for(condition, mutex, clock, at)
                           : SM__LIBC_REAL(pthread_cond_clockwait)(condition, mutex, clock, at);
}

/* A task goes before a thread: it is not known which of them came first. */
EXPORT int pthread_cond_signal(pthread_cond_t *condition)
{
    return os_parked_wake(condition, false) ? 0 : SM__LIBC_REAL(pthread_cond_signal)(condition);
}

EXPORT int pthread_cond_broadcast(pthread_cond_t *condition)
{
    (void)os_parked_wake(condition, true);
    return SM__LIBC_REAL(pthread_cond_broadcast)(condition);
}
