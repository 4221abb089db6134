/* SPDX-License-Identifier: MIT */
/* pthread's read-write locks, spin locks and barriers, and POSIX semaphores. */
#include "sim/libc/libc.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>

#define EXPORT SM__LIBC_EXPORT

/* ---- read-write locks: zero is free, as libc's initializer leaves it ---- */

struct rwlock {
    uint32_t readers, writer; /* writer: the task's number; 0: none */
};

static struct rwlock *rwlock_of(pthread_rwlock_t *lock)
{
    return (struct rwlock *)(void *)lock;
}

static bool rwlock_take(struct rwlock *lock, bool to_write)
{
    if (lock->writer || (to_write && lock->readers))
        return false;
    if (to_write)
        lock->writer = sm__current->id;
    else
        lock->readers++;
    return true;
}

static int rwlock_lock(struct rwlock *lock, bool to_write, sm_time deadline)
{
    if (lock->writer == sm__current->id)
        return EDEADLK;
    while (!rwlock_take(lock, to_write)) {
        if (sim_libc_queue_wait(lock, deadline) == -ETIMEDOUT)
            return ETIMEDOUT;
    }
    return 0;
}

EXPORT int pthread_rwlock_rdlock(pthread_rwlock_t *lock)
{
    return sim_libc_inside() ? rwlock_lock(rwlock_of(lock), false, SM_FOREVER)
                             : SM__LIBC_REAL(pthread_rwlock_rdlock)(lock);
}

EXPORT int pthread_rwlock_wrlock(pthread_rwlock_t *lock)
{
    return sim_libc_inside() ? rwlock_lock(rwlock_of(lock), true, SM_FOREVER)
                             : SM__LIBC_REAL(pthread_rwlock_wrlock)(lock);
}

#define TIMED_LOCK(name, to_write)                                                         \
    EXPORT int name(pthread_rwlock_t *restrict lock, const struct timespec *restrict time) \
    {                                                                                      \
        return sim_libc_inside() ? rwlock_lock(rwlock_of(lock), to_write,                  \
                                               sm__libc_deadline(CLOCK_REALTIME, time))    \
                                 : SM__LIBC_REAL(name)(lock, time);                        \
    }

TIMED_LOCK(pthread_rwlock_timedrdlock, false)
TIMED_LOCK(pthread_rwlock_timedwrlock, true)

EXPORT int pthread_rwlock_tryrdlock(pthread_rwlock_t *lock)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(pthread_rwlock_tryrdlock)(lock);
    return rwlock_take(rwlock_of(lock), false) ? 0 : EBUSY;
}

EXPORT int pthread_rwlock_trywrlock(pthread_rwlock_t *lock)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(pthread_rwlock_trywrlock)(lock);
    return rwlock_take(rwlock_of(lock), true) ? 0 : EBUSY;
}

EXPORT int pthread_rwlock_unlock(pthread_rwlock_t *lock)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(pthread_rwlock_unlock)(lock);
    struct rwlock *own = rwlock_of(lock);
    if (own->writer)
        own->writer = 0;
    else if (own->readers)
        own->readers--;
    else
        return EPERM;
    if (!own->readers)
        sim_libc_queue_wake(own, true);
    return 0;
}

/* ---- semaphores: libc's count is the first word of sem_t ---- */

static int semaphore_wait(sem_t *semaphore, sm_time deadline)
{
    uint32_t *count = (uint32_t *)(void *)semaphore;

    while (*count == 0) {
        if (sim_libc_queue_wait(semaphore, deadline) == -ETIMEDOUT)
            return sm__libc_error(ETIMEDOUT);
    }
    --*count;
    return 0;
}

EXPORT int sem_init(sem_t *semaphore, int shared, unsigned count)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(sem_init)(semaphore, shared, count);
    *(uint32_t *)(void *)semaphore = count;
    return 0;
}

EXPORT int sem_wait(sem_t *semaphore)
{
    return sim_libc_inside() ? semaphore_wait(semaphore, SM_FOREVER)
                             : SM__LIBC_REAL(sem_wait)(semaphore);
}

EXPORT int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict time)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(sem_timedwait)(semaphore, time);
    return semaphore_wait(semaphore, sm__libc_deadline(CLOCK_REALTIME, time));
}

EXPORT int sem_trywait(sem_t *semaphore)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(sem_trywait)(semaphore);
    uint32_t *count = (uint32_t *)(void *)semaphore;
    if (*count == 0)
        return sm__libc_error(EAGAIN);
    --*count;
    return 0;
}

EXPORT int sem_post(sem_t *semaphore)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(sem_post)(semaphore);
    ++*(uint32_t *)(void *)semaphore;
    sim_libc_queue_wake(semaphore, false);
    return 0;
}

EXPORT int sem_getvalue(sem_t *restrict semaphore, int *restrict out)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(sem_getvalue)(semaphore, out);
    *out = *(int *)(void *)semaphore;
    return 0;
}

/* ---- spin locks ---- */

EXPORT int pthread_spin_lock(pthread_spinlock_t *lock)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(pthread_spin_lock)(lock);
    while (pthread_spin_trylock(lock))
        (void)sim_libc_queue_wait((const void *)(uintptr_t)lock, SM_FOREVER);
    return 0;
}

EXPORT int pthread_spin_unlock(pthread_spinlock_t *lock)
{
    const int error = SM__LIBC_REAL(pthread_spin_unlock)(lock);

    if (sim_libc_inside())
        sim_libc_queue_wake((const void *)(uintptr_t)lock, false);
    return error;
}

/* ---- barriers: `in` and `round` begin as zeros, as libc has it ---- */

static int barrier_wait(struct sm__libc_barrier *barrier)
{
    const uint32_t round = barrier->round;

    if (++barrier->in == barrier->count) {
        barrier->in = 0;
        barrier->round++;
        sim_libc_queue_wake(barrier, true);
        return PTHREAD_BARRIER_SERIAL_THREAD;
    }
    while (barrier->round == round)
        (void)sim_libc_queue_wait(barrier, SM_FOREVER);
    return 0;
}

EXPORT int pthread_barrier_wait(pthread_barrier_t *barrier)
{
    return sim_libc_inside() ? barrier_wait((struct sm__libc_barrier *)(void *)barrier)
                             : SM__LIBC_REAL(pthread_barrier_wait)(barrier);
}
