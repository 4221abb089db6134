/* SPDX-License-Identifier: MIT */
/*
 * pthread's mutexes, conditions, read-write locks and semaphores between tasks. They keep their
 * state in the daemon's own memory, zero where unused, as libc's initializers leave it. Tasks that
 * wait are queued by the object's address, in the host's memory.
 *
 * Cancellation does not reach these waits: no pthread call can say that it was.
 */
#include "sim/libc/libc.h"

#include "sim/host.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#define EXPORT SM__LIBC_EXPORT

/* ---- queues ---- */

struct sim_libc_queue {
    struct sim_libc_queue *next;
    const void *address;
    struct sm_waitable waitable;
    uint32_t waiters;
};

static uint32_t never_ready(struct sm_waitable *self, uint32_t interest)
{
    (void)self, (void)interest;
    return 0;
}

static struct sim_libc_queue **find_queue(struct sim_libc *libc, const void *address)
{
    struct sim_libc_queue **link = &libc->queues;

    while (*link && (*link)->address != address)
        link = &(*link)->next;
    return link;
}

static struct sim_libc_queue *make_queue(struct sim_libc_queue **link, const void *address)
{
    struct sim_libc_queue *queue = sim_host_alloc(sizeof *queue);

    queue->address = address;
    sm__waitable_init(&queue->waitable, never_ready);
    return *link = queue;
}

int sim_libc_queue_wait(const void *address, sm_time deadline)
{
    struct sim_libc *libc = sim_libc_here();
    struct sim_libc_queue **link = find_queue(libc, address);
    struct sim_libc_queue *queue = *link ? *link : make_queue(link, address);
    const bool shielded = sm__current->shielded;

    queue->waiters++;
    sm__current->shielded = true;
    const int error = sm__wait(&queue->waitable, true, deadline);
    sm__current->shielded = shielded;
    if (--queue->waiters == 0) {
        link = find_queue(libc, address);
        *link = queue->next;
        sim_host_free(queue);
    }
    return error;
}

void sim_libc_queue_wake(const void *address, bool all)
{
    struct sim_libc_queue *queue = *find_queue(sim_libc_here(), address);

    if (!queue)
        return;
    if (all)
        sm__wake_all(&queue->waitable);
    else
        sm__wake_one(&queue->waitable);
}

void sim_libc_queue_finish(struct sim_libc *libc)
{
    while (libc->queues) {
        struct sim_libc_queue *queue = libc->queues;
        libc->queues = queue->next;
        sim_host_free(queue);
    }
}

/* ---- mutexes ---- */

/* Over pthread_mutex_t: `kind` lies where libc's initializers put it. */
struct mutex {
    uint32_t depth; /* 0: free */
    uint32_t owner; /* the task's number */
    uint32_t waiters, unused;
    int kind;
};
_Static_assert(offsetof(struct mutex, kind) == offsetof(pthread_mutex_t, __data.__kind),
               "the kind of a mutex is where libc has it");

static int mutex_take(struct mutex *mutex)
{
    const uint32_t self = sm__current->id;
    const int kind = mutex->kind & 3;

    if (mutex->depth == 0) {
        mutex->owner = self;
        mutex->depth = 1;
        return 0;
    }
    if (mutex->owner != self)
        return EBUSY;
    if (kind == PTHREAD_MUTEX_ERRORCHECK)
        return EDEADLK;
    if (kind != PTHREAD_MUTEX_RECURSIVE)
        return EBUSY;
    mutex->depth++;
    return 0;
}

static int mutex_lock(struct mutex *mutex, sm_time deadline)
{
    int error = mutex_take(mutex);

    while (error == EBUSY) {
        mutex->waiters++;
        const int waited = sim_libc_queue_wait(mutex, deadline);
        mutex->waiters--;
        if (waited == -ETIMEDOUT)
            return ETIMEDOUT;
        error = mutex_take(mutex);
    }
    return error;
}

static int mutex_unlock(struct mutex *mutex)
{
    if (mutex->depth == 0 || mutex->owner != sm__current->id)
        return EPERM;
    if (--mutex->depth == 0 && mutex->waiters > 0)
        sim_libc_queue_wake(mutex, false);
    return 0;
}

static struct mutex *mutex_of(pthread_mutex_t *mutex)
{
    return (struct mutex *)(void *)mutex;
}

EXPORT int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    return sim_libc_inside() ? mutex_lock(mutex_of(mutex), SM_FOREVER)
                             : SM__LIBC_REAL(pthread_mutex_lock)(mutex);
}

