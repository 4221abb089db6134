/* SPDX-License-Identifier: MIT */
/* Events, mutexes and wait groups: order, hand-over, deadlines, cancellation. */
#include "tests/core/suite.h"

#include <steelmill/steelmill.h>

#define SEEDS 20

/* Lets every other task run until it waits for something: time moves when nothing else can. */
static void settle(void)
{
    ck_assert_int_eq(sm_sleep(1), 0);
}

/* ---- events ---- */

static struct sm_event event;

static int wait_for_event(void *deadline)
{
    return sm_event_wait(&event, *(sm_time *)deadline);
}

static int wakes_all(void *arg, struct sim_machine *machine)
{
    sm_time for_ever = SM_FOREVER;
    struct sm_task *tasks[3];
    int result = 1;

    (void)arg, (void)machine;
    sm_event_init(&event);
    for (int i = 0; i < 3; i++)
        sm_task_spawn(&tasks[i], "waits", wait_for_event, &for_ever);
    sm_sleep(SM_S);
    sm_event_set(&event);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(sm_task_join(tasks[i], &result, SM_FOREVER), 0);
        ck_assert_int_eq(result, 0);
    }
    ck_assert_int_eq(sm_now(), SM_S);
    ck_assert_int_eq(sm_event_wait(&event, SM_FOREVER), 0);
    ck_assert_int_eq(sm_event_wait(&event, 0), 0);
    sm_event_finish(&event);
    return 0;
}

/* Setting wakes all who wait; the flag stays up, and then nobody waits, whatever the deadline. */
START_TEST(event_wakes_all)
{
    suite_sweep(wakes_all, NULL, SEEDS);
}
END_TEST

static int event_times_out(void *arg, struct sim_machine *machine)
{
    (void)arg, (void)machine;
    sm_event_init(&event);
    ck_assert_int_eq(sm_event_wait(&event, 0), -ETIMEDOUT);
    ck_assert_int_eq(sm_now(), 0);
    ck_assert_int_eq(sm_event_wait(&event, 77), -ETIMEDOUT);
    ck_assert_int_eq(sm_now(), 77);
    sm_event_set(&event);
    sm_event_clear(&event);
    ck_assert_int_eq(sm_event_wait(&event, 78), -ETIMEDOUT);
    sm_event_finish(&event);
    return 0;
}

/* A wait ends exactly at its deadline, at once if that has passed; clearing takes the flag down. */
START_TEST(event_deadline)
{
    tw_once(event_times_out, NULL);
}
END_TEST

static int pulses(void *arg, struct sim_machine *machine)
{
    sm_time deadline = SM_S;
    struct sm_task *task;
    int result = 0;

    (void)arg, (void)machine;
    sm_event_init(&event);
    sm_task_spawn(&task, "waits", wait_for_event, &deadline);
    sm_sleep(SM_MS);
    sm_event_set(&event);
    sm_event_clear(&event);
    ck_assert_int_eq(sm_task_join(task, &result, SM_FOREVER), 0);
    ck_assert_int_eq(result, -ETIMEDOUT);
    ck_assert_int_eq(sm_now(), SM_S);
    return 0;
}

/* An event is a flag, not a pulse: one that is down again before a waiter runs was never up for it.
 */
START_TEST(event_is_a_flag)
{
    tw_once(pulses, NULL);
}
END_TEST

static int cancels_wait(void *arg, struct sim_machine *machine)
{
    sm_time for_ever = SM_FOREVER;
    struct sm_task *task;
    int result = 0;

    (void)arg, (void)machine;
    sm_event_init(&event);
    sm_task_spawn(&task, "waits", wait_for_event, &for_ever);
    sm_sleep(SM_MS);
    sm_task_cancel(task);
    sm_event_set(&event);
    sm_task_join(task, &result, SM_FOREVER);
    ck_assert_int_eq(result, -ECANCELED);
    sm_event_finish(&event);
    return 0;
}

/* A cancelled wait says so, even where the flag goes up before the task has run. */
START_TEST(event_cancelled)
{
    suite_sweep(cancels_wait, NULL, SEEDS);
}
END_TEST

