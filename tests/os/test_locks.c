/* SPDX-License-Identifier: MIT */
/* pthread's locks between tasks of one worker, of several, and threads that have no tasks. */
#include "tests/os/team.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#define CHILDREN 4
#define TASKS    3 /* per child */
#define ROUNDS   10

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static sem_t semaphore;
static int inside, total;
static atomic_int ended;
static sm_task_fn work;

/* ---- children on all workers, whose daemons do the work ---- */

static int worker_run(void *self)
{
    struct sm_task *tasks[TASKS];

    (void)self;
    for (int i = 0; i < TASKS; i++)
        ck_assert_int_eq(sm_task_spawn(&tasks[i], "t", work, NULL), 0);
    for (int i = 0; i < TASKS; i++)
        ck_assert_int_eq(sm_task_join(tasks[i], NULL, SM_FOREVER), 0);
    atomic_fetch_add(&ended, 1);
    return 0;
}

static const struct sm_daemon_type worker_daemon = {.size_bytes = sizeof(struct sm_daemon_type),
                                                    .name = "worker",
                                                    .flags = SM_DAEMON_REENTRANT,
                                                    .instance_bytes = 8,
                                                    .run = worker_run};

static struct sm_factory *start_child(int number)
{
    struct sm_factory *child;
    char name[16];
    void *instance;

    snprintf(name, sizeof name, "c%d", number);
    ck_assert_int_eq(sm_factory_create(&child, machine, name), 0);
    ck_assert_int_eq(sm_factory_get(child, &worker_daemon, &instance), 0);
    ck_assert_int_eq(sm_factory_start(child, SOON), 0);
    return child;
}

static void everywhere(sm_task_fn fn)
{
    work = fn;
    atomic_store(&ended, 0);
    for (int i = 0; i < CHILDREN; i++)
        start_child(i);
    while (atomic_load(&ended) < CHILDREN)
        sm_sleep(SM_MS);
}

/* ---- mutexes ---- */

static int enter(void *unused)
{
    (void)unused;
    for (int i = 0; i < ROUNDS; i++) {
        ck_assert_int_eq(pthread_mutex_lock(&mutex), 0);
        ck_assert_int_eq(inside++, 0);
        if (i % 3 == 0)
            sm_sleep(SM_MS / 2);
        inside--;
        total++;
        ck_assert_int_eq(pthread_mutex_unlock(&mutex), 0);
    }
    return 0;
}

static void enter_body(void)
{
    everywhere(enter);
    ck_assert_int_eq(total, CHILDREN * TASKS * ROUNDS);
}

/* One at a time, whoever holds it sleeps, on its own worker or on another. */
START_TEST(one_at_a_time)
{
    run_spread(enter_body);
}
END_TEST

static int wait_for_mutex(void *unused)
{
    struct timespec now;

    (void)unused;
    clock_gettime(CLOCK_REALTIME, &now);
    ck_assert_int_eq(pthread_mutex_timedlock(&mutex, &now), ETIMEDOUT);
    ck_assert_int_eq(pthread_mutex_trylock(&mutex), EBUSY);
    ck_assert_int_eq(pthread_mutex_unlock(&mutex), EPERM);
    atomic_fetch_add(&ended, 1);
    ck_assert_int_eq(pthread_mutex_lock(&mutex), 0);
    return pthread_mutex_unlock(&mutex);
}

static int answer(void *unused)
{
    (void)unused;
    return (int)here();
}

static void call_body(void)
{
    ck_assert_int_eq(pthread_mutex_lock(&mutex), 0);
    work = wait_for_mutex;
    struct sm_factory *child = start_child(0);
    while (home_of(child) == 0)
        child = start_child(1);
    while (atomic_load(&ended) < TASKS)
        sm_sleep(SM_MS);
    sm_sleep(50 * SM_MS);
    ck_assert_int_eq(sm_call(child, answer, NULL), (int)home_of(child));
    ck_assert_int_eq(pthread_mutex_unlock(&mutex), 0);
    while (atomic_load(&ended) < TASKS + 1)
        sm_sleep(SM_MS);
}

/* Who holds a mutex may ask another worker for something, although its tasks wait for the mutex. */
START_TEST(workers_do_not_wait_for_each_other)
{
    run_spread(call_body);
}
END_TEST

/* ---- what other threads wake ---- */

static void *thread_main(void *unused)
{
    usleep(5000);
    pthread_mutex_lock(&mutex);
    total = 1;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
    for (int i = 0; i < CHILDREN * TASKS; i++)
        sem_post(&semaphore);
    return unused;
}

static int wait_for_thread(void *unused)
{
    (void)unused;
    ck_assert_int_eq(pthread_mutex_lock(&mutex), 0);
    while (total == 0)
        ck_assert_int_eq(pthread_cond_wait(&changed, &mutex), 0);
    ck_assert_int_eq(pthread_mutex_unlock(&mutex), 0);
    return sem_wait(&semaphore);
}

static void thread_body(void)
{
    pthread_t thread;

    sem_init(&semaphore, 0, 0);
    ck_assert_int_eq(pthread_create(&thread, NULL, thread_main, NULL), 0);
    everywhere(wait_for_thread);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
}

/* Tasks on all workers wait for a thread that has none. */
START_TEST(threads_wake_tasks)
{
    run_spread(thread_body);
}
END_TEST

static int wait_for_ever(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&mutex);
    atomic_fetch_add(&ended, 1);
    return pthread_cond_wait(&changed, &mutex);
}

static int boot(void *unused)
{
    (void)unused;
    ck_assert_int_eq(sm_task_spawn(NULL, "t", wait_for_ever, NULL), 0);
    while (atomic_load(&ended) == 0)
        sm_sleep(SM_MS);
    os_worker_quit(os_worker_of(sm__current->home));
    return 0;
}

/* A task that is dropped while it waits is woken by nobody: neither it nor its worker is there. */
START_TEST(dropped_tasks_are_forgotten)
{
    struct os_worker *worker;

    ck_assert_int_eq(os_worker_create(&worker, &(struct os_worker_options){.name = "w"}), 0);
    ck_assert_int_eq(os_worker_spawn(worker, "boot", boot, NULL), 0);
    ck_assert_uint_eq(os_worker_run(worker), 1);
    os_worker_destroy(worker);
    ck_assert_int_eq(pthread_cond_broadcast(&changed), 0);
}
END_TEST

SUITE_MAIN("locks", one_at_a_time, workers_do_not_wait_for_each_other, threads_wake_tasks,
           dropped_tasks_are_forgotten)
