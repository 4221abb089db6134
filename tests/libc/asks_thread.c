/* SPDX-License-Identifier: MIT */
/* pthread's primitives between tasks. */
#include "asks.h"

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdlib.h>
#include <threads.h>
#include <time.h>

#define TASKS 4

static void with_tasks(sm_task_fn fn, void *arg)
{
    struct sm_task *tasks[TASKS];

    for (int i = 0; i < TASKS; i++)
        expect(sm_task_spawn(&tasks[i], "worker", fn, arg) == 0);
    for (int i = 0; i < TASKS; i++)
        expect(sm_task_join(tasks[i], NULL, SM_FOREVER) == 0);
}

struct shared {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    pthread_rwlock_t lock;
    sem_t semaphore;
    pthread_once_t once;
    pthread_key_t key;
    int inside, total, destroyed, readers;
};

static struct shared *current; /* for callbacks without an argument */

/* ---- mutexes and conditions ---- */

static int enter_and_leave(void *arg)
{
    struct shared *shared = arg;

    for (int i = 0; i < 5; i++) {
        expect(pthread_mutex_lock(&shared->mutex) == 0);
        expect(shared->inside++ == 0);
        sm_sleep(SM_MS);
        expect(pthread_mutex_trylock(&shared->mutex) != 0);
        shared->inside--;
        shared->total++;
        expect(pthread_mutex_unlock(&shared->mutex) == 0);
    }
    return 0;
}

/* A mutex is the task's that has locked it. */
static int unlock_others(void *arg)
{
    expect(pthread_mutex_unlock(arg) == EPERM && pthread_mutex_trylock(arg) == EBUSY);
    return 0;
}

/* What is recursive is so in one task; and a condition's wait lets it go as a whole. */
static int lock_twice(void *arg)
{
    static int inside;
    pthread_cond_t never = PTHREAD_COND_INITIALIZER;
    struct timespec at;

    expect(pthread_mutex_lock(arg) == 0 && inside++ == 0);
    sm_sleep(SM_MS);
    expect(pthread_mutex_lock(arg) == 0 && inside == 1);
    expect(pthread_mutex_unlock(arg) == 0);
    sm_sleep(SM_MS);
    expect(--inside == 0 && pthread_mutex_lock(arg) == 0);
    clock_gettime(CLOCK_REALTIME, &at);
    expect(pthread_cond_timedwait(&never, arg, &at) == ETIMEDOUT);
    return pthread_mutex_unlock(arg) + pthread_mutex_unlock(arg);
}

static void mutexes(void)
{
    struct shared shared = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    pthread_mutex_t recursive = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
    pthread_mutexattr_t attributes;
    pthread_mutex_t checked;
    struct timespec past = {0};

    with_tasks(enter_and_leave, &shared);
    expect(shared.total == 5 * TASKS);
    expect(pthread_mutex_lock(&recursive) == 0 && pthread_mutex_lock(&recursive) == 0);
    expect(pthread_mutex_unlock(&recursive) == 0 && pthread_mutex_unlock(&recursive) == 0);
    expect(pthread_mutexattr_init(&attributes) == 0);
    expect(pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK) == 0);
    expect(pthread_mutex_init(&checked, &attributes) == 0);
    expect(pthread_mutex_lock(&checked) == 0 && pthread_mutex_lock(&checked) == EDEADLK);
    expect(pthread_mutex_unlock(&checked) == 0 && pthread_mutex_unlock(&checked) == EPERM);
    expect(pthread_mutex_destroy(&checked) == 0);
    expect(pthread_mutex_init(&checked, NULL) == 0 && pthread_mutex_lock(&checked) == 0);
    expect(pthread_mutex_timedlock(&checked, &past) == ETIMEDOUT);
    with_tasks(unlock_others, &checked);
    expect(pthread_mutex_unlock(&checked) == 0);
    with_tasks(lock_twice, &recursive);
}

static int consume(void *arg)
{
    struct shared *shared = arg;

    pthread_mutex_lock(&shared->mutex);
    while (shared->total == 0)
        expect(pthread_cond_wait(&shared->changed, &shared->mutex) == 0);
    shared->total--;
    return pthread_mutex_unlock(&shared->mutex);
}