static int finishes_early(void *arg, struct sim_machine *machine)
{
    sm_time for_ever = SM_FOREVER;

    (void)arg, (void)machine;
    sm_event_init(&event);
    sm_task_spawn(NULL, "waits", wait_for_event, &for_ever);
    sm_sleep(SM_MS);
    sm_event_finish(&event);
    return 0;
}

/* Finishing an event that a task waits for is a bug, and is told. */
START_TEST(event_finished_early)
{
    suite_bug(finishes_early, NULL, "an event is finished while a task waits");
}
END_TEST

/* ---- mutexes ---- */

#define LINE_MAX 12

static struct {
    struct sm_mutex mutex;
    struct sm_task *holder;               /* NULL: nobody, as the test counts */
    int arrived[LINE_MAX], got[LINE_MAX]; /* task numbers, in order */
    int arrived_count, got_count;
} line;

static void line_init(void)
{
    memset(&line, 0, sizeof line);
    sm_mutex_init(&line.mutex);
}

static int stands_in_line(void *arg)
{
    const int number = (int)(intptr_t)arg;

    for (int i = 0; i < number % 4; i++)
        sm_yield();
    line.arrived[line.arrived_count++] = number;
    ck_assert_int_eq(sm_mutex_lock(&line.mutex, SM_FOREVER), 0);
    ck_assert_ptr_null(line.holder);
    line.holder = sm_task_self();
    line.got[line.got_count++] = number;
    sm_yield();
    line.holder = NULL;
    sm_mutex_unlock(&line.mutex);
    return 0;
}

static int many_in_line(void *arg, struct sim_machine *machine)
{
    struct sm_task *tasks[LINE_MAX];

    (void)arg, (void)machine;
    line_init();
    for (int i = 0; i < LINE_MAX; i++)
        sm_task_spawn(&tasks[i], NULL, stands_in_line, (void *)(intptr_t)i);
    for (int i = 0; i < LINE_MAX; i++)
        sm_task_join(tasks[i], NULL, SM_FOREVER);
    ck_assert_mem_eq(line.arrived, line.got, sizeof line.got);
    sm_mutex_finish(&line.mutex);
    return 0;
}

/* First come, first served, and one holder at a time, whatever the order of the tasks' steps. */
START_TEST(mutex_is_fair)
{
    suite_sweep(many_in_line, NULL, SEEDS);
}
END_TEST

/* Takes the lock until a deadline (NULL: for ever), keeps it for 1 ns, gives it back. */
static int locks_for_1ns(void *deadline)
{
    const int error = sm_mutex_lock(&line.mutex, deadline ? *(sm_time *)deadline : SM_FOREVER);

    if (error)
        return error;
    ck_assert_ptr_eq(line.mutex.owner, sm_task_self());
    (void)sm_sleep(1); /* ends at once where the task is cancelled */
    sm_mutex_unlock(&line.mutex);
    return 0;
}

static int joined(struct sm_task *task)
{
    int result = 1;

    ck_assert_int_eq(sm_task_join(task, &result, SM_FOREVER), 0);
    return result;
}

static int barges(void *arg, struct sim_machine *machine)
{
    struct sm_task *task;

    (void)arg, (void)machine;
    line_init();
    ck_assert_int_eq(sm_mutex_lock(&line.mutex, 0), 0);
    ck_assert_int_eq(sm_mutex_lock(&line.mutex, SM_FOREVER), -EDEADLK);
    sm_task_spawn(&task, "next", locks_for_1ns, NULL);
    settle();
    sm_mutex_unlock(&line.mutex);
    ck_assert_int_eq(sm_mutex_lock(&line.mutex, 0), -ETIMEDOUT);
    ck_assert_int_eq(sm_mutex_lock(&line.mutex, SM_FOREVER), 0);
    ck_assert_int_eq(sm_now(), 2);
    sm_mutex_unlock(&line.mutex);
    ck_assert_int_eq(joined(task), 0);
    sm_mutex_finish(&line.mutex);
    return 0;
}

/* Unlocking hands the lock to the first in line: the former holder cannot take it back at once. A
 * second lock by the holder is -EDEADLK. */
