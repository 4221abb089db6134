/* SPDX-License-Identifier: MIT */
#include "tests/conformance/cases.h"

void nothing(void)
{
}

static void begin(const struct net_case *c)
{
    c->set_up();
    c->event();
    ck_assert_int_eq(sm_sleep(CASE_SETTLE), 0);
}

static void check(const struct net_case *c, int result)
{
    ck_assert_msg(result == c->expected || result == c->otherwise, "%d (%s), not %d (%s)", result,
                  sm_strerror(result), c->expected, sm_strerror(c->expected));
    c->tear_down();
    peer_done();
}

static int call_for_ever(void *c)
{
    return ((const struct net_case *)c)->call(SM_FOREVER);
}

void after(const struct net_case *c)
{
    begin(c);
    check(c, c->call(case_soon()));
}

void until(const struct net_case *c)
{
    begin(c);
    const sm_time deadline = sm_now() + CASE_SHORT;
    const int result = c->call(deadline);
    ck_assert_int_ge(sm_now(), deadline);
    check(c, result);
}

void during(const struct net_case *c)
{
    struct sm_task *task;
    int result = 12345;

    c->set_up();
    ck_assert_int_eq(sm_task_spawn(&task, "waits", call_for_ever, (void *)c), 0);
    ck_assert_int_eq(sm_sleep(CASE_SETTLE), 0);
    c->event();
    ck_assert_int_eq(sm_task_join(task, &result, case_soon()), 0);
    check(c, result);
}

void cancelled(const struct net_case *c)
{
    begin(c);
    check(c, conformance_cancelled(call_for_ever, (void *)c));
}

void stopping(const struct net_case *c)
{
    begin(c);
    check(c, conformance_stopped(call_for_ever, (void *)c));
}