static int produce(void *arg)
{
    struct shared *shared = arg;

    for (int i = 0; i < TASKS; i++) {
        sm_sleep(SM_MS);
        pthread_mutex_lock(&shared->mutex);
        shared->total++;
        expect(i % 2 ? pthread_cond_broadcast(&shared->changed) == 0
                     : pthread_cond_signal(&shared->changed) == 0);
        pthread_mutex_unlock(&shared->mutex);
    }
    return 0;
}

static void conditions(void)
{
    struct shared shared = {.mutex = PTHREAD_MUTEX_INITIALIZER,
                            .changed = PTHREAD_COND_INITIALIZER};
    pthread_condattr_t attributes;
    pthread_cond_t monotonic;
    struct timespec at;

    expect(sm_task_spawn(NULL, "producer", produce, &shared) == 0);
    with_tasks(consume, &shared);
    expect(shared.total == 0);
    expect(pthread_condattr_init(&attributes) == 0);
    expect(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
    expect(pthread_cond_init(&monotonic, &attributes) == 0);
    pthread_mutex_lock(&shared.mutex);
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += 2;
    const sm_time start = sm_now();
    expect(pthread_cond_timedwait(&monotonic, &shared.mutex, &at) == ETIMEDOUT);
    expect(has_slept(sm_now() - start, 2 * SM_S));
    clock_gettime(CLOCK_REALTIME, &at);
    at.tv_sec += 1;
    expect(pthread_cond_timedwait(&shared.changed, &shared.mutex, &at) == ETIMEDOUT);
    expect(has_slept(sm_now() - start, 3 * SM_S));
    expect(pthread_mutex_unlock(&shared.mutex) == 0 && pthread_cond_destroy(&monotonic) == 0);
}

/* ---- read-write locks and semaphores ---- */

static int read_or_write(void *arg)
{
    struct shared *shared = arg;

    expect(pthread_rwlock_rdlock(&shared->lock) == 0);
    shared->readers++;
    sm_sleep(SM_MS);
    expect(shared->inside == 0);
    shared->readers--;
    expect(pthread_rwlock_unlock(&shared->lock) == 0);
    expect(pthread_rwlock_wrlock(&shared->lock) == 0);
    expect(shared->inside++ == 0 && shared->readers == 0);
    sm_sleep(SM_MS);
    shared->inside--;
    return pthread_rwlock_unlock(&shared->lock);
}

static int pass_semaphore(void *arg)
{
    struct shared *shared = arg;

    expect(sem_wait(&shared->semaphore) == 0);
    expect(++shared->inside <= 2);
    sm_sleep(SM_MS);
    shared->inside--;
    return sem_post(&shared->semaphore);
}

static void locks(void)
{
    struct shared shared = {.lock = PTHREAD_RWLOCK_INITIALIZER};
    int count;

    with_tasks(read_or_write, &shared);
    expect(sem_init(&shared.semaphore, 0, 2) == 0);
    with_tasks(pass_semaphore, &shared);
    expect(sem_getvalue(&shared.semaphore, &count) == 0 && count == 2);
    expect(sem_trywait(&shared.semaphore) == 0 && sem_wait(&shared.semaphore) == 0);
    expect(sem_trywait(&shared.semaphore) == -1 && errno == EAGAIN);
}

/* While a task writes, others wait for as long as they like. */
static int write_slowly(void *arg)
{
    struct shared *shared = arg;

    expect(pthread_rwlock_wrlock(&shared->lock) == 0);
    expect(pthread_rwlock_wrlock(&shared->lock) == EDEADLK);
    sm_sleep(50 * SM_MS);
    return pthread_rwlock_unlock(&shared->lock);
}

static void timed_locks(void)
{
    struct shared shared = {.lock = PTHREAD_RWLOCK_INITIALIZER};
    struct timespec at, later;

    expect(sm_task_spawn(NULL, "writer", write_slowly, &shared) == 0);
    sm_sleep(SM_MS);
    clock_gettime(CLOCK_REALTIME, &at);
    later = at;
    later.tv_sec += 5;
    expect(pthread_rwlock_timedrdlock(&shared.lock, &at) == ETIMEDOUT);
    expect(pthread_rwlock_timedwrlock(&shared.lock, &at) == ETIMEDOUT);
    expect(pthread_rwlock_tryrdlock(&shared.lock) == EBUSY);
    expect(pthread_rwlock_timedrdlock(&shared.lock, &later) == 0);
    expect(pthread_rwlock_trywrlock(&shared.lock) == EBUSY);
    expect(pthread_rwlock_unlock(&shared.lock) == 0);
    expect(sem_init(&shared.semaphore, 0, 0) == 0);
    expect(sem_timedwait(&shared.semaphore, &at) == -1 && errno == ETIMEDOUT);
}

/* ---- barriers and spin locks ---- */

static pthread_barrier_t barrier;
static pthread_spinlock_t spin;

static int meet(void *arg)
{
    struct shared *shared = arg;

    for (int round = 1; round <= 3; round++) {
        expect(pthread_spin_lock(&spin) == 0);
        const int before = shared->inside++;
        sm_sleep(SM_MS);
        expect(shared->inside == before + 1);
        expect(pthread_spin_unlock(&spin) == 0);
        const int met = pthread_barrier_wait(&barrier);
        expect(met == 0 || met == PTHREAD_BARRIER_SERIAL_THREAD);
        shared->total += met == PTHREAD_BARRIER_SERIAL_THREAD;
        expect(shared->inside >= round * TASKS);
    }
    return 0;
}

static void barriers(void)
{
    struct shared shared = {0};

    expect(pthread_barrier_init(&barrier, NULL, TASKS) == 0 && pthread_spin_init(&spin, 0) == 0);
    with_tasks(meet, &shared);
    expect(shared.total == 3 && pthread_barrier_destroy(&barrier) == 0);
    expect(pthread_spin_destroy(&spin) == 0);
}

/* ---- once and keys ---- */

static void slowly(void)
{
    struct shared *shared = current;

    sm_sleep(SM_MS);
    shared->total++;
}

static int initialize(void *arg)
{
    struct shared *shared = arg;

    current = shared;
    expect(pthread_once(&shared->once, slowly) == 0);
    expect(shared->total == 1);
    return 0;
}

static void once(void)
{
    struct shared shared = {.once = PTHREAD_ONCE_INIT};

    with_tasks(initialize, &shared);
    expect(shared.total == 1);
}

struct value {
    struct shared *shared;
    pthread_t self;
};

static void destroy_value(void *arg)
{
    struct value *value = arg;

    value->shared->destroyed++;
    free(value);
}

static int keep_value(void *arg)
{
    struct shared *shared = arg;
    struct value *value = malloc(sizeof *value);

    value->shared = shared;
    value->self = pthread_self();
    expect(!pthread_getspecific(shared->key));
    expect(pthread_setspecific(shared->key, value) == 0);
    sm_sleep(SM_MS);
    expect(pthread_getspecific(shared->key) == value && pthread_equal(value->self, pthread_self()));
    return sched_yield();
}

static void keys(void)
{
    struct shared shared = {0};

    expect(pthread_key_create(&shared.key, destroy_value) == 0);
    with_tasks(keep_value, &shared);
    expect(shared.destroyed == TASKS && pthread_key_delete(shared.key) == 0);
    expect(pthread_setspecific(shared.key, &shared) == EINVAL);
}

static int say_go(void *arg)
{
    *(volatile bool *)arg = true;
    return 0;
}

/* Who looks again and again, and yields, lets the others run. */
static void yields(void)
{
    volatile bool go = false;

    expect(sm_task_spawn(NULL, "sayer", say_go, (void *)&go) == 0);
    while (!go)
        expect(sched_yield() == 0);
    go = false;
    expect(sm_task_spawn(NULL, "sayer", say_go, (void *)&go) == 0);
    while (!go)
        thrd_yield();
    expect(thrd_equal(thrd_current(), thrd_current()));
}

static void c11(void)
{
    once_flag flag = ONCE_FLAG_INIT;
    struct shared shared = {0};
    mtx_t mutex;
    tss_t key;

    current = &shared;
    call_once(&flag, slowly);
    call_once(&flag, slowly);
    expect(shared.total == 1);
    expect(mtx_init(&mutex, mtx_plain) == thrd_success && mtx_lock(&mutex) == thrd_success);
    expect(mtx_trylock(&mutex) == thrd_busy && mtx_unlock(&mutex) == thrd_success);
    expect(tss_create(&key, NULL) == thrd_success && tss_set(key, &shared) == thrd_success);
    expect(tss_get(key) == &shared);
}

const struct question thread_questions[] = {
    {"mutexes", mutexes},   {"conditions", conditions},
    {"locks", locks},       {"once", once},
    {"keys", keys},         {"c11", c11},
    {"yields", yields},     {"timed_locks", timed_locks},
    {"barriers", barriers}, {NULL, NULL},
};
