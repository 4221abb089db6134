/* SPDX-License-Identifier: MIT */
/* The life of a factory: start, wait, stop, and what goes wrong on the way. */
#include "core/factory.h"
#include "tests/core/probe.h"
#include "tests/core/world.h"

#include <stdlib.h>

PROBE(a)
PROBE(b)
PROBE(c)

/* Every body below is the boot task of a machine; it gets a factory with a <- b <- c. */
static struct sm_factory *make_chain(void)
{
    struct sm_factory *factory;
    void *instance;
    ck_assert_int_eq(sm__factory_create_as(&factory, NULL, "machine", "lock", NULL), 0);
    sm_factory_register(factory, &a_daemon);
    sm_factory_register(factory, &b_daemon);
    b_spec.needs = "a";
    c_spec.needs = "b";
    ck_assert_int_eq(sm_factory_get(factory, &c_daemon, &instance), 0);
    PROBE_TRACED("construct a, construct b, construct c");
    return factory;
}

static void let_run(void)
{
    for (int i = 0; i < 5; i++)
        sm_yield();
}

static struct sm_factory *start_chain(void)
{
    struct sm_factory *factory = make_chain();
    ck_assert_int_eq(sm_factory_start(factory, SM_FOREVER), 0);
    let_run();
    PROBE_TRACED("prepare a, prepare b, prepare c, run a, run b, run c");
    return factory;
}

static void destroy_chain(struct sm_factory *factory)
{
    sm_factory_destroy(factory);
    PROBE_TRACED("destroy c, destroy b, destroy a");
}

#define IN_WORLD(test_, body_, about_)                                                             \
    START_TEST(test_)                                                                              \
    {                                                                                              \
        struct sim_options options = {                                                             \
            .seed = 1, .policy = SIM_POLICY_FIFO, .log_level = SM_LOG_TRACE};                      \
        static struct tw tw;                                                                       \
        tw_create(&tw, 1, &options, body_, NULL);                                                  \
        tw_run(&tw, 3600 * SM_S);                                                                  \
        ck_assert_msg(tw.failure.kind == 0, "%s", tw.failure.text);                                \
        ck_assert_msg(body_ended, "the body is stuck");                                            \
        tw_destroy(&tw);                                                                           \
    }                                                                                              \
    END_TEST

static bool body_ended;

static int end(void)
{
    body_ended = true;
    return 0;
}

/* ---- the usual life ---- */

static int usual_life(void *arg, struct sim_machine *machine)
{
    (void)arg, (void)machine;
    a_spec.run_ns = b_spec.run_ns = c_spec.run_ns = SM_FOREVER;
    a_spec.prepare_ns = b_spec.prepare_ns = SM_MS;
    struct sm_factory *factory = start_chain();
    ck_assert_int_eq(sm_now(), 2 * SM_MS);
    ck_assert_int_eq(sm_factory_start(factory, SM_FOREVER), -EALREADY);
    ck_assert_int_eq(sm_factory_wait(factory, sm_now() + SM_S), -ETIMEDOUT);
    ck_assert(!sm_factory_stopping(factory));
    ck_assert_int_eq(sm_factory_stop(factory, SM_FOREVER), 0);
    ck_assert(sm_factory_stopping(factory));
    PROBE_TRACED("cancelled c, stop c, cancelled b, stop b, cancelled a, stop a");
    ck_assert_int_eq(sm_factory_stop(factory, SM_FOREVER), 0);
    ck_assert_int_eq(sm_factory_start(factory, SM_FOREVER), -ECANCELED);
    ck_assert_str_eq(sm_factory_detail(factory), "");
    destroy_chain(factory);
    return end();
}

/* Daemons come up in the order of construction, one at a time, and go down in reverse. */
IN_WORLD(usual, usual_life, "")

static int runs_return(void *arg, struct sim_machine *machine)
{
    (void)arg, (void)machine;
    a_spec.run_ns = SM_S;
    struct sm_factory *factory = start_chain();
    ck_assert_int_eq(sm_factory_wait(factory, SM_FOREVER), 0);
    ck_assert_int_eq(sm_now(), SM_S);
    ck_assert_int_eq(sm_factory_stop(factory, SM_FOREVER), 0);
    PROBE_TRACED("stop c, stop b, stop a");
    destroy_chain(factory);
    return end();
}

/* Wait returns 0 once all runs have returned; what is done is still stopped properly. */
IN_WORLD(all_done, runs_return, "")

