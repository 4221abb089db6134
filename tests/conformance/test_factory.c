/* SPDX-License-Identifier: MIT */
/* The life of factories. */
#include "tests/conformance/conformance.h"

#include <stdio.h>
#include <string.h>

static char trace[512];

static void note(const char *what)
{
    const size_t used = strlen(trace);
    snprintf(trace + used, sizeof trace - used, "%s%s", used ? " " : "", what);
}

/* ---- two daemons: the upper one needs the base ---- */

struct base {
    int unused;
};

static int base_prepare_error, base_run_error;
static sm_time base_prepare_ns;

static int base_construct(void *self, struct sm_factory *factory)
{
    (void)self, (void)factory;
    note("+base");
    return 0;
}

static int base_prepare(void *self)
{
    (void)self;
    note("prepare:base");
    const int error = base_prepare_ns ? sm_sleep(base_prepare_ns) : 0;
    return error ? error : base_prepare_error;
}

static int base_run(void *self)
{
    (void)self;
    return base_run_error ? base_run_error : sm_sleep_until(SM_FOREVER);
}

static int base_stop(void *self, sm_time deadline)
{
    (void)self;
    ck_assert_int_gt(deadline, sm_now());
    ck_assert(!sm_task_cancelled());
    ck_assert_int_eq(sm_sleep(SM_MS), 0); /* a stop hook may still wait */
    note("stop:base");
    return 0;
}

static void base_destroy(void *self)
{
    (void)self;
    note("-base");
}

static const struct sm_daemon_type base_daemon = {
    SM_DAEMON_HEAD(base), .construct = base_construct, .prepare = base_prepare,
    .run = base_run,      .stop = base_stop,           .destroy = base_destroy,
};

struct upper {
    void *base;
};

static int upper_construct(void *self, struct sm_factory *factory)
{
    struct upper *upper = self;
    const int error = sm_factory_get(factory, &base_daemon, &upper->base);

    note("+upper");
    return error;
}

static int upper_prepare(void *self)
{
    (void)self;
    note("prepare:upper");
    return 0;
}

static int upper_stop(void *self, sm_time deadline)
{
    (void)self, (void)deadline;
    note("stop:upper");
    return 0;
}

static void upper_destroy(void *self)
{
    (void)self;
    note("-upper");
}

static const struct sm_daemon_type upper_daemon = {
    SM_DAEMON_HEAD(upper), .construct = upper_construct, .prepare = upper_prepare,
    .stop = upper_stop,    .destroy = upper_destroy,
};

static struct sm_factory *make(const char *name)
{
    struct sm_factory *factory;

    ck_assert_int_eq(sm_factory_create(&factory, conformance_factory(), name), 0);
    return factory;
}

static struct sm_factory *make_both(void)
{
    struct sm_factory *factory = make("both");
    void *instance;

    ck_assert_int_eq(sm_factory_get(factory, &upper_daemon, &instance), 0);
    ck_assert_ptr_nonnull(instance);
    return factory;
}

/* Dependencies come first, and go last. */
CONFORMS(life_in_order)
{
    struct sm_factory *factory = make_both();

    ck_assert_int_eq(sm_factory_start(factory, sm_now() + SM_S), 0);
    ck_assert_int_eq(sm_factory_stop(factory, sm_now() + SM_S), 0);
    ck_assert(sm_factory_stopping(factory));
    sm_factory_destroy(factory);
    ck_assert_str_eq(trace, "+base +upper prepare:base prepare:upper stop:upper stop:base "
                            "-upper -base");
}

/* If a prepare fails, its error comes out, and what was prepared is stopped. */
CONFORMS(prepare_fails)
{
    struct sm_factory *factory = make_both();

    base_prepare_error = -EADDRINUSE;
    ck_assert_int_eq(sm_factory_start(factory, sm_now() + SM_S), -EADDRINUSE);
    ck_assert_ptr_nonnull(strstr(sm_factory_detail(factory), "daemon 'base': prepare"));
    sm_factory_destroy(factory);
    ck_assert_str_eq(trace, "+base +upper prepare:base stop:base -upper -base");
}

/* A start that takes too long is given up, and undone. */
CONFORMS(start_deadline)
{
    struct sm_factory *factory = make_both();

    base_prepare_ns = 3600 * SM_S;
    ck_assert_int_eq(sm_factory_start(factory, sm_now() + 5 * SM_MS), -ETIMEDOUT);
    sm_factory_destroy(factory);
}

static int start_for_ever(void *factory)
{
    return sm_factory_start(factory, SM_FOREVER);
}

/* Whoever starts a factory can be cancelled; the start is undone. */
CONFORMS(start_cancelled)
{
    struct sm_factory *factory = make_both();

    base_prepare_ns = 3600 * SM_S;
    ck_assert_int_eq(conformance_cancelled(start_for_ever, factory), -ECANCELED);
    sm_factory_destroy(factory);
}

