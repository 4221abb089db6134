/* SPDX-License-Identifier: MIT */
/* Calls between workers: each worker is a thread, and what lives on one is used by that one only.
 */
#include "core/factory.h"
#include "core/os/worker.h"
#include "tests/suite.h"

#include <steelmill/steelmill.h>

#include <errno.h>
#include <stdatomic.h>

#define WORKERS 2
#define CALLERS 4 /* on each worker */
#define CALLS   500

static struct os_worker *workers[WORKERS];
static struct sm_factory *callee; /* lives on the first */
static atomic_int callers_left;
static unsigned long counter; /* not atomic: the callee's */
static pthread_t callee_thread;

static void *worker_main(void *worker)
{
    os_worker_run(worker);
    return NULL;
}

static void quit(void *worker)
{
    os_worker_quit(worker);
}

/* Runs `fn` in tasks of all workers, until the last one has ended. */
static void run_everywhere(sm_task_fn fn, int tasks_each)
{
    pthread_t threads[WORKERS];

    callers_left = WORKERS * tasks_each;
    for (int i = 0; i < WORKERS; i++)
        ck_assert_int_eq(os_worker_create(&workers[i], &(struct os_worker_options){.name = "w"}),
                         0);
    ck_assert_int_eq(sm__factory_create_as(&callee, NULL, "factory", "callee", &workers[0]->home),
                     0);
    for (int i = 0; i < WORKERS; i++) {
        for (int j = 0; j < tasks_each; j++)
            ck_assert_int_eq(os_worker_spawn(workers[i], "caller", fn, workers[i]), 0);
    }
    for (int i = 0; i < WORKERS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, worker_main, workers[i]), 0);
    for (int i = WORKERS - 1; i >= 0; i--)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < WORKERS; i++)
        os_worker_destroy(workers[i]);
}

/* At the end of a caller. */
static void ended(void)
{
    if (atomic_fetch_sub(&callers_left, 1) > 1)
        return;
    for (int i = 0; i < WORKERS; i++)
        ck_assert_int_eq(os_worker_post(workers[i], quit, workers[i]), 0);
}

/* ---- one thread at a time ---- */

static int adds(void *arg)
{
    const unsigned long before = counter;

    if (before == 0)
        callee_thread = pthread_self();
    ck_assert(pthread_equal(callee_thread, pthread_self()));
    ck_assert_ptr_eq(sm_factory_self(), callee);
    counter = before + *(const unsigned *)arg;
    return (int)*(const unsigned *)arg;
}

static int calls_often(void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < CALLS; i++) {
        const unsigned by = 1 + i % 3;
        ck_assert_int_eq(sm_call(callee, adds, (void *)(uintptr_t)&by), (int)by);
    }
    ended();
    return 0;
}

/* Calls from two workers run on the callee's alone, and each is answered by its own result. */
START_TEST(one_thread)
{
    unsigned long expected = 0;

    for (unsigned i = 0; i < CALLS; i++)
        expected += 1 + i % 3;
    run_everywhere(calls_often, CALLERS);
    ck_assert_uint_eq(counter, expected * WORKERS * CALLERS);
}
END_TEST

/* ---- cancellation ---- */

static atomic_int waiting;

static int waits(void *arg)
{
    *(int *)arg = 1; /* on the caller's stack, for as long as this runs */
    atomic_fetch_add(&waiting, 1);
    const int error = sm_sleep_until(SM_FOREVER);
    *(int *)arg = 2;
    return error == -ECANCELED ? 5 : 6;
}

static int calls_and_waits(void *arg)
{
    int seen = 0;

    (void)arg;
    const int result = sm_call(callee, waits, &seen);
    ck_assert_int_eq(seen, 2);
    return result;
}

static int cancels_its_call(void *arg)
{
    struct sm_task *task;
    int result = 0;

    (void)arg;
    ck_assert_int_eq(sm_task_spawn(&task, "calls", calls_and_waits, NULL), 0);
    while (atomic_load(&waiting) < WORKERS)
        sm_sleep(SM_MS);
    sm_task_cancel(task);
    ck_assert_int_eq(sm_task_join(task, &result, SM_FOREVER), 0);
    ck_assert_int_eq(result, 5);
    ended();
    return 0;
}

/* A caller that is cancelled cancels what runs for it on the other worker, and waits for that. */
START_TEST(cancelled)
{
    run_everywhere(cancels_its_call, 1);
}
END_TEST

static int calls_until_it_stops(void *worker)
{
    if (worker == workers[0]) { /* which stops the callee, once the other's call waits */
        while (atomic_load(&waiting) < 1)
            sm_sleep(SM_MS);
        ck_assert_int_eq(sm_factory_stop(callee, sm_now() + SM_S), 0);
        atomic_fetch_add(&waiting, 1);
    } else {
        ck_assert_int_eq(calls_and_waits(NULL), 5);
        while (atomic_load(&waiting) < 2)
            sm_sleep(SM_MS);
        ck_assert_int_eq(sm_call(callee, waits, NULL), -ECANCELED);
    }
    ended();
    return 0;
}

/* A factory that stops ends the calls that other workers have in it, and takes no more. */
START_TEST(stopped)
{
    run_everywhere(calls_until_it_stops, 1);
}
END_TEST

SUITE_MAIN("call", one_thread, cancelled, stopped)
