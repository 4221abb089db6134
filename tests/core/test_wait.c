/* SPDX-License-Identifier: MIT */
/* sm_wait_any: which of several objects is ready, and since when. */
#include "tests/core/suite.h"

#include <steelmill/steelmill.h>

#define SEEDS 20

static struct sm_event events[65];
static struct sm_wait waits[65];

static void init_events(void)
{
    for (int i = 0; i < 65; i++) {
        sm_event_init(&events[i]);
        waits[i] = (struct sm_wait){&events[i].waitable, SM_READ, 77};
    }
}

static void finish_events(void)
{
    for (int i = 0; i < 65; i++)
        sm_event_finish(&events[i]);
}

static int sets_event(void *arg)
{
    (void)sm_sleep(SM_S);
    sm_event_set(arg);
    return 0;
}

static int looks(void *arg, struct sim_machine *machine)
{
    (void)arg, (void)machine;
    init_events();
    sm_event_set(&events[3]);
    sm_event_set(&events[1]);
    ck_assert_int_eq(sm_wait_any(waits, 5, SM_FOREVER), 1);
    for (unsigned i = 0; i < 5; i++)
        ck_assert_uint_eq(waits[i].ready, i == 1 || i == 3 ? SM_READ : 0);
    ck_assert_uint_eq(waits[5].ready, 77);
    waits[1].interest = SM_WRITE;
    ck_assert_int_eq(sm_wait_any(waits, 5, SM_FOREVER), 3);
    waits[3].interest = 0;
    ck_assert_int_eq(sm_wait_any(waits, 5, 0), -ETIMEDOUT);
    ck_assert_int_eq(sm_now(), 0);
    finish_events();
    return 0;
}

/* The lowest ready index is returned, and each entry that was asked for says what is ready. */
START_TEST(lowest_first)
{
    tw_once(looks, NULL);
}
END_TEST

static int wrong_counts(void *arg, struct sim_machine *machine)
{
    (void)arg, (void)machine;
    init_events();
    ck_assert_int_eq(sm_wait_any(waits, 0, SM_FOREVER), -EINVAL);
    ck_assert_int_eq(sm_wait_any(waits, 65, SM_FOREVER), -EINVAL);
    ck_assert_int_eq(sm_wait_any(waits, 64, 5), -ETIMEDOUT);
    ck_assert_int_eq(sm_now(), 5);
    sm_task_spawn(NULL, NULL, sets_event, &events[63]);
    ck_assert_int_eq(sm_wait_any(waits, 64, SM_FOREVER), 63);
    finish_events();
    return 0;
}

/* 1 to 64 objects; none and 65 are -EINVAL. Afterwards nothing is left waiting on any of them. */
START_TEST(counts)
{
    tw_once(wrong_counts, NULL);
}
END_TEST

static int only_looks(void *arg, struct sim_machine *machine)
{
    (void)arg;
    init_events();
    sm_sleep(SM_S);
    sm_task_spawn(NULL, NULL, sets_event, &events[0]);
    const uint64_t before = machine->world->seq;
    ck_assert_int_eq(sm_wait_any(waits, 2, 0), -ETIMEDOUT);
    ck_assert_int_eq(sm_wait_any(waits, 2, SM_S), -ETIMEDOUT);
    ck_assert_uint_eq(machine->world->seq, before);
    return 0;
}

/* With a deadline in the past, or right now, no other task runs. */
START_TEST(past_deadline_only_looks)
{
    suite_sweep(only_looks, NULL, SEEDS);
}
END_TEST

