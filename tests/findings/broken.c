/* SPDX-License-Identifier: MIT */
/*
 * A plugin that misbehaves in the way that its configuration names: each must become a finding with
 * a backtrace into this file.
 */
#include <steelmill/steelmill.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct broken {
    struct sm_factory *factory;
    struct sm_log *log;
    const char *what;
    int64_t share_percent; /* misbehave in so many of a hundred runs */
};

static volatile int sink;
static char *volatile nowhere;
static char letters[26];

__attribute__((noinline)) static int overflow(int depth)
{
    volatile char frame[512];

    memset((void *)frame, depth, sizeof frame);
    if (sink < 0)
        return 0;
    return overflow(depth + 1) + frame[0];
}

__attribute__((noinline)) static void dereference_null(void)
{
    *nowhere = 1;
}

__attribute__((noinline)) static void loop_for_ever(void)
{
    for (;;)
        sink++;
}

__attribute__((noinline)) static void write_beyond(void)
{
    char *block = malloc(24);

    nowhere = block; /* else the compiler sees that nobody looks */
    memset(nowhere, 7, 32);
    free(nowhere);
}

__attribute__((noinline)) static void write_beyond_variable(void)
{
    nowhere = letters;
    nowhere[sizeof letters] = 'z';
}

__attribute__((noinline)) static void forget(void)
{
    nowhere = malloc(1000);
}

/* Nothing wrong: what faults of clocks and memory have an effect on. */
static void work(void)
{
    while (!sm_sleep(10 * SM_MS)) {
        nowhere = malloc(2000);
        sink += nowhere != NULL && sm_wall_now() > 0;
        free(nowhere);
    }
}

__attribute__((noinline)) static void free_twice(void)
{
    char *block = malloc(24);

    nowhere = block;
    free(block);
    free(nowhere);
}

__attribute__((noinline)) static void damage_quietly(void)
{
    char *block = malloc(24);

    nowhere = block;
    memset(nowhere, 7, 32);
}

/* Only AddressSanitizer sees this one at once. */
__attribute__((noinline)) static void use_after_free(void)
{
    char *block = malloc(24);

    nowhere = block;
    free(block);
    *nowhere = 1;
}

__attribute__((noinline)) static void jump_nowhere(void)
{
    void (*volatile function)(void) = NULL;

    function();
}

__attribute__((noinline)) static int divide(int by)
{
    sink = 100 / by;
    return sink;
}

static void yield_for_ever(void)
{
    while (sm_yield() == 0)
        sink++;
}

static int misbehave(struct broken *broken)
{
    const char *what = broken->what;

    if (strcmp(what, "overflow") == 0)
        return overflow(0);
    if (strcmp(what, "dereference") == 0)
        dereference_null();
    if (strcmp(what, "loop") == 0)
        loop_for_ever();
    if (strcmp(what, "abort") == 0)
        abort();
    if (strcmp(what, "beyond") == 0)
        write_beyond();
    if (strcmp(what, "variable") == 0)
        write_beyond_variable();
    if (strcmp(what, "twice") == 0)
        free_twice();
    if (strcmp(what, "damage") == 0)
        damage_quietly();
    if (strcmp(what, "use_after_free") == 0)
        use_after_free();
    if (strcmp(what, "jump") == 0)
        jump_nowhere();
    if (strcmp(what, "divide") == 0)
        divide(0);
    if (strcmp(what, "yield") == 0)
        yield_for_ever();
    if (strcmp(what, "exit") == 0)
        exit(3);
    if (strcmp(what, "_exit") == 0)
        _exit(0);
    if (strcmp(what, "fail") == 0)
        return sm_factory_fail(broken->factory, -EIO, "the tank is empty");
    sm_always(strcmp(what, "always") != 0, "is well", sm_str("what", what), sm_i64("answer", -42));
    if (strcmp(what, "leak") == 0)
        forget();
    if (strcmp(what, "clock") == 0)
        sm_always(false, "the clock is shown", sm_i64("wall", sm_wall_now()));
    if (strcmp(what, "work") == 0)
        work();
    if (strcmp(what, "unreachable") == 0)
        sm_unreachable("the impossible");
    if (strcmp(what, "misuse") == 0)
        sm_task_join(sm_task_self(), NULL, SM_FOREVER);
    return 0;
}

static int broken_construct(void *self, struct sm_factory *factory)
{
    struct broken *broken = self;

    broken->factory = factory;
    broken->log = sm_log_get(factory);
    broken->what = sm_factory_config(factory, "what");
    if (!broken->what)
        broken->what = "nothing";
    return sm_config_i64(factory, "percent", 100, &broken->share_percent);
}

static int broken_prepare(void *self)
{
    struct broken *broken = self;

    return strcmp(broken->what, "prepare") == 0
               ? sm_factory_fail(broken->factory, -EADDRINUSE, "port 7000")
               : 0;
}

static int broken_run(void *self)
{
    struct broken *broken = self;
    const bool chosen = (int64_t)sm_random_below(NULL, 100) < broken->share_percent;

    sm_eventually(false, "settled");
    sm_log_info(broken->log, "about to misbehave", sm_str("what", broken->what));
    if (strcmp(broken->what, "deadlock") == 0)
        return sm_sleep_until(SM_FOREVER);
    if (sm_sleep(SM_S))
        return 0;
    sm_eventually(strcmp(broken->what, "pending") != 0, "settled");
    sm_sometimes(!chosen, "spared");
    return chosen ? misbehave(broken) : 0;
}

static int broken_stop(void *self, sm_time deadline)
{
    struct broken *broken = self;

    (void)deadline;
    return strcmp(broken->what, "stop") == 0
               ? sm_factory_fail(broken->factory, -EIO, "the lid is stuck")
               : 0;
}

const struct sm_daemon_type broken_daemon = {
    SM_DAEMON_HEAD(broken),
    .about = "misbehaves as its configuration says",
    .construct = broken_construct,
    .prepare = broken_prepare,
    .run = broken_run,
    .stop = broken_stop,
};

SM_PLUGIN("Misbehaves in every way that a finding can come from.", &broken_daemon)
