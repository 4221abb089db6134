/* SPDX-License-Identifier: MIT */
/*
 * The matrix: every call that waits, times every way in which a wait ends.
 *
 * A row says how to make something to wait for, what the call is, and what ends the wait. What each
 * column proves stands above it.
 */
#include "tests/conformance/conformance.h"

#define SHORT (4 * SM_MS)

struct row {
    void (*set_up)(void);
    int (*call)(sm_time deadline);
    void (*let)(void); /* what the call waits for happens */
    void (*tear_down)(void);
    int success; /* what the call returns then */
};

/* ---- the columns ---- */

static int call_for_ever(void *row)
{
    return ((const struct row *)row)->call(SM_FOREVER);
}

/* What has happened before needs no wait. */
static void succeeds_after(const struct row *row)
{
    row->set_up();
    row->let();
    ck_assert_int_eq(row->call(SM_FOREVER), row->success);
    row->tear_down();
}

/* A call waits, and goes on when what it waits for happens. */
static void succeeds_later(const struct row *row)
{
    struct sm_task *task;
    int result = 12345;

    row->set_up();
    ck_assert_int_eq(sm_task_spawn(&task, "waits", call_for_ever, (void *)row), 0);
    ck_assert_int_eq(sm_sleep(CONFORMANCE_WAIT), 0);
    row->let();
    ck_assert_int_eq(sm_task_join(task, &result, sm_now() + 5 * SM_S), 0);
    ck_assert_int_eq(result, row->success);
    row->tear_down();
}

/* A deadline that has passed leaves no time to wait. */
static void deadline_has_passed(const struct row *row)
{
    row->set_up();
    ck_assert_int_eq(row->call(0), -ETIMEDOUT);
    ck_assert_int_eq(row->call(sm_now()), -ETIMEDOUT);
    row->let();
    ck_assert_int_eq(row->call(SM_FOREVER), row->success);
    row->tear_down();
}

/* A wait ends at its deadline, not before, and leaves everything as it was. */
static void deadline_passes(const struct row *row)
{
    row->set_up();
    const sm_time deadline = sm_now() + SHORT;
    ck_assert_int_eq(row->call(deadline), -ETIMEDOUT);
    ck_assert_int_ge(sm_now(), deadline);
    row->let();
    ck_assert_int_eq(row->call(SM_FOREVER), row->success);
    row->tear_down();
}

/* Cancellation ends a wait, and nothing is taken. */
static void is_cancelled(const struct row *row)
{
    row->set_up();
    ck_assert_int_eq(conformance_cancelled(call_for_ever, (void *)row), -ECANCELED);
    row->let();
    ck_assert_int_eq(row->call(SM_FOREVER), row->success);
    row->tear_down();
}

/* A cancelled task cannot even have what is there already. */
static void was_cancelled(const struct row *row)
{
    row->set_up();
    row->let();
    ck_assert_int_eq(conformance_cancelled_before(call_for_ever, (void *)row), -ECANCELED);
    ck_assert_int_eq(row->call(SM_FOREVER), row->success);
    row->tear_down();
}

/* A factory that stops ends the waits of its daemons. */
static void factory_stops(const struct row *row)
{
    row->set_up();
    ck_assert_int_eq(conformance_stopped(call_for_ever, (void *)row), -ECANCELED);
    row->let();
    ck_assert_int_eq(row->call(SM_FOREVER), row->success);
    row->tear_down();
}

/* ---- tools of the rows ---- */

static struct sm_event go;
static struct sm_task *helper;

static int wait_for_go(void *unused)
{
    (void)unused;
    return sm_event_wait(&go, SM_FOREVER);
}

static void nothing(void)
{
}

static void raise_go(void)
{
    sm_event_set(&go);
}

static void event_set_up(void)
{
    sm_event_init(&go);
}

static void event_tear_down(void)
{
    sm_event_finish(&go);
}

/* ---- events ---- */