START_TEST(mutex_hand_over)
{
    suite_sweep(barges, NULL, SEEDS);
}
END_TEST

/* Two tasks stand in line; the first gives up before the lock comes to it. */
static int gives_up(void *arg, struct sim_machine *machine)
{
    const bool cancel = *(bool *)arg;
    sm_time deadline = SM_S;
    struct sm_task *first, *second;

    (void)machine;
    line_init();
    sm_mutex_lock(&line.mutex, 0);
    sm_task_spawn(&first, "first", locks_for_1ns, &deadline);
    settle();
    sm_task_spawn(&second, "second", locks_for_1ns, NULL);
    settle();
    if (cancel)
        sm_task_cancel(first);
    else
        sm_sleep(2 * SM_S);
    const sm_time unlocked = sm_now();
    sm_mutex_unlock(&line.mutex);
    ck_assert_int_eq(joined(first), cancel ? -ECANCELED : -ETIMEDOUT);
    ck_assert_int_eq(joined(second), 0);
    ck_assert_int_eq(sm_now(), unlocked + 1);
    sm_mutex_finish(&line.mutex);
    return 0;
}

/* Who times out or is cancelled leaves the line without the lock, and the next one gets it. */
START_TEST(mutex_given_up)
{
    bool cancel = false;

    suite_sweep(gives_up, &cancel, SEEDS);
    cancel = true;
    suite_sweep(gives_up, &cancel, SEEDS);
}
END_TEST

static int cancelled_with_lock(void *arg, struct sim_machine *machine)
{
    struct sm_task *first, *second;

    (void)arg, (void)machine;
    line_init();
    sm_mutex_lock(&line.mutex, 0);
    sm_task_spawn(&first, "first", locks_for_1ns, NULL);
    settle();
    sm_task_spawn(&second, "second", locks_for_1ns, NULL);
    settle();
    sm_mutex_unlock(&line.mutex);
    sm_task_cancel(first);
    ck_assert_int_eq(joined(first), 0);
    ck_assert_int_eq(joined(second), 0);
    ck_assert_int_eq(sm_mutex_lock(&line.mutex, 0), 0);
    sm_mutex_unlock(&line.mutex);
    sm_mutex_finish(&line.mutex);
    return 0;
}

/* A task that is cancelled after the lock was handed to it, but before it ran, has the lock: the
 * call returns 0, and the next one in line gets it from there. */
START_TEST(mutex_cancel_races_hand_over)
{
    suite_sweep(cancelled_with_lock, NULL, SEEDS);
}
END_TEST

static int outcomes[2]; /* how often the lock was got, and timed out */

static int unlocks_at_deadline(void *arg, struct sim_machine *machine)
{
    sm_time deadline = SM_S;
    struct sm_task *first, *second;

    (void)arg, (void)machine;
    line_init();
    sm_mutex_lock(&line.mutex, 0);
    sm_task_spawn(&first, "first", locks_for_1ns, &deadline);
    settle();
    sm_task_spawn(&second, "second", locks_for_1ns, NULL);
    sm_sleep_until(deadline);
    sm_mutex_unlock(&line.mutex);
    const int result = joined(first);
    ck_assert(result == 0 || result == -ETIMEDOUT);
    outcomes[result != 0]++;
    ck_assert_int_eq(joined(second), 0);
    ck_assert_int_eq(sm_mutex_lock(&line.mutex, 0), 0);
    sm_mutex_unlock(&line.mutex);
    sm_mutex_finish(&line.mutex);
    return 0;
}

/* An unlock at the very deadline of the waiter: it either has the lock or has timed out, both
 * happen, and in neither case is the lock lost. */
START_TEST(mutex_deadline_races_hand_over)
{
    memset(outcomes, 0, sizeof outcomes);
    suite_sweep(unlocks_at_deadline, NULL, 50);
    ck_assert_int_gt(outcomes[0], 0);
    ck_assert_int_gt(outcomes[1], 0);
}
END_TEST

static int unlocks_anothers(void *arg, struct sim_machine *machine)
{
    (void)arg, (void)machine;
    line_init();
    sm_task_spawn(NULL, "holder", locks_for_1ns, NULL);
    sm_yield();
    while (!line.mutex.owner)
        sm_yield();
    sm_mutex_unlock(&line.mutex);
    return 0;
}