EXPORT int pthread_mutex_trylock(pthread_mutex_t *mutex)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(pthread_mutex_trylock)(mutex);
    const int error = mutex_take(mutex_of(mutex));
    return error == EDEADLK ? EBUSY : error;
}

EXPORT int pthread_mutex_timedlock(pthread_mutex_t *restrict mutex,
                                   const struct timespec *restrict time)
{
    return sim_libc_inside() ? mutex_lock(mutex_of(mutex), sm__libc_deadline(CLOCK_REALTIME, time))
                             : SM__LIBC_REAL(pthread_mutex_timedlock)(mutex, time);
}

EXPORT int pthread_mutex_clocklock(pthread_mutex_t *restrict mutex, clockid_t clock,
                                   const struct timespec *restrict time)
{
    return sim_libc_inside() ? mutex_lock(mutex_of(mutex), sm__libc_deadline(clock, time))
                             : SM__LIBC_REAL(pthread_mutex_clocklock)(mutex, clock, time);
}

EXPORT int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    return sim_libc_inside() ? mutex_unlock(mutex_of(mutex))
                             : SM__LIBC_REAL(pthread_mutex_unlock)(mutex);
}

EXPORT int pthread_mutex_destroy(pthread_mutex_t *mutex)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(pthread_mutex_destroy)(mutex);
    return mutex_of(mutex)->depth ? EBUSY : 0;
}

/* ---- conditions ---- */

/* Over pthread_cond_t. */
struct condition {
    uint32_t clock; /* CLOCK_REALTIME is 0 */
};

static struct condition *condition_of(pthread_cond_t *condition)
{
    return (struct condition *)(void *)condition;
}

static int condition_wait(struct condition *condition, struct mutex *mutex, sm_time deadline)
{
    const uint32_t depth = mutex->depth;

    if (depth == 0 || mutex->owner != sm__current->id)
        return EPERM;
    mutex->depth = 1;
    (void)mutex_unlock(mutex);
    const int error = sim_libc_queue_wait(condition, deadline);
    (void)mutex_lock(mutex, SM_FOREVER);
    mutex->depth = depth;
    return error == -ETIMEDOUT ? ETIMEDOUT : 0;
}

EXPORT int pthread_cond_init(pthread_cond_t *restrict condition,
                             const pthread_condattr_t *restrict attributes)
{
    clockid_t clock = CLOCK_REALTIME;

    if (!sim_libc_inside())
        return SM__LIBC_REAL(pthread_cond_init)(condition, attributes);
    if (attributes)
        pthread_condattr_getclock(attributes, &clock);
    memset(condition, 0, sizeof *condition);
    condition_of(condition)->clock = (uint32_t)clock;
    return 0;
}

EXPORT int pthread_cond_destroy(pthread_cond_t *condition)
{
    return sim_libc_inside() ? 0 : SM__LIBC_REAL(pthread_cond_destroy)(condition);
}

EXPORT int pthread_cond_wait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex)
{
    return sim_libc_inside() ? condition_wait(condition_of(condition), mutex_of(mutex), SM_FOREVER)
                             : SM__LIBC_REAL(pthread_cond_wait)(condition, mutex);
}

EXPORT int pthread_cond_timedwait(pthread_cond_t *restrict condition,
                                  pthread_mutex_t *restrict mutex,
                                  const struct timespec *restrict time)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(pthread_cond_timedwait)(condition, mutex, time);
    struct condition *own = condition_of(condition);
    return condition_wait(own, mutex_of(mutex), sm__libc_deadline((clockid_t)own->clock, time));
}

EXPORT int pthread_cond_clockwait(pthread_cond_t *restrict condition,
                                  pthread_mutex_t *restrict mutex, clockid_t clock,
                                  const struct timespec *restrict time)
{
    return sim_libc_inside() ? condition_wait(condition_of(condition), mutex_of(mutex),
                                              sm__libc_deadline(clock, time))
                             : SM__LIBC_REAL(pthread_cond_clockwait)(condition, mutex, clock, time);
}

EXPORT int pthread_cond_signal(pthread_cond_t *condition)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(pthread_cond_signal)(condition);
    sim_libc_queue_wake(condition, false);
    return 0;
}

EXPORT int pthread_cond_broadcast(pthread_cond_t *condition)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(pthread_cond_broadcast)(condition);
    sim_libc_queue_wake(condition, true);
    return 0;
}