static int event_call(sm_time deadline)
{
    return sm_event_wait(&go, deadline);
}

static const struct row event_row = {event_set_up, event_call, raise_go, event_tear_down, 0};

/* ---- mutexes: a helper holds it until it may go ---- */

static struct sm_mutex mutex;

static int hold_mutex(void *unused)
{
    (void)unused;
    ck_assert_int_eq(sm_mutex_lock(&mutex, SM_FOREVER), 0);
    ck_assert_int_eq(sm_event_wait(&go, SM_FOREVER), 0);
    sm_mutex_unlock(&mutex);
    return 0;
}

static void mutex_set_up(void)
{
    sm_event_init(&go);
    sm_mutex_init(&mutex);
    ck_assert_int_eq(sm_task_spawn(&helper, "holds", hold_mutex, NULL), 0);
    ck_assert_int_eq(sm_sleep(SM_MS), 0);
}

static int mutex_call(sm_time deadline)
{
    const int error = sm_mutex_lock(&mutex, deadline);

    if (!error)
        sm_mutex_unlock(&mutex);
    return error;
}

static void mutex_tear_down(void)
{
    ck_assert_int_eq(sm_task_join(helper, NULL, SM_FOREVER), 0);
    sm_mutex_finish(&mutex);
    sm_event_finish(&go);
}

static const struct row mutex_row = {mutex_set_up, mutex_call, raise_go, mutex_tear_down, 0};

/* ---- wait groups ---- */

static struct sm_wait_group group;

static void group_set_up(void)
{
    sm_wait_group_init(&group);
    sm_wait_group_add(&group, 1);
}

static int group_call(sm_time deadline)
{
    return sm_wait_group_wait(&group, deadline);
}

static void group_let(void)
{
    sm_wait_group_done(&group);
}

static void group_tear_down(void)
{
    sm_wait_group_finish(&group);
}

static const struct row group_row = {group_set_up, group_call, group_let, group_tear_down, 0};

/* ---- channels ---- */

static struct sm_channel *channel;

static void channel_set_up(void)
{
    ck_assert_int_eq(sm_channel_create(&channel, 1, sizeof(int)), 0);
}

static void channel_set_up_full(void)
{
    const int item = 1;

    channel_set_up();
    ck_assert_int_eq(sm_channel_send(channel, &item, SM_FOREVER), 0);
}

static int send_call(sm_time deadline)
{
    const int item = 2;
    return sm_channel_send(channel, &item, deadline);
}

static int receive_call(sm_time deadline)
{
    int item;
    return sm_channel_receive(channel, &item, deadline);
}

static void receive_one(void)
{
    ck_assert_int_eq(receive_call(SM_FOREVER), 0);
}

static void send_one(void)
{
    ck_assert_int_eq(send_call(SM_FOREVER), 0);
}

static void channel_tear_down(void)
{
    sm_channel_destroy(channel);
}

static const struct row send_row = {channel_set_up_full, send_call, receive_one, channel_tear_down,
                                    0};
static const struct row receive_row = {channel_set_up, receive_call, send_one, channel_tear_down,
                                       0};

/* ---- join ---- */

static void join_set_up(void)
{
    sm_event_init(&go);
    ck_assert_int_eq(sm_task_spawn(&helper, "waits for go", wait_for_go, NULL), 0);
}

static int join_call(sm_time deadline)
{
    return sm_task_join(helper, NULL, deadline);
}

static const struct row join_row = {join_set_up, join_call, raise_go, event_tear_down, 0};

/* ---- any of several ---- */

static struct sm_event never;

static void any_set_up(void)
{
    sm_event_init(&never);
    sm_event_init(&go);
}

static int any_call(sm_time deadline)
{
    struct sm_wait waits[] = {{&never.waitable, SM_READ, 0}, {&go.waitable, SM_READ, 0}};
    return sm_wait_any(waits, 2, deadline);
}

static void any_tear_down(void)
{
    sm_event_finish(&never);
    sm_event_finish(&go);
}

