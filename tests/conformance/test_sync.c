/* SPDX-License-Identifier: MIT */
/* What tasks wait on, beyond the matrix. */
#include "tests/conformance/conformance.h"

/* Locking twice is an error, not a deadlock; the lock stays held. */
CONFORMS(mutex_is_not_recursive)
{
    struct sm_mutex mutex;

    sm_mutex_init(&mutex);
    ck_assert_int_eq(sm_mutex_lock(&mutex, SM_FOREVER), 0);
    ck_assert_int_eq(sm_mutex_lock(&mutex, SM_FOREVER), -EDEADLK);
    sm_mutex_unlock(&mutex);
    sm_mutex_finish(&mutex);
}

static struct sm_mutex fair;
static int order[3], ordered;

static int lock_in_turn(void *arg)
{
    ck_assert_int_eq(sm_mutex_lock(&fair, SM_FOREVER), 0);
    order[ordered++] = *(int *)arg;
    sm_mutex_unlock(&fair);
    return 0;
}

/* A mutex goes to whoever has waited longest. */
CONFORMS(mutex_is_fair)
{
    struct sm_task *tasks[3];
    int numbers[3] = {1, 2, 3};

    sm_mutex_init(&fair);
    ck_assert_int_eq(sm_mutex_lock(&fair, SM_FOREVER), 0);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(sm_task_spawn(&tasks[i], "t", lock_in_turn, &numbers[i]), 0);
        ck_assert_int_eq(sm_sleep(SM_MS), 0);
    }
    sm_mutex_unlock(&fair);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(sm_task_join(tasks[i], NULL, SM_FOREVER), 0);
        ck_assert_int_eq(order[i], i + 1);
    }
    sm_mutex_finish(&fair);
}

/* Items come out in the order in which they went in; none is lost at the border of the ring. */
CONFORMS(channel_keeps_order)
{
    struct sm_channel *channel;
    int next = 0, item;

    ck_assert_int_eq(sm_channel_create(&channel, 3, sizeof(int)), 0);
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(sm_channel_send(channel, &i, SM_FOREVER), 0);
        if (i % 3 == 2)
            while (sm_channel_count(channel) > 0) {
                ck_assert_int_eq(sm_channel_receive(channel, &item, SM_FOREVER), 0);
                ck_assert_int_eq(item, next++);
            }
    }
    ck_assert_uint_eq(sm_channel_count(channel), 1);
    sm_channel_destroy(channel);
}

/* A closed channel takes nothing more, and gives out what it has, then says that it is closed. */
CONFORMS(channel_closes)
{
    struct sm_channel *channel;
    int item = 4;

    ck_assert_int_eq(sm_channel_create(&channel, 2, sizeof(int)), 0);
    ck_assert_int_eq(sm_channel_send(channel, &item, SM_FOREVER), 0);
    sm_channel_close(channel);
    sm_channel_close(channel);
    ck_assert_int_eq(sm_channel_send(channel, &item, SM_FOREVER), -SM_ECLOSED);
    ck_assert_int_eq(sm_channel_receive(channel, &item, SM_FOREVER), 0);
    ck_assert_int_eq(sm_channel_receive(channel, &item, SM_FOREVER), -SM_ECLOSED);
    sm_channel_destroy(channel);
}

static int receive_for_ever(void *channel)
{
    int item;
    return sm_channel_receive(channel, &item, SM_FOREVER);
}

/* Closing wakes those who wait. */
CONFORMS(channel_close_wakes)
{
    struct sm_channel *channel;
    struct sm_task *task;
    int result = 0;

    ck_assert_int_eq(sm_channel_create(&channel, 2, sizeof(int)), 0);
    ck_assert_int_eq(sm_task_spawn(&task, "t", receive_for_ever, channel), 0);
    ck_assert_int_eq(sm_sleep(SM_MS), 0);
    sm_channel_close(channel);
    ck_assert_int_eq(sm_task_join(task, &result, SM_FOREVER), 0);
    ck_assert_int_eq(result, -SM_ECLOSED);
    sm_channel_destroy(channel);
}

/* A channel has room for something, of some size. */
CONFORMS(channel_bad_arguments)
{
    struct sm_channel *channel;

    ck_assert_int_eq(sm_channel_create(&channel, 0, 4), -EINVAL);
    ck_assert_int_eq(sm_channel_create(&channel, 4, 0), -EINVAL);
    ck_assert_int_eq(sm_channel_create(&channel, (size_t)1 << 31, 1), -EINVAL);
    ck_assert_int_eq(sm_channel_create(&channel, 1, ((size_t)1 << 20) + 1), -EINVAL);
}

/* One waits for 1 to 64 objects. */
CONFORMS(wait_any_bad_arguments)
{
    struct sm_wait waits[65];
    struct sm_event event;

    sm_event_init(&event);
    for (int i = 0; i < 65; i++)
        waits[i] = (struct sm_wait){&event.waitable, SM_READ, 0};
    ck_assert_int_eq(sm_wait_any(waits, 0, SM_FOREVER), -EINVAL);
    ck_assert_int_eq(sm_wait_any(waits, 65, SM_FOREVER), -EINVAL);
    sm_event_set(&event);
    ck_assert_int_eq(sm_wait_any(waits, 64, SM_FOREVER), 0);
    sm_event_finish(&event);
}

/* Of several that are ready the first is named, and all are marked. */
CONFORMS(wait_any_names_the_first)
{
    struct sm_event events[3];
    struct sm_wait waits[3];

    for (int i = 0; i < 3; i++) {
        sm_event_init(&events[i]);
        waits[i] = (struct sm_wait){&events[i].waitable, SM_READ, 0};
    }
    sm_event_set(&events[2]);
    sm_event_set(&events[1]);
    ck_assert_int_eq(sm_wait_any(waits, 3, SM_FOREVER), 1);
    ck_assert_uint_eq(waits[0].ready, 0);
    ck_assert_uint_eq(waits[1].ready, SM_READ);
    ck_assert_uint_eq(waits[2].ready, SM_READ);
    for (int i = 0; i < 3; i++)
        sm_event_finish(&events[i]);
}

/* A stream is ready to be written at once, and to be read when something has come. */
CONFORMS(wait_any_on_a_stream)
{
    struct sm_stream *client, *server;

    conformance_connect(&client, &server);
    struct sm_wait waits[] = {{sm_stream_waitable(server), SM_READ, 0},
                              {sm_stream_waitable(client), SM_READ | SM_WRITE, 0}};
    ck_assert_int_eq(sm_wait_any(waits, 1, 0), -ETIMEDOUT);
    ck_assert_int_eq(sm_wait_any(waits, 2, SM_FOREVER), 1);
    ck_assert_uint_eq(waits[1].ready, SM_WRITE);
    ck_assert_int_eq(sm_stream_write(client, "x", 1, SM_FOREVER), 1);
    ck_assert_int_eq(sm_wait_any(waits, 1, sm_now() + SM_S), 0);
    ck_assert_uint_eq(waits[0].ready, SM_READ);
    sm_stream_close(client);
    sm_stream_close(server);
}

CONFORMANCE_TESTS(sync, mutex_is_not_recursive, mutex_is_fair, channel_keeps_order, channel_closes,
                  channel_close_wakes, channel_bad_arguments, wait_any_bad_arguments,
                  wait_any_names_the_first, wait_any_on_a_stream)
