/* SPDX-License-Identifier: MIT */
/*
 * Children that may live on other workers. In production the machine has two, and the first child
 * of a body goes to the second; in simulation all of them are tasks of one thread.
 */
#include "tests/conformance/conformance.h"

#include <string.h>

#define ITEMS 50
#define SOON  (sm_now() + 10 * SM_S)

static struct sm_channel *channel;
static sm_task_fn child_fn; /* what a child's daemon runs */

static int child_run(void *self)
{
    return child_fn(self);
}

static const struct sm_daemon_type child_daemon = {.size_bytes = sizeof(struct sm_daemon_type),
                                                   .flags = SM_DAEMON_REENTRANT,
                                                   .name = "child",
                                                   .instance_bytes = sizeof(int),
                                                   .run = child_run};

static struct sm_factory *start_child(const char *name, sm_task_fn fn)
{
    struct sm_factory *child;
    void *instance;

    child_fn = fn;
    ck_assert_int_eq(sm_factory_create(&child, conformance_factory(), name), 0);
    ck_assert_int_eq(sm_factory_get(child, &child_daemon, &instance), 0);
    ck_assert_int_eq(sm_factory_start(child, SOON), 0);
    return child;
}

static void stop_child(struct sm_factory *child)
{
    ck_assert_int_eq(sm_factory_stop(child, SOON), 0);
    sm_factory_destroy(child);
}

/* ---- channels ---- */

static int sends(void *unused)
{
    (void)unused;
    for (int i = 0; i < ITEMS; i++)
        ck_assert_int_eq(sm_channel_send(channel, &i, SOON), 0);
    sm_channel_close(channel);
    return 0;
}

/* What one child sends, the body receives: in order, all of it, through fewer places. */
CONFORMS(workers_channel_keeps_order)
{
    int item, expected = 0;

    ck_assert_int_eq(sm_channel_create(&channel, 2, sizeof(int)), 0);
    struct sm_factory *child = start_child("sender", sends);
    while (sm_channel_receive(channel, &item, SOON) == 0)
        ck_assert_int_eq(item, expected++);
    ck_assert_int_eq(expected, ITEMS);
    ck_assert_int_eq(sm_channel_receive(channel, &item, SOON), -SM_ECLOSED);
    ck_assert_int_eq(sm_factory_wait(child, SOON), 0);
    stop_child(child);
    sm_channel_destroy(channel);
}

static int receive_result;

static int receives(void *unused)
{
    int item;
    (void)unused;
    receive_result = sm_channel_receive(channel, &item, SM_FOREVER);
    return receive_result == -SM_ECLOSED ? 0 : receive_result;
}

/* A close ends the wait of a child. */
CONFORMS(workers_channel_close_wakes)
{
    ck_assert_int_eq(sm_channel_create(&channel, 1, sizeof(int)), 0);
    struct sm_factory *child = start_child("receiver", receives);
    sm_sleep(CONFORMANCE_WAIT);
    sm_channel_close(channel);
    ck_assert_int_eq(sm_factory_wait(child, SOON), 0);
    ck_assert_int_eq(receive_result, -SM_ECLOSED);
    stop_child(child);
    sm_channel_destroy(channel);
}

/* A child that waits on a channel is cancelled when it stops, and has taken nothing. */
CONFORMS(workers_channel_stop_cancels)
{
    int item = 3;

    ck_assert_int_eq(sm_channel_create(&channel, 1, sizeof(int)), 0);
    struct sm_factory *child = start_child("receiver", receives);
    sm_sleep(CONFORMANCE_WAIT);
    stop_child(child);
    ck_assert_int_eq(receive_result, -ECANCELED);
    ck_assert_int_eq(sm_channel_send(channel, &item, 0), 0);
    ck_assert_uint_eq(sm_channel_count(channel), 1);
    sm_channel_destroy(channel);
}

static int watches(void *unused)
{
    struct sm_wait wait = {.object = sm_channel_waitable(channel), .interest = SM_READ};
    int item, error;

    (void)unused;
    error = sm_wait_any(&wait, 1, SOON);
    return error ? error : sm_channel_receive(channel, &item, 0);
}

/* sm_wait_any on a channel hears of what another factory sends. */
CONFORMS(workers_channel_waitable)
{
    const int item = 9;

    ck_assert_int_eq(sm_channel_create(&channel, 1, sizeof(int)), 0);
    struct sm_factory *child = start_child("watcher", watches);
    sm_sleep(CONFORMANCE_WAIT);
    ck_assert_int_eq(sm_channel_send(channel, &item, SOON), 0);
    ck_assert_int_eq(sm_factory_wait(child, SOON), 0);
    stop_child(child);
    sm_channel_destroy(channel);
}

/* ---- calls and lives ---- */

struct tally {
    int value;
};
static const struct sm_daemon_type tally_daemon = {SM_DAEMON_HEAD(tally)}; /* of one thread */

static int counts(void *by)
{
    void *tally;
    ck_assert_int_eq(sm_factory_get(sm_factory_self(), &tally_daemon, &tally), 0);
    ((struct tally *)tally)->value += *(int *)by;
    return ((struct tally *)tally)->value;
}

static int calls_parent(void *unused)
{
    int by = 2;
    (void)unused;
    for (int i = 1; i <= 5; i++)
        ck_assert_int_eq(sm_call(sm_factory_parent(sm_factory_self()), counts, &by), 2 * i);
    return 0;
}