static int finishes_held(void *arg, struct sim_machine *machine)
{
    (void)arg, (void)machine;
    line_init();
    sm_mutex_lock(&line.mutex, 0);
    sm_mutex_finish(&line.mutex);
    return 0;
}

/* Unlocking what another task holds, and finishing a held mutex, are bugs, and are told. */
START_TEST(mutex_misused)
{
    suite_bug(unlocks_anothers, NULL, "a mutex is unlocked by a task that does not hold it");
    suite_bug(finishes_held, NULL, "a mutex is finished while it is held");
}
END_TEST

/* ---- wait groups ---- */

static struct sm_wait_group group;

static int works(void *arg)
{
    const sm_time at = (sm_time)(intptr_t)arg;

    sm_sleep_until(at);
    sm_wait_group_done(&group);
    return 0;
}

static int waits_for_work(void *arg)
{
    (void)arg;
    return sm_wait_group_wait(&group, SM_FOREVER);
}

static int groups(void *arg, struct sim_machine *machine)
{
    struct sm_task *waiters[2];

    (void)arg, (void)machine;
    sm_wait_group_init(&group);
    ck_assert_int_eq(sm_wait_group_wait(&group, 0), 0);
    sm_wait_group_add(&group, 5);
    for (intptr_t i = 1; i <= 5; i++)
        sm_task_spawn(NULL, "works", works, (void *)(i * 10));
    for (int i = 0; i < 2; i++)
        sm_task_spawn(&waiters[i], "waits", waits_for_work, NULL);
    ck_assert_int_eq(sm_wait_group_wait(&group, 0), -ETIMEDOUT);
    ck_assert_int_eq(sm_wait_group_wait(&group, 49), -ETIMEDOUT);
    ck_assert_int_eq(sm_now(), 49);
    ck_assert_int_eq(sm_wait_group_wait(&group, SM_FOREVER), 0);
    ck_assert_int_eq(sm_now(), 50);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(joined(waiters[i]), 0);
    sm_wait_group_finish(&group);
    return 0;
}

/* A wait group wakes all who wait when its count is back at zero, and nobody waits for zero. */
START_TEST(wait_group)
{
    suite_sweep(groups, NULL, SEEDS);
}
END_TEST

static int group_grows_again(void *arg, struct sim_machine *machine)
{
    struct sm_task *waiter;

    (void)arg, (void)machine;
    sm_wait_group_init(&group);
    sm_wait_group_add(&group, 1);
    sm_task_spawn(&waiter, "waits", waits_for_work, NULL);
    settle();
    sm_wait_group_done(&group);
    sm_wait_group_add(&group, 1);
    settle();
    ck_assert_int_eq(sm_task_join(waiter, NULL, 0), -ETIMEDOUT);
    sm_task_cancel(waiter);
    ck_assert_int_eq(joined(waiter), -ECANCELED);
    sm_wait_group_done(&group);
    sm_wait_group_finish(&group);
    return 0;
}

/* A count that has left zero again before the waiter runs keeps it waiting; cancelling ends that.
 */
START_TEST(wait_group_reused)
{
    suite_sweep(group_grows_again, NULL, SEEDS);
}
END_TEST

static int done_too_often(void *arg, struct sim_machine *machine)
{
    (void)arg, (void)machine;
    sm_wait_group_init(&group);
    sm_wait_group_add(&group, 1);
    sm_wait_group_done(&group);
    sm_wait_group_done(&group);
    return 0;
}

/* A count below zero is a bug, and is told. */
START_TEST(wait_group_below_zero)
{
    suite_bug(done_too_often, NULL, "a wait group is done more often than it was added to");
}
END_TEST

SUITE_MAIN("sync", event_wakes_all, event_deadline, event_is_a_flag, event_cancelled,
           event_finished_early, mutex_is_fair, mutex_hand_over, mutex_given_up,
           mutex_cancel_races_hand_over, mutex_deadline_races_hand_over, mutex_misused, wait_group,
           wait_group_reused, wait_group_below_zero)
