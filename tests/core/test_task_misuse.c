/* SPDX-License-Identifier: MIT */
/* Handles of tasks used in ways that the contract forbids: each is told, in words. */
#include "tests/core/suite.h"

#include <steelmill/steelmill.h>

static int naps(void *arg)
{
    (void)arg;
    return sm_sleep(SM_MS);
}

static int joins(void *task)
{
    return sm_task_join(task, NULL, SM_FOREVER);
}

static int joins_itself(void *arg, struct sim_machine *machine)
{
    (void)arg, (void)machine;
    return sm_task_join(sm_task_self(), NULL, SM_FOREVER);
}

static int joins_detached(void *arg, struct sim_machine *machine)
{
    struct sm_task *task;

    (void)arg, (void)machine;
    sm_task_spawn(&task, "naps", naps, NULL);
    sm_task_detach(task);
    return sm_task_join(task, NULL, SM_FOREVER);
}

static int detaches_twice(void *arg, struct sim_machine *machine)
{
    struct sm_task *task;

    (void)arg, (void)machine;
    sm_task_spawn(&task, "naps", naps, NULL);
    sm_task_detach(task);
    sm_task_detach(task);
    return 0;
}

static int two_join(void *arg, struct sim_machine *machine)
{
    struct sm_task *task;

    (void)arg, (void)machine;
    sm_task_spawn(&task, "naps", naps, NULL);
    sm_task_spawn(NULL, "joins", joins, task);
    sm_sleep(SM_US);
    return sm_task_join(task, NULL, SM_FOREVER);
}

static int detaches_joined(void *arg, struct sim_machine *machine)
{
    struct sm_task *task;

    (void)arg, (void)machine;
    sm_task_spawn(&task, "naps", naps, NULL);
    sm_task_spawn(NULL, "joins", joins, task);
    sm_sleep(SM_US);
    sm_task_detach(task);
    return 0;
}

static int sleeps_in_section(void *arg, struct sim_machine *machine)
{
    (void)arg, (void)machine;
    sm_read_begin();
    sm_read_begin();
    sm_read_end();
    return sm_sleep(SM_US);
}

static int ends_no_section(void *arg, struct sim_machine *machine)
{
    (void)arg, (void)machine;
    sm_read_begin();
    sm_read_end();
    sm_read_end();
    return 0;
}

/* Read sections end before anything blocks, and as often as they begin. */
START_TEST(read_sections)
{
    suite_bug(sleeps_in_section, NULL, "a blocking call inside a read section");
    suite_bug(ends_no_section, NULL, "a read section ends that has not begun");
}
END_TEST

/* A handle is taken once, by one task, and by another one than its own. */
START_TEST(handles)
{
    suite_bug(joins_itself, NULL, "a task joins itself");
    suite_bug(joins_detached, NULL, "a task's handle is used after it was given up");
    suite_bug(detaches_twice, NULL, "a task's handle is given up twice");
    suite_bug(two_join, NULL, "two tasks join the same one");
    suite_bug(detaches_joined, NULL, "a task's handle is given up while a task joins it");
}
END_TEST

static int tries_again(void *arg, struct sim_machine *machine)
{
    struct sm_task *task;

    (void)arg, (void)machine;
    sm_task_spawn(&task, "naps", naps, NULL);
    ck_assert_int_eq(sm_task_join(task, NULL, SM_US), -ETIMEDOUT);
    ck_assert_int_eq(sm_task_join(task, NULL, 0), -ETIMEDOUT);
    sm_task_spawn(NULL, "joins", joins, task);
    sm_sleep(SM_S);
    return 0;
}

/* After a join that failed the handle is as good as before, for whoever joins next. */
START_TEST(failed_joins)
{
    tw_once(tries_again, NULL);
}
END_TEST

static int outlives(void *arg, struct sim_machine *machine)
{
    char name[80];
    struct sm_task *task;

    (void)arg, (void)machine;
    memset(name, 'x', sizeof name);
    name[79] = '\0';
    sm_task_spawn(&task, name, naps, NULL);
    name[31] = '\0';
    ck_assert_str_eq(sm_task_name(task), name);
    sm_sleep(SM_S);
    sm_task_cancel(task);
    ck_assert_str_eq(sm_task_name(task), name);
    int result = 1;
    ck_assert_int_eq(sm_task_join(task, &result, 0), 0);
    ck_assert_int_eq(result, 0);
    return 0;
}

/* An ended task keeps its name and its result until it is joined, and cancelling it does nothing.
 */
START_TEST(ended_tasks)
{
    tw_once(outlives, NULL);
}
END_TEST

SUITE_MAIN("task misuse", handles, failed_joins, ended_tasks, read_sections)
