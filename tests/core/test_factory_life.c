/* SPDX-License-Identifier: MIT */
/* The life of a factory: start, wait, stop, and what goes wrong on the way. */
#include "core/factory.h"
#include "tests/core/probe.h"

PROBE(a)
PROBE(b)
PROBE(c)

/* A factory with three daemons, each of which needs the one before it. */
static struct sm_factory *make(struct sm_factory *parent, const char *name)
{
    struct sm_factory *factory;
    void *instance;
    ck_assert_int_eq(sm__factory_create_as(&factory, parent, "machine", name, NULL), 0);
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

static struct sm_factory *make_started(void)
{
    struct sm_factory *factory = make(NULL, "lock");
    ck_assert_int_eq(sm_factory_start(factory, SM_FOREVER), 0);
    let_run();
    PROBE_TRACED("prepare a, prepare b, prepare c, run a, run b, run c");
    return factory;
}

static void destroy(struct sm_factory *factory)
{
    sm_factory_destroy(factory);
    PROBE_TRACED("destroy c, destroy b, destroy a");
}

/* ---- the usual life ---- */

/* Daemons come up in the order of construction, one at a time, and go down in reverse. */
IN_WORLD(usual_life)
{
    a_spec.run_ns = b_spec.run_ns = c_spec.run_ns = SM_FOREVER;
    a_spec.prepare_ns = b_spec.prepare_ns = SM_MS;
    struct sm_factory *factory = make_started();
    ck_assert_int_eq(sm_now(), 2 * SM_MS);
    ck_assert_int_eq(sm_factory_start(factory, SM_FOREVER), -EALREADY);
    ck_assert_int_eq(sm_factory_wait(factory, sm_now() + SM_S), -ETIMEDOUT);
    ck_assert(!sm_factory_stopping(factory));
    ck_assert_int_eq(sm_factory_stop(factory, SM_FOREVER), 0);
    ck_assert(sm_factory_stopping(factory));
    PROBE_TRACED("cancelled c, stop c, cancelled b, stop b, cancelled a, stop a");
    ck_assert_int_eq(sm_factory_stop(factory, SM_FOREVER), 0);
    ck_assert_int_eq(sm_factory_start(factory, SM_FOREVER), -ECANCELED);
    ck_assert_int_eq(sm_factory_wait(factory, SM_FOREVER), -ECANCELED);
    ck_assert_str_eq(sm_factory_detail(factory), "");
    destroy(factory);
}

/* Wait returns 0 once all runs have returned; what is done is still stopped properly. */
IN_WORLD(runs_return)
{
    a_spec.run_ns = SM_S;
    struct sm_factory *factory = make_started();
    ck_assert_int_eq(sm_factory_wait(factory, SM_FOREVER), 0);
    ck_assert_int_eq(sm_now(), SM_S);
    ck_assert_int_eq(sm_factory_stop(factory, SM_FOREVER), 0);
    PROBE_TRACED("stop c, stop b, stop a");
    destroy(factory);
}

/* Without a prepare there is no stop hook; a stopped factory takes no children. */
IN_WORLD(never_started)
{
    struct sm_factory *factory = make(NULL, "lock"), *child;
    ck_assert_int_eq(sm_factory_stop(factory, SM_FOREVER), 0);
    ck_assert_int_eq(sm_factory_create(&child, factory, "child"), -ECANCELED);
    PROBE_TRACED("");
    destroy(factory);
}

/* ---- start ---- */

/* A prepare that fails: no run starts, and what was prepared is stopped in reverse. */
IN_WORLD(prepare_fails)
{
    b_spec.prepare_error = -EADDRINUSE;
    b_spec.words = "port 7000";
    struct sm_factory *factory = make(NULL, "lock");
    ck_assert_int_eq(sm_factory_start(factory, SM_FOREVER), -EADDRINUSE);
    ck_assert_str_eq(sm_factory_detail(factory),
                     "machine 'lock': daemon 'b': prepare: address in use (port 7000)");
    ck_assert_str_eq(sm__factory_failed_daemon(factory), "b");
    PROBE_TRACED("prepare a, prepare b, stop b, stop a");
    ck_assert_int_eq(sm_factory_stop(factory, SM_FOREVER), 0);
    destroy(factory);
}

/* What fails while a failed start is undone is told as well, after the cause. */
IN_WORLD(undo_fails)
{
    b_spec.prepare_error = -EADDRINUSE;
    a_spec.stop_error = -EIO;
    struct sm_factory *factory = make(NULL, "lock");
    ck_assert_int_eq(sm_factory_start(factory, SM_FOREVER), -EADDRINUSE);
    ck_assert_str_eq(sm_factory_detail(factory),
                     "machine 'lock': daemon 'b': prepare: address in use\n"
                     "machine 'lock': daemon 'a': stop: input/output error");
    sm_factory_destroy(factory);
}

/* The deadline is for all prepares together; the undoing has time of its own. */
IN_WORLD(prepare_late)
{
    a_spec.prepare_ns = b_spec.prepare_ns = 6 * SM_S;
    a_spec.stop_ns = SM_S;
    struct sm_factory *factory = make(NULL, "lock");
    ck_assert_int_eq(sm_factory_start(factory, 10 * SM_S), -ETIMEDOUT);
    ck_assert_str_eq(sm_factory_detail(factory), "machine 'lock': daemon 'b': prepare: timed out");
    PROBE_TRACED("prepare a, prepare b, stop b, stop a");
    ck_assert_int_eq(sm_now(), 11 * SM_S);
    destroy(factory);
}

static int start_in_task(void *factory)
{
    return sm_factory_start(factory, SM_FOREVER);
}

static int result_of(struct sm_task *task)
{
    int result;
    ck_assert_int_eq(sm_task_join(task, &result, SM_FOREVER), 0);
    return result;
}

/* A cancelled start undoes what it did, in spite of the cancellation. */
IN_WORLD(start_cancelled)
{
    struct sm_task *task;
    b_spec.prepare_ns = SM_FOREVER;
    a_spec.stop_ns = SM_S;
    struct sm_factory *factory = make(NULL, "lock");
    sm_task_spawn(&task, "starter", start_in_task, factory);
    sm_sleep(SM_S);
    sm_task_cancel(task);
    ck_assert_int_eq(result_of(task), -ECANCELED);
    PROBE_TRACED("prepare a, prepare b, stop b, stop a");
    ck_assert_int_eq(sm_now(), 2 * SM_S);
    destroy(factory);
}

/* A stop from elsewhere ends a start, whose task may notice after the factory was destroyed. */
IN_WORLD(stop_beats_start)
{
    struct sm_task *task;
    b_spec.prepare_ns = SM_FOREVER;
    struct sm_factory *factory = make(NULL, "lock");
    sm_task_spawn(&task, "starter", start_in_task, factory);
    sm_sleep(SM_S);
    sm_factory_stop(factory, SM_FOREVER);
    PROBE_TRACED("prepare a, prepare b, stop b, stop a");
    destroy(factory);
    ck_assert_int_eq(result_of(task), -ECANCELED);
}

/* ---- run failures ---- */

/* Wait tells the failing run; stop tells of it again only if nobody was told. */
IN_WORLD(run_fails)
{
    a_spec.run_ns = SM_FOREVER;
    b_spec.run_ns = SM_S;
    b_spec.run_error = -EPIPE;
    struct sm_factory *factory = make_started();
    ck_assert_int_eq(sm_factory_wait(factory, SM_FOREVER), -EPIPE);
    ck_assert_int_eq(sm_factory_wait(factory, SM_FOREVER), -EPIPE);
    ck_assert_str_eq(sm_factory_detail(factory), "machine 'lock': daemon 'b': run: broken pipe");
    ck_assert_int_eq(sm_factory_stop(factory, SM_FOREVER), 0);
    PROBE_TRACED("stop c, stop b, cancelled a, stop a");
    destroy(factory);
}

/* The failure of a run that nobody waited for is what stop returns. */
IN_WORLD(run_fails_unnoticed)
{
    b_spec.run_error = -EPIPE;
    c_spec.run_error = -EIO;
    c_spec.run_ns = SM_MS;
    struct sm_factory *factory = make_started();
    sm_sleep(SM_S);
    ck_assert_int_eq(sm_factory_stop(factory, SM_FOREVER), -EPIPE);
    ck_assert_str_eq(sm_factory_detail(factory),
                     "machine 'lock': daemon 'b': run: broken pipe\n"
                     "machine 'lock': daemon 'c': run: input/output error");
    sm_factory_destroy(factory);
}

/* Of two failed runs, wait tells the first and stop the second. */
IN_WORLD(second_run_fails)
{
    b_spec.run_error = -EPIPE;
    c_spec.run_error = -EIO;
    c_spec.run_ns = SM_MS;
    struct sm_factory *factory = make_started();
    sm_sleep(SM_S);
    ck_assert_int_eq(sm_factory_wait(factory, SM_FOREVER), -EPIPE);
    ck_assert_int_eq(sm_factory_stop(factory, SM_FOREVER), -EIO);
    sm_factory_destroy(factory);
}

/* To be cancelled is a failure of a run unless the factory stops. */
IN_WORLD(run_cancelled)
{
    a_spec.run_error = -ECANCELED;
    struct sm_factory *factory = make_started();
    ck_assert_int_eq(sm_factory_wait(factory, SM_FOREVER), -ECANCELED);
    ck_assert_str_eq(sm_factory_detail(factory), "machine 'lock': daemon 'a': run: cancelled");
    sm_factory_stop(factory, SM_FOREVER);
    sm_factory_destroy(factory);
}

/* ---- stop ---- */

/* No failure hides another, and none keeps the rest from being stopped. */
IN_WORLD(stop_fails)
{
    a_spec.stop_error = -EIO;
    c_spec.stop_error = -ENOSPC;
    c_spec.words = "4 KiB are missing";
    struct sm_factory *factory = make_started();
    ck_assert_int_eq(sm_factory_stop(factory, SM_FOREVER), -ENOSPC);
    ck_assert_str_eq(sm_factory_detail(factory),
                     "machine 'lock': daemon 'c': stop: no space left on the disk "
                     "(4 KiB are missing)\n"
                     "machine 'lock': daemon 'a': stop: input/output error");
    PROBE_TRACED("stop c, stop b, stop a");
    destroy(factory);
}

/* A run that does not heed its cancellation is named, and the others are stopped. Nothing of the
 * factory is freed while the run goes on, but its name is: the parent frees the rest. */
IN_WORLD(stubborn_run)
{
    struct sm_factory *parent, *again;
    sm_factory_create(&parent, NULL, "");
    struct sm_factory *factory = make(parent, "lock");
    b_spec.run_ns = 60 * SM_S;
    b_spec.stubborn = true;
    ck_assert_int_eq(sm_factory_start(factory, SM_FOREVER), 0);
    let_run();
    PROBE_TRACED("prepare a, prepare b, prepare c, run a, run b, run c");
    ck_assert_int_eq(sm_factory_stop(factory, 10 * SM_S), -ETIMEDOUT);
    ck_assert_str_eq(sm_factory_detail(factory),
                     "machine 'lock': daemon 'b': run: tasks did not end in time: b\n"
                     "machine 'lock': daemon 'b': stop: not called beside running tasks");
    PROBE_TRACED("stop c, stop a");
    ck_assert_int_eq(sm_now(), 10 * SM_S);
    sm_factory_destroy(factory);
    PROBE_TRACED("");
    ck_assert_int_eq(sm_factory_create(&again, parent, "lock"), 0);
    sm_sleep(60 * SM_S); /* the run ends in memory that is still there */
    ck_assert_int_eq(sm_factory_stop(parent, SM_FOREVER), 0);
    destroy(parent);
}

/* A stop hook that outlives the deadline is named and cancelled; the others get a little time. */
IN_WORLD(stubborn_stop)
{
    b_spec.stop_ns = SM_FOREVER / 2;
    b_spec.stubborn_stop = true;
    a_spec.run_ns = SM_FOREVER;
    struct sm_factory *factory = make_started();
    ck_assert_int_eq(sm_factory_stop(factory, 10 * SM_S), -ETIMEDOUT);
    ck_assert_str_eq(sm_factory_detail(factory),
                     "machine 'lock': daemon 'b': stop: it did not end in time");
    PROBE_TRACED("stop c, stop b, cancelled a, stop a");
    ck_assert_int_eq(sm_now(), 10 * SM_S);
    destroy(factory);
}

static int stop_in_task(void *factory)
{
    return sm_factory_stop(factory, SM_FOREVER);
}

/* A second stop waits for the first, within its own deadline, and returns 0. */
IN_WORLD(second_stop)
{
    struct sm_task *task;
    b_spec.stop_ns = SM_S;
    b_spec.stop_error = -EIO;
    struct sm_factory *factory = make_started();
    sm_task_spawn(&task, "stopper", stop_in_task, factory);
    sm_sleep(SM_MS);
    ck_assert_int_eq(sm_factory_stop(factory, 2 * SM_MS), -ETIMEDOUT);
    ck_assert_int_eq(sm_factory_stop(factory, SM_FOREVER), 0);
    ck_assert_int_eq(sm_now(), SM_S);
    PROBE_TRACED("stop c, stop b, stop a");
    destroy(factory);
    ck_assert_int_eq(result_of(task), -EIO);
}

/* A caller that is cancelled in the middle of a stop finishes it. */
IN_WORLD(stop_cancelled)
{
    struct sm_task *task;
    b_spec.stop_ns = SM_S;
    struct sm_factory *factory = make_started();
    sm_task_spawn(&task, "stopper", stop_in_task, factory);
    sm_sleep(SM_MS);
    sm_task_cancel(task);
    ck_assert_int_eq(result_of(task), 0);
    ck_assert_int_eq(sm_now(), SM_S);
    PROBE_TRACED("stop c, stop b, stop a");
    destroy(factory);
}

/* ---- a daemon with tasks of its own ---- */

struct busy {
    struct sm_factory *factory, *to_stop;
    int stop_result;
    bool helper_cancelled, stop_helper_done;
};

static int busy_helper(void *arg)
{
    struct busy *self = arg;
    ck_assert_ptr_eq(sm_factory_self(), self->factory);
    self->helper_cancelled = sm_sleep(SM_FOREVER) == -ECANCELED;
    return 0;
}

static int busy_construct(void *arg, struct sm_factory *factory)
{
    struct busy *self = arg;
    self->factory = factory;
    self->to_stop = factory;
    return 0;
}

static int busy_run(void *arg)
{
    struct busy *self = arg;
    ck_assert_int_eq(sm_task_spawn(NULL, "helper", busy_helper, self), 0);
    self->stop_result = sm_factory_stop(self->to_stop, SM_FOREVER);
    return 0;
}

static int busy_stop_helper(void *arg)
{
    struct busy *self = arg;
    self->stop_helper_done = sm_sleep(SM_MS) == 0;
    return 0;
}

static int busy_stop(void *arg, sm_time deadline)
{
    struct busy *self = arg;
    struct sm_task *task;
    ck_assert(self->helper_cancelled);
    ck_assert_int_eq(sm_task_spawn(&task, "helper", busy_stop_helper, self), 0);
    return sm_task_join(task, NULL, deadline);
}

static const struct sm_daemon_type busy_daemon = {SM_DAEMON_HEAD(busy), .construct = busy_construct,
                                                  .run = busy_run, .stop = busy_stop};

/* Tasks of a daemon end before its stop hook, which may still spawn and wait. A factory cannot be
 * stopped from within. */
IN_WORLD(tasks_of_a_daemon)
{
    struct sm_factory *factory;
    struct busy *busy;
    void *instance;
    sm_factory_create(&factory, NULL, "f");
    ck_assert_int_eq(sm_factory_get(factory, &busy_daemon, &instance), 0);
    busy = instance;
    ck_assert_int_eq(sm_factory_start(factory, SM_FOREVER), 0);
    let_run();
    ck_assert_int_eq(busy->stop_result, -EDEADLK);
    ck_assert_int_eq(sm_factory_stop(factory, SM_FOREVER), 0);
    ck_assert(busy->stop_helper_done);
    ck_assert_ptr_null(sm_factory_self());
    sm_factory_destroy(factory);
}

/* ---- children ---- */

/* Children stop before their parent's daemons, last created first; their failures are told, too. */
IN_WORLD(children_first)
{
    struct sm_factory *parent = make(NULL, "lock");
    struct sm_factory *first, *second;
    void *instance;
    sm_factory_create(&first, parent, "first");
    sm_factory_create(&second, parent, "second");
    static const struct sm_daemon_type d_daemon = {SM_DAEMON_HEAD(a), .construct = a_construct,
                                                   .prepare = a_prepare, .stop = a_stop};
    struct sm_daemon_type one = d_daemon, two = d_daemon;
    one.name = "one";
    two.name = "two";
    two.stop = b_stop;
    b_spec.stop_error = -EIO;
    ck_assert_int_eq(sm_factory_get(first, &one, &instance), 0);
    ck_assert_int_eq(sm_factory_get(second, &two, &instance), 0);
    ck_assert_int_eq(sm_factory_start(parent, SM_FOREVER), 0);
    ck_assert_int_eq(sm_factory_start(first, SM_FOREVER), 0);
    ck_assert_int_eq(sm_factory_start(second, SM_FOREVER), 0);
    let_run();
    probe_trace[0] = '\0';
    ck_assert_int_eq(sm_factory_stop(parent, SM_FOREVER), -EIO);
    PROBE_TRACED("stop b, stop a, stop c, stop b, stop a");
    ck_assert_str_eq(sm_factory_detail(parent),
                     "machine 'lock': factory 'second': daemon 'two': stop: input/output error\n"
                     "machine 'lock': daemon 'b': stop: input/output error");
    sm_factory_destroy(parent);
}

/* A task of a child is a task of the parent, as far as stopping is concerned. */
IN_WORLD(stop_from_below)
{
    struct sm_factory *parent, *child;
    void *instance;
    sm_factory_create(&parent, NULL, "parent");
    sm_factory_create(&child, parent, "child");
    ck_assert_int_eq(sm_factory_get(child, &busy_daemon, &instance), 0);
    struct busy *busy = instance;
    busy->to_stop = parent;
    ck_assert_int_eq(sm_factory_start(child, SM_FOREVER), 0);
    let_run();
    ck_assert_int_eq(busy->stop_result, -EDEADLK);
    ck_assert_int_eq(sm_factory_stop(parent, SM_FOREVER), 0);
    sm_factory_destroy(parent);
}

/* ---- crash ---- */

static int boot(void *arg, struct sim_machine *machine)
{
    void *instance;
    (void)arg;
    ck_assert_int_eq(sm__factory_create_as(&machine->factory, machine->world->factory, "machine",
                                           machine->name, &machine->home),
                     0);
    ck_assert_int_eq(sm_factory_get(machine->factory, &a_daemon, &instance), 0);
    return sm_factory_start(machine->factory, SM_FOREVER);
}

/* A crash ends a factory without any hook, whatever it is at, and a restart makes a fresh one. */
START_TEST(crash)
{
    static struct tw tw;
    tw_create(&tw, 2, NULL, boot, NULL);
    struct sim_machine *machine = tw.world->machines[0];
    a_spec.prepare_ns = 2 * SM_S;
    a_spec.run_ns = SM_FOREVER;
    for (int i = 1; i <= 4; i++) { /* in prepare, in run, in prepare, ... */
        tw_run(&tw, tw.world->now + i * SM_S);
        sim_machine_crash(machine);
        sim_machine_start(machine);
    }
    tw_run(&tw, tw.world->now + 5 * SM_S);
    ck_assert_msg(tw.failure.kind == 0, "%s", tw.failure.text);
    ck_assert_ptr_eq(sm_factory_parent(machine->factory), tw.world->factory);
    ck_assert_ptr_null(strstr(probe_trace, "cancelled"));
    ck_assert_ptr_null(strstr(probe_trace, "stop"));
    ck_assert_ptr_null(strstr(probe_trace, "destroy"));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        usual_life,     runs_return,         never_started,    prepare_fails,
        undo_fails,     prepare_late,        start_cancelled,  stop_beats_start,
        run_fails,      run_fails_unnoticed, second_run_fails, run_cancelled,
        stop_fails,     stubborn_run,        stubborn_stop,    second_stop,
        stop_cancelled, tasks_of_a_daemon,   children_first,   stop_from_below,
        crash,
    };
    return probe_main("factory_life", tests, sizeof tests / sizeof tests[0]);
}
