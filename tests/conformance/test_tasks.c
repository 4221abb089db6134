/* SPDX-License-Identifier: MIT */
/* Tasks: results, order, cancellation, ends. */
#include "tests/conformance/conformance.h"

#include <string.h>

static int steps;

static int give_back(void *arg)
{
    steps++;
    return *(int *)arg;
}

/* A spawned task runs only after the spawner gave way, and join hands out what it returned. */
CONFORMS(join_gives_the_result)
{
    struct sm_task *task;
    int wanted = -77, result = 0;

    ck_assert_int_eq(sm_task_spawn(&task, "t", give_back, &wanted), 0);
    ck_assert_int_eq(steps, 0);
    ck_assert_int_eq(sm_task_join(task, &result, SM_FOREVER), 0);
    ck_assert_int_eq(result, -77);
}

/* A result waits for whoever comes late for it, with any deadline. */
CONFORMS(join_after_the_end)
{
    struct sm_task *task;
    int wanted = 5, result = 0;

    ck_assert_int_eq(sm_task_spawn(&task, "t", give_back, &wanted), 0);
    ck_assert_int_eq(sm_sleep(SM_MS), 0);
    ck_assert_int_eq(steps, 1);
    ck_assert_int_eq(sm_task_join(task, &result, 0), 0);
    ck_assert_int_eq(result, 5);
}

/* A detached task runs like any other. */
CONFORMS(detached_runs)
{
    int wanted = 0;

    ck_assert_int_eq(sm_task_spawn(NULL, "t", give_back, &wanted), 0);
    ck_assert_int_eq(sm_sleep(SM_MS), 0);
    ck_assert_int_eq(steps, 1);
}

/* A handle can be given up before and after the end of its task. */
CONFORMS(detach_early_and_late)
{
    struct sm_task *early, *late;
    int wanted = 0;

    ck_assert_int_eq(sm_task_spawn(&early, "t", give_back, &wanted), 0);
    ck_assert_int_eq(sm_task_spawn(&late, "t", give_back, &wanted), 0);
    sm_task_detach(early);
    ck_assert_int_eq(sm_sleep(SM_MS), 0);
    sm_task_detach(late);
    ck_assert_int_eq(steps, 2);
}

static int check_self(void *arg)
{
    ck_assert_ptr_eq(sm_task_self(), *(struct sm_task **)arg);
    return 0;
}

/* A task knows itself and its name, of which the first 31 bytes are kept. */
CONFORMS(self_and_name)
{
    static const char name[] = "a name that is far too long for it all to be kept";
    struct sm_task *task;
    char kept[32] = "";

    ck_assert_ptr_nonnull(sm_task_self());
    memcpy(kept, name, 31);
    ck_assert_int_eq(sm_task_spawn(&task, name, check_self, &task), 0);
    ck_assert_str_eq(sm_task_name(task), kept);
    ck_assert_int_eq(sm_task_join(task, NULL, SM_FOREVER), 0);
}

static int see_cancellation(void *arg)
{
    (void)arg;
    ck_assert(!sm_task_cancelled());
    ck_assert_int_eq(sm_sleep_until(SM_FOREVER), -ECANCELED);
    ck_assert(sm_task_cancelled());
    ck_assert_int_eq(sm_sleep(SM_MS), -ECANCELED);
    ck_assert_int_eq(sm_yield(), -ECANCELED);
    return 7;
}

/* Once cancelled, a task stays so: each blocking call says it, and its result is its own. */
CONFORMS(cancellation_stays)
{
    ck_assert_int_eq(conformance_cancelled(see_cancellation, NULL), 7);
}

static int cancel_twice(void *arg)
{
    (void)arg;
    return sm_sleep_until(SM_FOREVER);
}

/* Cancelling twice, or a task that has ended, does nothing. */
CONFORMS(cancel_again)
{
    struct sm_task *task;
    int result = 0;

    ck_assert_int_eq(sm_task_spawn(&task, "t", cancel_twice, NULL), 0);
    ck_assert_int_eq(sm_sleep(SM_MS), 0);
    sm_task_cancel(task);
    sm_task_cancel(task);
    ck_assert_int_eq(sm_sleep(SM_MS), 0);
    sm_task_cancel(task);
    ck_assert_int_eq(sm_task_join(task, &result, SM_FOREVER), 0);
    ck_assert_int_eq(result, -ECANCELED);
}

static int count_and_yield(void *arg)
{
    int *turns = arg;

    for (; *turns < 100; ++*turns)
        ck_assert_int_eq(sm_yield(), 0);
    return 0;
}

/* Tasks that yield take turns: none is done before the other has begun. */
CONFORMS(yield_takes_turns)
{
    struct sm_task *tasks[2];
    int turns[2] = {0, 0};

    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(sm_task_spawn(&tasks[i], "t", count_and_yield, &turns[i]), 0);
    while (turns[0] < 50)
        ck_assert_int_eq(sm_yield(), 0);
    ck_assert_int_gt(turns[1], 0);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(sm_task_join(tasks[i], NULL, SM_FOREVER), 0);
}

/* A thousand tasks can be there at once, and all of them end. */
CONFORMS(many_tasks)
{
    static struct sm_task *tasks[1000];
    int wanted = 1;

    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(sm_task_spawn(&tasks[i], "t", give_back, &wanted), 0);
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(sm_task_join(tasks[i], NULL, SM_FOREVER), 0);
    ck_assert_int_eq(steps, 1000);
}

/* Draws differ from one another and keep to their bounds, and so do those of a named stream. */
CONFORMS(randomness)
{
    struct sm_random random;

    ck_assert_uint_ne(sm_random_u64(NULL), sm_random_u64(NULL));
    sm_random_init(&random, "conformance");
    for (int i = 0; i < 1000; i++) {
        ck_assert_uint_lt(sm_random_below(&random, 3), 3);
        const int64_t drawn = sm_random_range(&random, -2, 2);
        ck_assert(drawn >= -2 && drawn <= 2);
    }
    ck_assert(!sm_random_chance(&random, 0));
    ck_assert(sm_random_chance(&random, 1000000));
}

CONFORMANCE_TESTS(tasks, join_gives_the_result, join_after_the_end, detached_runs,
                  detach_early_and_late, self_and_name, cancellation_stays, cancel_again,
                  yield_takes_turns, many_tasks, randomness)