static int same_object_twice(void *arg, struct sim_machine *machine)
{
    (void)arg, (void)machine;
    init_events();
    waits[0].interest = SM_WRITE; /* an event is never ready for that */
    waits[1].object = waits[2].object = &events[0].waitable;
    sm_task_spawn(NULL, NULL, sets_event, &events[0]);
    ck_assert_int_eq(sm_wait_any(waits, 3, SM_S / 2), -ETIMEDOUT);
    ck_assert(sm__waitable_idle(&events[0].waitable));
    ck_assert_int_eq(sm_wait_any(waits, 3, SM_FOREVER), 1);
    ck_assert_uint_eq(waits[0].ready, 0);
    ck_assert_uint_eq(waits[1].ready, SM_READ);
    ck_assert_uint_eq(waits[2].ready, SM_READ);
    ck_assert_int_eq(sm_now(), SM_S);
    finish_events();
    return 0;
}

/* One task may wait on the same object in several entries; it is woken once and leaves nothing. */
START_TEST(same_twice)
{
    tw_once(same_object_twice, NULL);
}
END_TEST

/* ---- channels ---- */

static int channel_interest(void *arg, struct sim_machine *machine)
{
    struct sm_channel *channel;
    char item = 1;

    (void)arg, (void)machine;
    sm_channel_create(&channel, 1, 1);
    struct sm_wait wait = {sm_channel_waitable(channel), SM_READ | SM_WRITE, 0};
    ck_assert_int_eq(sm_wait_any(&wait, 1, 0), 0);
    ck_assert_uint_eq(wait.ready, SM_WRITE);
    sm_channel_send(channel, &item, 0);
    ck_assert_int_eq(sm_wait_any(&wait, 1, 0), 0);
    ck_assert_uint_eq(wait.ready, SM_READ);
    wait.interest = SM_WRITE;
    ck_assert_int_eq(sm_wait_any(&wait, 1, 0), -ETIMEDOUT);
    ck_assert_uint_eq(wait.ready, 0);
    wait.interest = SM_READ | SM_WRITE;
    sm_channel_close(channel);
    ck_assert_int_eq(sm_wait_any(&wait, 1, 0), 0);
    ck_assert_uint_eq(wait.ready, SM_READ | SM_WRITE);
    sm_channel_receive(channel, &item, 0);
    ck_assert_int_eq(sm_wait_any(&wait, 1, 0), 0);
    ck_assert_uint_eq(wait.ready, SM_READ | SM_WRITE);
    sm_channel_destroy(channel);
    return 0;
}

/* A channel is ready to read while it has items, to write while it has room, and for both when it
 * is closed: then neither call would wait. */
START_TEST(channel_readiness)
{
    tw_once(channel_interest, NULL);
}
END_TEST

#define PIPES 3
#define ITEMS 20

static int fills_pipe(void *channel)
{
    for (int i = 0; i < ITEMS; i++) {
        ck_assert_int_eq(sm_channel_send(channel, &i, SM_FOREVER), 0);
        (void)sm_sleep(sm_random_range(NULL, 0, 2));
    }
    sm_channel_close(channel);
    return 0;
}

/* Reads from several channels until all are at their end. */
static int merges(void *arg, struct sim_machine *machine)
{
    struct sm_channel *pipes[PIPES];
    int next[PIPES] = {0}, open = PIPES;

    (void)arg, (void)machine;
    for (int i = 0; i < PIPES; i++) {
        sm_channel_create(&pipes[i], 2, sizeof(int));
        waits[i] = (struct sm_wait){sm_channel_waitable(pipes[i]), SM_READ, 0};
        sm_task_spawn(NULL, NULL, fills_pipe, pipes[i]);
    }
    while (open > 0) {
        int item;
        const int found = sm_wait_any(waits, PIPES, SM_FOREVER);
        ck_assert(found >= 0 && found < PIPES);
        const int error = sm_channel_receive(pipes[found], &item, 0);
        if (error == 0) {
            ck_assert_int_eq(item, next[found]++);
            continue;
        }
        ck_assert_int_eq(error, -SM_ECLOSED);
        ck_assert_int_eq(next[found], ITEMS);
        waits[found].interest = 0;
        open--;
    }
    for (int i = 0; i < PIPES; i++)
        sm_channel_destroy(pipes[i]);
    return 0;
}

