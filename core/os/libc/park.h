/* SPDX-License-Identifier: MIT */
/*
 * pthread's locks between tasks of production. A lock stays libc's own: a task tries it, and only
 * where a thread would have to wait for itself, or would keep other tasks from running, the task
 * parks until the lock is let go. So threads without tasks, such as libuv's, share them as ever.
 *
 *   park.c  who waits           mutex.c  mutexes, conditions
 *   lock.c  read-write locks, semaphores, barriers, spin locks
 *   once.c  once, and what core/libc asks of a world
 *
 * A program that is linked statically has no libc behind these names: there, pthread's locks are
 * those of threads.
 *
 * These waits are not cancelled: no pthread call can say that it was.
 */
#ifndef STEELMILL_CORE_OS_LIBC_PARK_H
#define STEELMILL_CORE_OS_LIBC_PARK_H

#include "core/libc/libc.h"
#include "core/os/worker.h"

/*
 * Somebody who waits for an object of libc's, by its address. From os_parked_begin, which is called
 * in a task before it looks at the object for the last time, no wake is lost.
 */
struct os_parked;
struct os_parked *os_parked_begin(const void *address);
/* Parks until the first wake. Returns 0, -ETIMEDOUT. `parked` is gone. */
int os_parked_wait(struct os_parked *parked, sm_time deadline);
/* It need not wait any more. A wake that it has got is handed on. */
void os_parked_end(struct os_parked *parked);

/* The calling thread is waking somebody up, and must not park. */
extern __thread bool os_parked_is_busy;
/* How many wait: those who wake nobody need no lock. */
extern _Atomic uint32_t os_parked_count;
/* Wakes the first, or all, who wait for it on any worker. From any thread. False: nobody does. */
bool os_parked_wake_any(const void *address, bool all);
SM__LIBC_BARE static inline bool os_parked_wake(const void *address, bool all)
{
    return os_parked_count > 0 && os_parked_wake_any(address, all);
}
/* Forgets all that have waited on a worker whose tasks are gone. */
void os_parked_forget(struct os_worker *worker);

#endif