/* A factory starts once, and stops once; a second stop has nothing to do. */
CONFORMS(start_and_stop_once)
{
    struct sm_factory *factory = make_both();

    ck_assert_int_eq(sm_factory_start(factory, sm_now() + SM_S), 0);
    ck_assert_int_eq(sm_factory_start(factory, sm_now() + SM_S), -EALREADY);
    ck_assert_int_eq(sm_factory_stop(factory, sm_now() + SM_S), 0);
    ck_assert_int_eq(sm_factory_stop(factory, sm_now() + SM_S), 0);
    sm_factory_destroy(factory);
}

/* Nothing can be added to a factory that was sealed. */
CONFORMS(sealed)
{
    struct sm_factory *factory = make("sealed");
    void *instance;

    sm_factory_seal(factory);
    ck_assert_int_eq(sm_factory_get(factory, &base_daemon, &instance), -SM_ESEALED);
    ck_assert_ptr_null(instance);
    sm_factory_destroy(factory);
}

/* A name that nobody registered is an error, and a similar one is suggested. */
CONFORMS(unknown_daemon)
{
    struct sm_factory *factory = make("unknown");
    void *instance;

    ck_assert_int_eq(sm_factory_register(factory, &base_daemon), 0);
    ck_assert_int_eq(sm_factory_register(factory, &base_daemon), -EEXIST);
    ck_assert_int_eq(sm_factory_get_by_name(factory, "bose", &instance), -SM_ENODAEMON);
    ck_assert_ptr_nonnull(strstr(sm_factory_detail(factory), "'base'"));
    sm_factory_destroy(factory);
}

static int circle_construct(void *self, struct sm_factory *factory);

struct circle {
    int unused;
};
static const struct sm_daemon_type circle_daemon = {SM_DAEMON_HEAD(circle),
                                                    .construct = circle_construct};

static int circle_construct(void *self, struct sm_factory *factory)
{
    void *instance;

    (void)self;
    return sm_factory_get(factory, &circle_daemon, &instance);
}

/* A daemon cannot depend on itself. */
CONFORMS(circle)
{
    struct sm_factory *factory = make("circle");
    void *instance;

    ck_assert_int_eq(sm_factory_get(factory, &circle_daemon, &instance), -SM_ECYCLE);
    sm_factory_destroy(factory);
}

/* A child uses the parent's daemon, and the same one each time. */
CONFORMS(children_inherit)
{
    struct sm_factory *factory = make_both(), *child;
    void *ours, *theirs;

    ck_assert_int_eq(sm_factory_create(&child, factory, "child"), 0);
    ck_assert_int_eq(sm_factory_get(factory, &base_daemon, &ours), 0);
    ck_assert_int_eq(sm_factory_get(child, &base_daemon, &theirs), 0);
    ck_assert_ptr_eq(ours, theirs);
    ck_assert_ptr_eq(sm_factory_find(child, "base"), ours);
    ck_assert_int_eq(sm_factory_create(&child, factory, "child"), -EEXIST);
    sm_factory_destroy(factory);
}

/* An injected instance stands in for a daemon. */
CONFORMS(injected)
{
    struct sm_factory *factory = make("injected");
    struct base stand_in = {0};
    void *instance;

    ck_assert_int_eq(sm_factory_inject(factory, &base_daemon, &stand_in), 0);
    ck_assert_int_eq(sm_factory_inject(factory, &base_daemon, &stand_in), -EEXIST);
    ck_assert_int_eq(sm_factory_get(factory, &base_daemon, &instance), 0);
    ck_assert_ptr_eq(instance, &stand_in);
    sm_factory_destroy(factory);
    ck_assert_str_eq(trace, "");
}

/* The failure of a run comes out of the wait, with words. */
CONFORMS(run_fails)
{
    struct sm_factory *factory = make_both();

    base_run_error = -EIO;
    ck_assert_int_eq(sm_factory_start(factory, sm_now() + SM_S), 0);
    ck_assert_int_eq(sm_factory_wait(factory, sm_now() + SM_S), -EIO);
    ck_assert_ptr_nonnull(strstr(sm_factory_detail(factory), "daemon 'base': run"));
    ck_assert_int_eq(sm_factory_stop(factory, sm_now() + SM_S), 0);
    sm_factory_destroy(factory);
}

/* ---- a daemon that stops its own factory ---- */

struct suicidal {
    struct sm_factory *factory;
};
static int suicidal_result;

static int suicidal_construct(void *self, struct sm_factory *factory)
{
    ((struct suicidal *)self)->factory = factory;
    return 0;
}

static int suicidal_run(void *self)
{
    suicidal_result = sm_factory_stop(((struct suicidal *)self)->factory, SM_FOREVER);
    return 0;
}

static const struct sm_daemon_type suicidal_daemon = {
    SM_DAEMON_HEAD(suicidal), .construct = suicidal_construct, .run = suicidal_run};

/* A factory cannot be stopped by a task of its own. */
CONFORMS(stop_from_within)
{
    struct sm_factory *factory = make("suicidal");
    void *instance;

    ck_assert_int_eq(sm_factory_get(factory, &suicidal_daemon, &instance), 0);
    ck_assert_int_eq(sm_factory_start(factory, sm_now() + SM_S), 0);
    ck_assert_int_eq(sm_factory_wait(factory, sm_now() + SM_S), 0);
    ck_assert_int_eq(suicidal_result, -EDEADLK);
    ck_assert_int_eq(sm_factory_stop(factory, sm_now() + SM_S), 0);
    sm_factory_destroy(factory);
}