static const struct row any_row = {any_set_up, any_call, raise_go, any_tear_down, 1};

/* ---- a factory whose daemon runs until it may go ---- */

struct goer {
    char unused;
};

static const struct sm_daemon_type goer_type = {SM_DAEMON_HEAD(goer), .run = wait_for_go};
static struct sm_factory *factory;

static void factory_set_up(void)
{
    void *instance;

    sm_event_init(&go);
    ck_assert_int_eq(sm_factory_create(&factory, conformance_factory(), "waited for"), 0);
    ck_assert_int_eq(sm_factory_get(factory, &goer_type, &instance), 0);
    ck_assert_int_eq(sm_factory_start(factory, sm_now() + SM_S), 0);
}

static int factory_call(sm_time deadline)
{
    return sm_factory_wait(factory, deadline);
}

static void factory_tear_down(void)
{
    ck_assert_int_eq(sm_factory_stop(factory, sm_now() + SM_S), 0);
    sm_factory_destroy(factory);
    sm_event_finish(&go);
}

static const struct row factory_row = {factory_set_up, factory_call, raise_go, factory_tear_down,
                                       0};

/* ---- leases ---- */

static struct sm_lease *lease;

static int fill_nothing(struct sm_factory *child, void *arg)
{
    (void)child, (void)arg;
    return 0;
}

static void lease_set_up(void)
{
    ck_assert_int_eq(sm_lease_create(&lease, conformance_factory(), "lease", fill_nothing, NULL),
                     0);
    ck_assert_int_eq(sm_lease_acquired(lease, 1, sm_now() + 3600 * SM_S), 0);
}

static int lease_call(sm_time deadline)
{
    return sm_lease_wait_lost(lease, deadline);
}

static void lose_lease(void)
{
    ck_assert_int_eq(sm_lease_lose(lease, "test", sm_now() + SM_S), 0);
}

static void lease_tear_down(void)
{
    sm_lease_destroy(lease);
}

static const struct row lease_row = {lease_set_up, lease_call, lose_lease, lease_tear_down, 0};

/* ---- connections ---- */

static struct sm_listener *listener;
static struct sm_stream *ours, *theirs;
static uint64_t stuffed;

static void accept_set_up(void)
{
    ck_assert_int_eq(sm_listener_open(sm_net_get(conformance_factory()), &listener, 0, 4), 0);
    ours = theirs = NULL;
}

static int accept_call(sm_time deadline)
{
    return sm_listener_accept(listener, &theirs, NULL, deadline);
}

static void connect_to_it(void)
{
    struct sm_net *net = sm_net_get(conformance_factory());
    const struct sm_address to = {.ip = sm_net_ip(net), .port = sm_listener_port(listener)};

    ck_assert_int_eq(sm_stream_connect(net, &ours, &to, sm_now() + SM_S), 0);
}

static void streams_tear_down(void)
{
    sm_stream_close(ours);
    sm_stream_close(theirs);
}

static void accept_tear_down(void)
{
    streams_tear_down();
    sm_listener_close(listener);
}

static const struct row accept_row = {accept_set_up, accept_call, connect_to_it, accept_tear_down,
                                      0};

static void streams_set_up(void)
{
    conformance_connect(&ours, &theirs);
}

static int read_call(sm_time deadline)
{
    char buffer[16];
    return sm_stream_read(ours, buffer, sizeof buffer, deadline);
}

static void write_a_byte(void)
{
    ck_assert_int_eq(sm_stream_write(theirs, "x", 1, SM_FOREVER), 1);
    ck_assert_int_eq(sm_sleep(SM_MS), 0);
}

static const struct row read_row = {streams_set_up, read_call, write_a_byte, streams_tear_down, 1};

/* Any count is as good as another. */
static int write_call(sm_time deadline)
{
    static const char bytes[65536];
    const int count = sm_stream_write(ours, bytes, sizeof bytes, deadline);

    stuffed += count > 0 ? (uint64_t)count : 0;
    return count > 0 ? 1 : count;
}

