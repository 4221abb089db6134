/* SPDX-License-Identifier: MIT */
/* C11's names: libc has its objects in the same memory as pthread's. */
#include "core/libc/libc.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <threads.h>

#define EXPORT SM__LIBC_EXPORT

static int c11_of(int error)
{
    return error == 0           ? thrd_success
           : error == EBUSY     ? thrd_busy
           : error == ETIMEDOUT ? thrd_timedout
                                : thrd_error;
}

#define MUTEX(m)     ((pthread_mutex_t *)(void *)(m))
#define CONDITION(c) ((pthread_cond_t *)(void *)(c))

EXPORT int mtx_lock(mtx_t *mutex)
{
    return c11_of(pthread_mutex_lock(MUTEX(mutex)));
}

EXPORT int mtx_trylock(mtx_t *mutex)
{
    return c11_of(pthread_mutex_trylock(MUTEX(mutex)));
}

EXPORT int mtx_timedlock(mtx_t *restrict mutex, const struct timespec *restrict time)
{
    return c11_of(pthread_mutex_timedlock(MUTEX(mutex), time));
}

EXPORT int mtx_unlock(mtx_t *mutex)
{
    return c11_of(pthread_mutex_unlock(MUTEX(mutex)));
}

EXPORT int cnd_wait(cnd_t *condition, mtx_t *mutex)
{
    return c11_of(pthread_cond_wait(CONDITION(condition), MUTEX(mutex)));
}

EXPORT int cnd_timedwait(cnd_t *restrict condition, mtx_t *restrict mutex,
                         const struct timespec *restrict time)
{
    return c11_of(pthread_cond_timedwait(CONDITION(condition), MUTEX(mutex), time));
}

EXPORT int cnd_signal(cnd_t *condition)
{
    return c11_of(pthread_cond_signal(CONDITION(condition)));
}

EXPORT int cnd_broadcast(cnd_t *condition)
{
    return c11_of(pthread_cond_broadcast(CONDITION(condition)));
}

EXPORT void call_once(once_flag *once, void (*function)(void))
{
    (void)pthread_once((pthread_once_t *)(void *)once, function);
}

EXPORT int thrd_sleep(const struct timespec *duration, struct timespec *left)
{
    const int error = clock_nanosleep(CLOCK_REALTIME, 0, duration, left);

    return error == 0 ? 0 : error == EINTR ? -1 : -2;
}

EXPORT void thrd_yield(void)
{
    (void)sched_yield();
}

EXPORT thrd_t thrd_current(void)
{
    return pthread_self();
}

EXPORT int tss_create(tss_t *key, tss_dtor_t destructor)
{
    return c11_of(pthread_key_create(key, destructor));
}

EXPORT void tss_delete(tss_t key)
{
    (void)pthread_key_delete(key);
}

EXPORT void *tss_get(tss_t key)
{
    return pthread_getspecific(key);
}

EXPORT int tss_set(tss_t key, void *value)
{
    return c11_of(pthread_setspecific(key, value));
}