static int never_started(void *arg, struct sim_machine *machine)
{
    (void)arg, (void)machine;
    struct sm_factory *factory = make_chain(), *child;
    ck_assert_int_eq(sm_factory_stop(factory, SM_FOREVER), 0);
    ck_assert_int_eq(sm_factory_create(&child, factory, "child"), -ECANCELED);
    PROBE_TRACED("");
    destroy_chain(factory);
    return end();
}

/* Without a prepare there is no stop hook; a stopped factory takes no children. */
IN_WORLD(not_started, never_started, "")

/* ---- failures ---- */

static int prepare_fails(void *arg, struct sim_machine *machine)
{
    (void)arg, (void)machine;
    b_spec.prepare_error = -EADDRINUSE;
    b_spec.words = "port 7000";
    struct sm_factory *factory = make_chain();
    ck_assert_int_eq(sm_factory_start(factory, SM_FOREVER), -EADDRINUSE);
    ck_assert_str_eq(sm_factory_detail(factory),
                     "machine 'lock': daemon 'b': prepare: address in use (port 7000)");
    ck_assert_str_eq(sm__factory_failed_daemon(factory), "b");
    PROBE_TRACED("prepare a, prepare b, stop b, stop a");
    ck_assert_int_eq(sm_factory_stop(factory, SM_FOREVER), 0);
    destroy_chain(factory);
    return end();
}

/* A prepare that fails: no run starts, and what was prepared is stopped in reverse. */
IN_WORLD(failing_prepare, prepare_fails, "")

static int prepare_late(void *arg, struct sim_machine *machine)
{
    (void)arg, (void)machine;
    a_spec.prepare_ns = b_spec.prepare_ns = 6 * SM_S;
    a_spec.stop_ns = SM_S;
    struct sm_factory *factory = make_chain();
    ck_assert_int_eq(sm_factory_start(factory, 10 * SM_S), -ETIMEDOUT);
    ck_assert_str_eq(sm_factory_detail(factory), "machine 'lock': daemon 'b': prepare: timed out");
    PROBE_TRACED("prepare a, prepare b, stop b, stop a");
    ck_assert_int_eq(sm_now(), 11 * SM_S);
    destroy_chain(factory);
    return end();
}

/* The deadline is for all prepares together; the undoing has time of its own. */
IN_WORLD(late_prepare, prepare_late, "")

static int start_in_task(void *factory)
{
    return sm_factory_start(factory, SM_FOREVER);
}

static int start_cancelled(void *arg, struct sim_machine *machine)
{
    (void)arg, (void)machine;
    struct sm_task *task;
    int result;
    b_spec.prepare_ns = SM_FOREVER;
    a_spec.stop_ns = SM_S;
    struct sm_factory *factory = make_chain();
    sm_task_spawn(&task, "starter", start_in_task, factory);
    sm_sleep(SM_S);
    sm_task_cancel(task);
    ck_assert_int_eq(sm_task_join(task, &result, SM_FOREVER), 0);
    ck_assert_int_eq(result, -ECANCELED);
    PROBE_TRACED("prepare a, prepare b, stop b, stop a");
    ck_assert_int_eq(sm_now(), 2 * SM_S);
    destroy_chain(factory);
    return end();
}

/* A cancelled start undoes what it did, in spite of the cancellation. */
IN_WORLD(cancelled_start, start_cancelled, "")

static int stopped_while_preparing(void *arg, struct sim_machine *machine)
{
    (void)arg, (void)machine;
    struct sm_task *task;
    int result;
    b_spec.prepare_ns = SM_FOREVER;
    struct sm_factory *factory = make_chain();
    sm_task_spawn(&task, "starter", start_in_task, factory);
    sm_sleep(SM_S);
    ck_assert_int_eq(sm_factory_stop(factory, SM_FOREVER), 0);
    destroy_chain(factory); /* while the starter has not yet left the call */
    ck_assert_int_eq(sm_task_join(task, &result, SM_FOREVER), 0);
    ck_assert_int_eq(result, -ECANCELED);
    return end();
}

#undef destroy_chain

/* A stop from elsewhere ends a start; the factory may be destroyed before the starter has noticed. */
START_TEST(stop_beats_start)
{
    static struct tw tw;
    struct sim_options options = {.seed = 1, .policy = SIM_POLICY_FIFO};
    tw_create(&tw, 1, &options, stopped_while_preparing, NULL);
    tw_run(&tw, 3600 * SM_S);
    tw_destroy(&tw);
}
END_TEST