/* ---- reading ---- */

static int look_at(struct sm_factory *child, void *arg)
{
    note(sm_factory_name(child));
    ck_assert_ptr_eq(sm_factory_parent(child), arg);
    ck_assert_ptr_eq(sm_factory_find(child, "base"), sm_factory_find(arg, "base"));
    return strcmp(sm_factory_name(child), "second") == 0 ? 7 : 0;
}

/* A read section goes through factories that come and go, in the order in which they came. */
CONFORMS(read_section)
{
    struct sm_factory *factory = make("read"), *children[3];
    static const char *const names[] = {"first", "second", "third"};
    void *base;

    trace[0] = '\0';
    ck_assert_int_eq(sm_factory_get(factory, &base_daemon, &base), 0);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(sm_factory_create(&children[i], factory, names[i]), 0);
    sm_read_begin();
    ck_assert_int_eq(sm_factory_each_child(factory, look_at, factory), 7);
    sm_read_end();
    sm_factory_destroy(children[0]);
    sm_read_begin();
    sm_read_begin(); /* they nest */
    ck_assert_int_eq(sm_factory_each_child(factory, look_at, factory), 7);
    sm_read_end();
    sm_read_end();
    ck_assert_str_eq(trace, "+base first second second");
    ck_assert_int_eq(sm_sleep(0), 0);
    sm_factory_destroy(factory);
}

/* ---- calls ---- */

static struct sm_factory *callee;
static int call_count;

static int counts(void *arg)
{
    call_count++;
    ck_assert_ptr_eq(sm_factory_self(), callee);
    return *(const int *)arg;
}

static int waits(void *arg)
{
    (void)arg;
    call_count++;
    return sm_sleep_until(SM_FOREVER) == -ECANCELED ? 5 : 6;
}

static int calls_waits(void *arg)
{
    return sm_call(callee, waits, arg);
}

static int stops_callee(void *arg)
{
    (void)arg;
    return sm_factory_stop(callee, sm_now() + SM_S);
}

/* A call runs in a task of the factory that is called, and gives what it returns. */
CONFORMS(calls)
{
    int result = 7;

    call_count = 0;
    callee = make("callee");
    ck_assert_int_eq(sm_call(callee, counts, &result), 7);
    result = -EIO;
    ck_assert_int_eq(sm_call(callee, counts, &result), -EIO);
    ck_assert_int_eq(call_count, 2);
    ck_assert_int_eq(sm_factory_stop(callee, sm_now() + SM_S), 0);
    ck_assert_int_eq(sm_call(callee, counts, &result), -ECANCELED);
    ck_assert_int_eq(call_count, 2);
    sm_factory_destroy(callee);
}

/* A caller that is cancelled, and a factory that stops, end what the call waits for. */
CONFORMS(calls_end)
{
    call_count = 0;
    callee = make("callee");
    ck_assert_int_eq(conformance_cancelled(calls_waits, NULL), 5);
    ck_assert_int_eq(conformance_cancelled_before(calls_waits, NULL), -ECANCELED);
    ck_assert_int_eq(call_count, 1);
    struct sm_task *stopper;
    ck_assert_int_eq(sm_task_spawn(&stopper, "stopper", stops_callee, NULL), 0);
    ck_assert_int_eq(sm_call(callee, waits, NULL), 5);
    int result = 1;
    ck_assert_int_eq(sm_task_join(stopper, &result, sm_now() + SM_S), 0);
    ck_assert_int_eq(result, 0);
    sm_factory_destroy(callee);
}

/* ---- configuration ---- */

/* A value of the wrong form is an error that names it; the fallback stands. */
CONFORMS(configuration)
{
    struct sm_factory *factory = make("configured"), *child;
    int64_t number;
    sm_time time;

    ck_assert_int_eq(sm_factory_config_set(factory, "retries", "many"), 0);
    ck_assert_int_eq(sm_factory_config_set(factory, "pause", "1500ms"), 0);
    ck_assert_int_eq(sm_factory_create(&child, factory, "child"), 0);
    ck_assert_int_eq(sm_config_i64(child, "retries", 3, &number), -SM_ECONFIG);
    ck_assert_int_eq(number, 3);
    ck_assert_ptr_nonnull(strstr(sm_factory_detail(child), "'many'"));
    ck_assert_int_eq(sm_config_duration(child, "pause", 0, &time), 0);
    ck_assert_int_eq(time, 1500 * SM_MS);
    ck_assert_int_eq(sm_config_i64(child, "missing", 3, &number), 0);
    ck_assert_int_eq(number, 3);
    sm_factory_destroy(factory);
}

CONFORMANCE_TESTS(factory, life_in_order, prepare_fails, start_deadline, start_cancelled,
                  start_and_stop_once, sealed, unknown_daemon, circle, children_inherit, injected,
                  run_fails, stop_from_within, read_section, calls, calls_end, configuration)