/* Writes until nothing moves any more. */
static void stuffed_set_up(void)
{
    conformance_connect(&ours, &theirs);
    stuffed = 0;
    while (write_call(sm_now() + 100 * SM_MS) == 1) {
    }
}

static void drain(void)
{
    static char bytes[65536];
    uint64_t total = 0;

    while (total < stuffed) {
        const int count = sm_stream_read(theirs, bytes, sizeof bytes, sm_now() + SM_S);
        ck_assert_int_gt(count, 0);
        total += (uint64_t)count;
    }
    ck_assert_int_eq(sm_sleep(SM_MS), 0);
}

static const struct row write_row = {stuffed_set_up, write_call, drain, streams_tear_down, 1};

/* ---- datagrams ---- */

static struct sm_datagram *receiver, *sender;

static void datagram_set_up(void)
{
    ck_assert_int_eq(sm_datagram_open(sm_net_get(conformance_factory()), &receiver, 0), 0);
    ck_assert_int_eq(sm_datagram_open(sm_net_get(conformance_factory()), &sender, 0), 0);
}

static int datagram_call(sm_time deadline)
{
    char buffer[16];
    return sm_datagram_receive(receiver, buffer, sizeof buffer, NULL, deadline);
}

static void send_datagram(void)
{
    const struct sm_address to = {.ip = sm_net_ip(sm_net_get(conformance_factory())),
                                  .port = sm_datagram_port(receiver)};

    ck_assert_int_eq(sm_datagram_send(sender, &to, "abc", 3), 0);
    ck_assert_int_eq(sm_sleep(SM_MS), 0);
}

static void datagram_tear_down(void)
{
    sm_datagram_close(receiver);
    sm_datagram_close(sender);
}

static const struct row datagram_row = {datagram_set_up, datagram_call, send_datagram,
                                        datagram_tear_down, 3};

/* ---- sleeping: nothing but time ends it ---- */

static sm_time wake_at;

static void sleep_set_up(void)
{
    wake_at = SM_FOREVER;
}

static int sleep_call(sm_time unused)
{
    (void)unused;
    return sm_sleep_until(wake_at);
}

static void sleep_let(void)
{
    wake_at = sm_now() + SHORT;
}

static const struct row sleep_row = {sleep_set_up, sleep_call, sleep_let, nothing, 0};

/* ---- the matrix ---- */

#define CELL(row_, column_)    \
    CONFORMS(row_##_##column_) \
    {                          \
        column_(&row_##_row);  \
    }
#define ROW_UNTIMED(row_)      \
    CELL(row_, succeeds_after) \
    CELL(row_, is_cancelled)   \
    CELL(row_, was_cancelled)  \
    CELL(row_, factory_stops)
#define ROW(row_)                   \
    ROW_UNTIMED(row_)               \
    CELL(row_, succeeds_later)      \
    CELL(row_, deadline_has_passed) \
    CELL(row_, deadline_passes)
#define UNTIMED_TESTS(row_) \
    row_##_succeeds_after, row_##_is_cancelled, row_##_was_cancelled, row_##_factory_stops
#define TESTS(row_) \
    UNTIMED_TESTS(row_), row_##_succeeds_later, row_##_deadline_has_passed, row_##_deadline_passes

ROW(event)
ROW(mutex)
ROW(group)
ROW(send)
ROW(receive)
ROW(join)
ROW(any)
ROW(factory)
ROW(lease)
ROW(accept)
ROW(read)
ROW(write)
ROW(datagram)
ROW_UNTIMED(sleep)

CONFORMANCE_TESTS(matrix, TESTS(event), TESTS(mutex), TESTS(group), TESTS(send), TESTS(receive),
                  TESTS(join), TESTS(any), TESTS(factory), TESTS(lease), TESTS(accept), TESTS(read),
                  TESTS(write), TESTS(datagram), UNTIMED_TESTS(sleep))