/* One task reads from several channels: what it is told to be ready can be read without waiting. */
START_TEST(merge)
{
    suite_sweep(merges, NULL, SEEDS);
}
END_TEST

/* ---- mutexes: a watcher beside tasks that stand in line ---- */

static struct sm_mutex mutex;

static int stands_in_line(void *hold_ns)
{
    const int error = sm_mutex_lock(&mutex, SM_FOREVER);

    if (error)
        return error;
    (void)sm_sleep(*(sm_time *)hold_ns);
    sm_mutex_unlock(&mutex);
    return 0;
}

static int watches(void *arg)
{
    struct sm_wait wait = {&mutex.waitable, SM_READ, 0};

    *(int *)arg = sm_wait_any(&wait, 1, SM_FOREVER);
    ck_assert_ptr_null(mutex.owner);
    return (int)sm_now();
}

static int watched_mutex(void *arg, struct sim_machine *machine)
{
    sm_time hold_ns = 100;
    struct sm_task *watcher;
    int found = -1, result;

    (void)arg, (void)machine;
    sm_mutex_init(&mutex);
    sm_mutex_lock(&mutex, 0);
    sm_task_spawn(NULL, "first", stands_in_line, &hold_ns);
    sm_sleep_until(1);
    sm_task_spawn(&watcher, "watcher", watches, &found);
    sm_sleep_until(2);
    sm_task_spawn(NULL, "second", stands_in_line, &hold_ns);
    sm_sleep_until(10);
    sm_mutex_unlock(&mutex);
    ck_assert_int_eq(sm_task_join(watcher, &result, SM_FOREVER), 0);
    ck_assert_int_eq(found, 0);
    ck_assert_int_eq(result, 210);
    sm_mutex_finish(&mutex);
    return 0;
}

/* Watching a mutex takes no place in its line, and is told when the lock is free, not before. */
START_TEST(mutex_watched)
{
    suite_sweep(watched_mutex, NULL, SEEDS);
}
END_TEST

/* ---- ends of a wait ---- */

static int waits_for_ever(void *arg)
{
    (void)arg;
    return sm_wait_any(waits, 3, SM_FOREVER);
}

static int cancelled(void *arg, struct sim_machine *machine)
{
    struct sm_task *task;
    int result = 1;

    (void)arg, (void)machine;
    init_events();
    sm_task_spawn(&task, NULL, waits_for_ever, NULL);
    sm_sleep(1);
    sm_task_cancel(task);
    sm_event_set(&events[2]);
    ck_assert_int_eq(sm_task_join(task, &result, SM_FOREVER), 0);
    ck_assert_int_eq(result, -ECANCELED);
    finish_events();
    return 0;
}

/* Cancelling ends a wait on several objects and takes the task off all of them. */
START_TEST(cancelled_wait)
{
    suite_sweep(cancelled, NULL, SEEDS);
}
END_TEST

static int not_seen(void *arg, struct sim_machine *machine)
{
    struct sm_task *task;

    (void)arg, (void)machine;
    init_events();
    sm_task_spawn(&task, NULL, waits_for_ever, NULL);
    sm_sleep(1);
    sm_event_set(&events[1]);
    sm_event_clear(&events[1]);
    sm_sleep(1);
    ck_assert_int_eq(sm_task_join(task, NULL, 0), -ETIMEDOUT);
    sm_event_set(&events[2]);
    int result = -1;
    ck_assert_int_eq(sm_task_join(task, &result, SM_FOREVER), 0);
    ck_assert_int_eq(result, 2);
    finish_events();
    return 0;
}

/* Level-triggered: an object that is no longer ready when the task runs is not reported. */
START_TEST(level_triggered)
{
    suite_sweep(not_seen, NULL, SEEDS);
}
END_TEST

SUITE_MAIN("wait", lowest_first, counts, past_deadline_only_looks, same_twice, channel_readiness,
           merge, mutex_watched, cancelled_wait, level_triggered)