/* A child uses a daemon of its parent that only one thread may enter, by sm_call; and the parent
 * gets into the child in the same way. */
CONFORMS(workers_call)
{
    void *tally;
    int by = 1;

    ck_assert_int_eq(sm_factory_get(conformance_factory(), &tally_daemon, &tally), 0);
    struct sm_factory *child = start_child("caller", calls_parent);
    ck_assert_int_eq(sm_factory_wait(child, SOON), 0);
    ck_assert_int_eq(((struct tally *)tally)->value, 10);
    stop_child(child);
    ck_assert_int_eq(sm_call(conformance_factory(), counts, &by), 11);
}

static int depends_construct(void *self, struct sm_factory *factory)
{
    return sm_factory_get(factory, &tally_daemon, self);
}

static int depends_run(void *self)
{
    struct tally **tally = self;
    void *again;

    (*tally)->value++;
    ck_assert_int_eq(sm_factory_get(sm_factory_self(), &tally_daemon, &again), 0);
    ck_assert_ptr_eq(again, *tally);
    return 0;
}

static const struct sm_daemon_type depends_daemon = {.size_bytes = sizeof(struct sm_daemon_type),
                                                     .flags = SM_DAEMON_REENTRANT,
                                                     .name = "depends",
                                                     .instance_bytes = sizeof(struct tally *),
                                                     .construct = depends_construct,
                                                     .run = depends_run};

/* A child that asked for such a daemon when it was constructed has it: it lives with its parent. */
CONFORMS(workers_dependency)
{
    struct sm_factory *child;
    void *tally, *instance;

    ck_assert_int_eq(sm_factory_get(conformance_factory(), &tally_daemon, &tally), 0);
    ck_assert_int_eq(sm_factory_create(&child, conformance_factory(), "c"), 0);
    ck_assert_int_eq(sm_factory_get(child, &depends_daemon, &instance), 0);
    ck_assert_int_eq(sm_factory_start(child, SOON), 0);
    ck_assert_int_eq(sm_factory_wait(child, SOON), 0);
    ck_assert_int_eq(((struct tally *)tally)->value, 1);
    stop_child(child);
}

static int fails(void *unused)
{
    (void)unused;
    return sm_factory_fail(sm_factory_self(), -ENOSPC, "all of it");
}

/* What fails in a child is told to whoever waits for it, in words, and once. */
CONFORMS(workers_failure)
{
    struct sm_factory *child = start_child("bad", fails);

    ck_assert_int_eq(sm_factory_wait(child, SOON), -ENOSPC);
    ck_assert_ptr_nonnull(
        strstr(sm_factory_detail(child), "factory 'bad': daemon 'child': run: no space left"));
    stop_child(child);
}

static int waits(void *unused)
{
    (void)unused;
    return sm_sleep_until(SM_FOREVER);
}

/* A wait for a child ends by its deadline; its name is taken until it is destroyed. */
CONFORMS(workers_wait)
{
    struct sm_factory *child = start_child("waits", waits), *other;

    ck_assert_int_eq(sm_factory_wait(child, sm_now() + CONFORMANCE_WAIT), -ETIMEDOUT);
    ck_assert_int_eq(sm_factory_create(&other, conformance_factory(), "waits"), -EEXIST);
    ck_assert_int_eq(sm_factory_start(child, SOON), -EALREADY);
    stop_child(child);
    ck_assert_int_eq(sm_factory_create(&other, conformance_factory(), "waits"), 0);
    sm_factory_destroy(other);
}

static int calls_and_waits(void *unused)
{
    (void)unused;
    return sm_call(sm_factory_parent(sm_factory_self()), waits, NULL);
}

static int slow_stop(void *self, sm_time deadline)
{
    (void)self, (void)deadline;
    return sm_sleep(CONFORMANCE_WAIT);
}

static const struct sm_daemon_type slow_daemon = {.size_bytes = sizeof(struct sm_daemon_type),
                                                  .flags = SM_DAEMON_REENTRANT,
                                                  .name = "slow",
                                                  .stop = slow_stop};

/* A child that ends because what it asks of its parent is cancelled, as that stops, has not failed:
 * though its own turn to stop comes later. */
CONFORMS(workers_stop_from_above)
{
    struct sm_factory *parent, *caller, *slow;
    void *instance;

    child_fn = calls_and_waits;
    ck_assert_int_eq(sm_factory_create(&parent, conformance_factory(), "parent"), 0);
    ck_assert_int_eq(sm_factory_start(parent, SOON), 0);
    ck_assert_int_eq(sm_factory_create(&caller, parent, "caller"), 0);
    ck_assert_int_eq(sm_factory_get(caller, &child_daemon, &instance), 0);
    ck_assert_int_eq(sm_factory_start(caller, SOON), 0);
    ck_assert_int_eq(sm_factory_create(&slow, parent, "slow"), 0);
    ck_assert_int_eq(sm_factory_get(slow, &slow_daemon, &instance), 0);
    ck_assert_int_eq(sm_factory_start(slow, SOON), 0);
    sm_sleep(CONFORMANCE_WAIT);
    ck_assert_int_eq(sm_factory_stop(parent, SOON), 0);
    ck_assert_str_eq(sm_factory_detail(parent), "");
    sm_factory_destroy(parent);
}

CONFORMANCE_TESTS(workers, workers_channel_keeps_order, workers_channel_close_wakes,
                  workers_channel_stop_cancels, workers_channel_waitable, workers_call,
                  workers_dependency, workers_failure, workers_wait, workers_stop_from_above)
