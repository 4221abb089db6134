/* SPDX-License-Identifier: MIT */
#include "tests/conformance/conformance.h"

#include <stddef.h>

struct work {
    sm_task_fn fn;
    void *arg;
    int result;
};

/* ---- a daemon that does what it is told ---- */

static struct work daemon_work;

struct worker_daemon {
    char unused;
};

static int worker_daemon_run(void *self)
{
    (void)self;
    daemon_work.result = daemon_work.fn(daemon_work.arg);
    return daemon_work.result < 0 ? daemon_work.result : 0;
}

static const struct sm_daemon_type worker_daemon_type = {SM_DAEMON_HEAD(worker_daemon),
                                                         .run = worker_daemon_run};

int conformance_stopped(sm_task_fn fn, void *arg)
{
    struct sm_factory *factory;
    void *instance;

    daemon_work = (struct work){fn, arg, 12345};
    ck_assert_int_eq(sm_factory_create(&factory, conformance_factory(), "stopped"), 0);
    ck_assert_int_eq(sm_factory_get(factory, &worker_daemon_type, &instance), 0);
    ck_assert_int_eq(sm_factory_start(factory, sm_now() + SM_S), 0);
    ck_assert_int_eq(sm_sleep(CONFORMANCE_WAIT), 0);
    ck_assert_int_eq(daemon_work.result, 12345);
    ck_assert_int_eq(sm_factory_stop(factory, sm_now() + 5 * SM_S), 0);
    sm_factory_destroy(factory);
    return daemon_work.result;
}

/* ---- cancellation ---- */

int conformance_cancelled(sm_task_fn fn, void *arg)
{
    struct sm_task *task;
    int result = 0;

    ck_assert_int_eq(sm_task_spawn(&task, "cancelled", fn, arg), 0);
    ck_assert_int_eq(sm_sleep(CONFORMANCE_WAIT), 0);
    sm_task_cancel(task);
    ck_assert_int_eq(sm_task_join(task, &result, sm_now() + 5 * SM_S), 0);
    return result;
}

int conformance_cancelled_before(sm_task_fn fn, void *arg)
{
    struct sm_task *task;
    int result = 0;

    ck_assert_int_eq(sm_task_spawn(&task, "cancelled before", fn, arg), 0);
    sm_task_cancel(task);
    ck_assert_int_eq(sm_task_join(task, &result, sm_now() + 5 * SM_S), 0);
    return result;
}

/* ---- connections ---- */

void conformance_connect(struct sm_stream **client, struct sm_stream **server)
{
    struct sm_net *net = sm_net_get(conformance_factory());
    struct sm_listener *listener;

    ck_assert_int_eq(sm_listener_open(net, &listener, 0, 1), 0);
    const struct sm_address to = {.ip = sm_net_ip(net), .port = sm_listener_port(listener)};
    ck_assert_int_eq(sm_stream_connect(net, client, &to, sm_now() + SM_S), 0);
    ck_assert_int_eq(sm_listener_accept(listener, server, NULL, sm_now() + SM_S), 0);
    sm_listener_close(listener);
}
