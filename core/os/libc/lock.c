/* SPDX-License-Identifier: MIT */
/*
 * Read-write locks, semaphores, barriers and spin locks. A task tries, and parks where it would
 * have to wait, whoever holds the lock.
 */
#include "core/os/libc/park.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <unistd.h>

#define EXPORT SM__LIBC_EXPORT

/* Until try(object) is 0 or an error that waiting does not mend. */
static int wait_until(int (*try)(void *object), void *object, int busy, sm_time deadline)
{
    int error = try(object);

    while (error == busy) {
        struct os_parked *parked = os_parked_begin(object);
        error = try(object);
        if (error != busy)
            os_parked_end(parked);
        else if (os_parked_wait(parked, deadline))
            return ETIMEDOUT;
    }
    return error;
}

/* ---- read-write locks: the writing task's number is in words that libc leaves zero ---- */

static void set_writer(pthread_rwlock_t *lock, uint32_t task)
{
    __atomic_store_n(&lock->__data.__pad3, task, __ATOMIC_RELAXED);
}

/* The number is one of this worker's only if its thread holds the lock. */
static bool is_writer(pthread_rwlock_t *lock)
{
    return __atomic_load_n(&lock->__data.__pad3, __ATOMIC_RELAXED) == sm__current->id &&
           __atomic_load_n(&lock->__data.__cur_writer, __ATOMIC_RELAXED) == gettid();
}

static int try_read(void *lock)
{
    return SM__LIBC_REAL(pthread_rwlock_tryrdlock)(lock);
}

static int try_write(void *lock)
{
    const int error = SM__LIBC_REAL(pthread_rwlock_trywrlock)(lock);

    if (!error)
        set_writer(lock, sm__current->id);
    return error;
}

static int lock_rwlock(pthread_rwlock_t *lock, int (*try)(void *lock), sm_time deadline)
{
    if (is_writer(lock))
        return EDEADLK;
    return wait_until(try, lock, EBUSY, deadline);
}

EXPORT int pthread_rwlock_rdlock(pthread_rwlock_t *lock)
{
    return sm__current ? lock_rwlock(lock, try_read, SM_FOREVER)
                       : SM__LIBC_REAL(pthread_rwlock_rdlock)(lock);
}

EXPORT int pthread_rwlock_wrlock(pthread_rwlock_t *lock)
{
    return sm__current ? lock_rwlock(lock, try_write, SM_FOREVER)
                       : SM__LIBC_REAL(pthread_rwlock_wrlock)(lock);
}

EXPORT int pthread_rwlock_timedrdlock(pthread_rwlock_t *restrict lock,
                                      const struct timespec *restrict at)
{
    return sm__current ? lock_rwlock(lock, try_read, sm__libc_deadline(CLOCK_REALTIME, at))
                       : SM__LIBC_REAL(pthread_rwlock_timedrdlock)(lock, at);
}

EXPORT int pthread_rwlock_timedwrlock(pthread_rwlock_t *restrict lock,
                                      const struct timespec *restrict at)
{
    return sm__current ? lock_rwlock(lock, try_write, sm__libc_deadline(CLOCK_REALTIME, at))
                       : SM__LIBC_REAL(pthread_rwlock_timedwrlock)(lock, at);
}

EXPORT int pthread_rwlock_trywrlock(pthread_rwlock_t *lock)
{
    return sm__current ? try_write(lock) : SM__LIBC_REAL(pthread_rwlock_trywrlock)(lock);
}

EXPORT int pthread_rwlock_unlock(pthread_rwlock_t *lock)
{
    if (sm__current && is_writer(lock))
        set_writer(lock, 0);
    const int error = SM__LIBC_REAL(pthread_rwlock_unlock)(lock);
    if (!error)
        (void)os_parked_wake(lock, true);
    return error;
}

/* ---- semaphores ---- */

static int try_semaphore(void *semaphore)
{
    return SM__LIBC_REAL(sem_trywait)(semaphore) ? errno : 0;
}

static int wait_semaphore(sem_t *semaphore, sm_time deadline)
{
    const int error = wait_until(try_semaphore, semaphore, EAGAIN, deadline);

    return error ? sm__libc_error(error) : 0;
}

EXPORT int sem_wait(sem_t *semaphore)
{
    return sm__current ? wait_semaphore(semaphore, SM_FOREVER) : SM__LIBC_REAL(sem_wait)(semaphore);
}

EXPORT int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict at)
{
    return sm__current ? wait_semaphore(semaphore, sm__libc_deadline(CLOCK_REALTIME, at))
                       : SM__LIBC_REAL(sem_timedwait)(semaphore, at);
}

EXPORT int sem_post(sem_t *semaphore)
{
    const int error = SM__LIBC_REAL(sem_post)(semaphore);

    if (!error)
        (void)os_parked_wake(semaphore, false);
    return error;
}

/* ---- spin locks ---- */

static int try_spin(void *lock)
{
    return SM__LIBC_REAL(pthread_spin_trylock)(lock);
}

EXPORT int pthread_spin_lock(pthread_spinlock_t *lock)
{
    return sm__current ? wait_until(try_spin, (void *)(uintptr_t)lock, EBUSY, SM_FOREVER)
                       : SM__LIBC_REAL(pthread_spin_lock)(lock);
}

EXPORT int pthread_spin_unlock(pthread_spinlock_t *lock)
{
    const int error = SM__LIBC_REAL(pthread_spin_unlock)(lock);

    (void)os_parked_wake((void *)(uintptr_t)lock, true);
    return error;
}

/* ---- barriers: of tasks alone, or of threads alone ---- */

static int wait_barrier(struct sm__libc_barrier *barrier)
{
    const uint32_t round = __atomic_load_n(&barrier->round, __ATOMIC_ACQUIRE);

    if (__atomic_add_fetch(&barrier->in, 1, __ATOMIC_ACQ_REL) == barrier->count) {
        barrier->in = 0;
        __atomic_store_n(&barrier->round, round + 1, __ATOMIC_RELEASE);
        (void)os_parked_wake(barrier, true);
        return PTHREAD_BARRIER_SERIAL_THREAD;
    }
    for (;;) {
        struct os_parked *parked = os_parked_begin(barrier);
        if (__atomic_load_n(&barrier->round, __ATOMIC_ACQUIRE) != round) {
            os_parked_end(parked);
            return 0;
        }
        (void)os_parked_wait(parked, SM_FOREVER);
    }
}

EXPORT int pthread_barrier_wait(pthread_barrier_t *barrier)
{
    return sm__current ? wait_barrier((struct sm__libc_barrier *)(void *)barrier)
                       : SM__LIBC_REAL(pthread_barrier_wait)(barrier);
}
