/* SPDX-License-Identifier: MIT */
/* Daemons with a will of their own, for the tests of serving. */
#include <steelmill/steelmill.h>

struct common {
    struct sm_factory *factory;
    struct sm_log *log;
    void *needs;
};

static int construct(void *self, struct sm_factory *factory)
{
    struct common *common = self;

    common->factory = factory;
    common->log = sm_log_get(factory);
    return 0;
}

static int run_until_stopped(void *self)
{
    (void)self;
    return sm_sleep_until(SM_FOREVER);
}

static int say_stop(void *self, sm_time deadline)
{
    (void)deadline;
    sm_log_info(((struct common *)self)->log, "stop hook");
    return 0;
}

/* ---- base and upper: the second needs the first ---- */

struct base {
    struct common common;
};
static const struct sm_daemon_type base_daemon = {SM_DAEMON_HEAD(base), .construct = construct,
                                                  .run = run_until_stopped, .stop = say_stop};

struct upper {
    struct common common;
};

static int upper_construct(void *self, struct sm_factory *factory)
{
    struct upper *upper = self;

    construct(self, factory);
    return sm_factory_get(factory, &base_daemon, &upper->common.needs);
}

static const struct sm_daemon_type upper_daemon = {SM_DAEMON_HEAD(upper),
                                                   .construct = upper_construct,
                                                   .run = run_until_stopped, .stop = say_stop};

/* ---- listener: takes a port; config: port ---- */

struct listener {
    struct common common;
    struct sm_listener *listener;
};

static int listener_prepare(void *self)
{
    struct listener *listener = self;
    struct sm_net *net = sm_net_get(listener->common.factory);
    int64_t port;

    int error = sm_config_i64(listener->common.factory, "port", 7000, &port);
    if (!error)
        error = sm_listener_open(net, &listener->listener, (uint16_t)port, 16);
    return error == -EADDRINUSE
               ? sm_factory_fail(listener->common.factory, error, "port %d", (int)port)
               : error;
}

static int listener_stop(void *self, sm_time deadline)
{
    struct listener *listener = self;

    (void)deadline;
    sm_listener_close(listener->listener);
    return 0;
}

static const struct sm_daemon_type listener_daemon = {
    SM_DAEMON_HEAD(listener), .construct = construct, .prepare = listener_prepare,
    .run = run_until_stopped, .stop = listener_stop};

/* ---- greeter: is asked in five bytes, answers with three, and hangs up ---- */

struct greeter {
    struct common common;
};

static void greet(struct sm_stream *stream)
{
    char question[5];

    if (sm_stream_read_exact(stream, question, sizeof question, NULL, SM_FOREVER) == 0)
        (void)sm_stream_write_all(stream, "hi\n", 3, NULL, SM_FOREVER);
    sm_stream_close(stream);
}

static int greeter_run(void *self)
{
    const struct greeter *greeter = self;
    struct sm_listener *listener;
    struct sm_stream *stream;

    int error = sm_listener_open(sm_net_get(greeter->common.factory), &listener, 7300, 16);
    if (error)
        return error;
    sm_role_set("host", true);
    while ((error = sm_listener_accept(listener, &stream, NULL, SM_FOREVER)) == 0)
        greet(stream);
    sm_listener_close(listener);
    return error;
}

static const struct sm_daemon_type greeter_daemon = {SM_DAEMON_HEAD(greeter),
                                                     .construct = construct, .run = greeter_run};

/* ---- those that do wrong ---- */

struct stubborn {
    struct common common;
};

/* Its stop hook takes no notice of the deadline. */
static int stubborn_stop(void *self, sm_time deadline)
{
    (void)self, (void)deadline;
    return sm_sleep_until(SM_FOREVER);
}

static const struct sm_daemon_type stubborn_daemon = {
    SM_DAEMON_HEAD(stubborn), .construct = construct, .run = run_until_stopped,
    .stop = stubborn_stop};

struct spinner {
    struct common common;
};

static int spinner_run(void *self)
{
    volatile uint64_t turns = 0;

    sm_log_info(((struct common *)self)->log, "spinning");
    for (;;)
        turns++;
    return 0;
}

static const struct sm_daemon_type spinner_daemon = {SM_DAEMON_HEAD(spinner),
                                                     .construct = construct, .run = spinner_run};

struct failing {
    struct common common;
};

static int failing_run(void *self)
{
    return sm_factory_fail(((struct common *)self)->factory, -EIO, "the dog ate it");
}

static const struct sm_daemon_type failing_daemon = {SM_DAEMON_HEAD(failing),
                                                     .construct = construct, .run = failing_run};

struct violator {
    struct common common;
};

static int violator_run(void *self)
{
    (void)self;
    sm_always(false, "all is well", sm_u64("answer", 42));
    return 0;
}

static const struct sm_daemon_type violator_daemon = {SM_DAEMON_HEAD(violator),
                                                      .construct = construct, .run = violator_run};

SM_PLUGIN("Daemons with a will of their own.", &base_daemon, &upper_daemon, &listener_daemon,
          &greeter_daemon, &stubborn_daemon, &spinner_daemon, &failing_daemon, &violator_daemon)
