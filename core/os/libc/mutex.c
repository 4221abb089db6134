/* SPDX-License-Identifier: MIT */
/*
 * Mutexes and conditions. To libc a mutex belongs to a thread; which task holds it is kept in the
 * two words that libc uses in robust mutexes alone.
 *
 *   held by a task of the same worker    the task parks
 *   held by a task of another worker     the worker waits a little, then the task parks
 *   held by a thread without tasks       the worker waits
 *
 * A little, as most of what several threads use is held for no longer, and libraries count on not
 * being left meanwhile.
 */
#include "core/os/libc/park.h"

#include <errno.h>
#include <pthread.h>

#define EXPORT SM__LIBC_EXPORT

/* ---- mutexes ---- */

SM__LIBC_BARE static struct __pthread_mutex_s *data_of(pthread_mutex_t *mutex)
{
    return (struct __pthread_mutex_s *)(void *)mutex;
}

/* Where the task lives that holds it, and its number. */
static void set_holder(pthread_mutex_t *mutex, const struct sm_task *task)
{
    struct __pthread_internal_list *words = &data_of(mutex)->__list;

    __atomic_store_n(&words->__prev, task ? (void *)task->home : NULL, __ATOMIC_RELAXED);
    __atomic_store_n(&words->__next, task ? (void *)(uintptr_t)task->id : NULL, __ATOMIC_RELAXED);
}

static const void *home_of(pthread_mutex_t *mutex)
{
    return __atomic_load_n(&data_of(mutex)->__list.__prev, __ATOMIC_RELAXED);
}

static bool is_mine(pthread_mutex_t *mutex)
{
    return home_of(mutex) == (const void *)sm__current->home &&
           (uintptr_t)__atomic_load_n(&data_of(mutex)->__list.__next, __ATOMIC_RELAXED) ==
               sm__current->id;
}

#define LITTLE_NS (10 * SM_MS)
#define KIND_MASK 3 /* the rest is robust, of processes, with priorities: libc's alone */

SM__LIBC_BARE static bool is_tasks(pthread_mutex_t *mutex)
{
    return sm__current && (data_of(mutex)->__kind & ~KIND_MASK) == 0;
}

static int take(pthread_mutex_t *mutex)
{
    const int error = SM__LIBC_REAL(pthread_mutex_trylock)(mutex);

    if (error == EBUSY && (data_of(mutex)->__kind & KIND_MASK) == PTHREAD_MUTEX_ERRORCHECK &&
        is_mine(mutex))
        return EDEADLK;
    if (error)
        return error;
    if (data_of(mutex)->__count > 1 && !is_mine(mutex)) { /* what is recursive is so in a task */
        (void)SM__LIBC_REAL(pthread_mutex_unlock)(mutex);
        return EBUSY;
    }
    set_holder(mutex, sm__current);
    return 0;
}

/* Waits as a thread. EBUSY: somebody else had better have this one. */
static int lock_as_thread(pthread_mutex_t *mutex, sm_time deadline)
{
    const sm_time now = sm_now(), wait = deadline - now < LITTLE_NS ? deadline - now : LITTLE_NS;
    struct timespec at;

    clock_gettime(CLOCK_REALTIME, &at); /* ThreadSanitizer does not know pthread_mutex_clocklock */
    const sm_time end = sm__libc_ns_of(&at) + wait;
    at = (struct timespec){.tv_sec = end / SM_S, .tv_nsec = end % SM_S};
    const int error = SM__LIBC_REAL(pthread_mutex_timedlock)(mutex, &at);
    if (error == 0)
        set_holder(mutex, sm__current);
    return error == ETIMEDOUT && wait == LITTLE_NS ? EBUSY : error;
}

static int lock_as_task(pthread_mutex_t *mutex, sm_time deadline)
{
    struct os_parked *parked = os_parked_begin(mutex);
    const int error = take(mutex);

    if (error != EBUSY)
        os_parked_end(parked);
    else if (os_parked_wait(parked, deadline))
        return ETIMEDOUT;
    return error;
}

static int lock(pthread_mutex_t *mutex, sm_time deadline)
{
    int error = take(mutex);

    while (error == EBUSY) {
        const void *home = home_of(mutex);
        if (home != (const void *)sm__current->home)
            error = lock_as_thread(mutex, deadline);
        if (error == EBUSY && home && !os_parked_is_busy)
            error = lock_as_task(mutex, deadline);
    }
    return error;
}

static int unlock(pthread_mutex_t *mutex)
{
    if (home_of(mutex) && !is_mine(mutex))
        return EPERM;
    if (data_of(mutex)->__count <= 1)
        set_holder(mutex, NULL);
    const int error = SM__LIBC_REAL(pthread_mutex_unlock)(mutex);
    if (!error)
        (void)os_parked_wake(mutex, false);
    return error;
}

EXPORT int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    return is_tasks(mutex) ? lock(mutex, SM_FOREVER) : SM__LIBC_REAL(pthread_mutex_lock)(mutex);
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
    return is_tasks(mutex) ? lock(mutex, sm__libc_deadline(CLOCK_REALTIME, at))
                           : SM__LIBC_REAL(pthread_mutex_timedlock)(mutex, at);
}

EXPORT int pthread_mutex_clocklock(pthread_mutex_t *restrict mutex, clockid_t clock,
                                   const struct timespec *restrict at)
{
    return is_tasks(mutex) ? lock(mutex, sm__libc_deadline(clock, at))
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

    if (!is_mine(mutex))
        return EPERM;
    struct os_parked *parked = os_parked_begin(condition);
    for (unsigned i = depth ? depth : 1; i > 0; i--)
        (void)unlock(mutex);
    const int error = os_parked_wait(parked, at ? sm__libc_deadline(clock, at) : SM_FOREVER);
    for (unsigned i = depth ? depth : 1; i > 0; i--)
        (void)lock(mutex, SM_FOREVER);
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
