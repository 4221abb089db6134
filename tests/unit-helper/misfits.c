/* SPDX-License-Identifier: MIT */
/*
 * Simulations that fail, each in a way of its own: test_helper.c runs them one by one, by SIM_TEST,
 * and reads what they say.
 */
#include <steelmill/sim.h>
#include <steelmill/steelmill.h>

#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* ---- a daemon that misbehaves as its configuration says ---- */

struct misfit {
    struct sm_factory *factory;
    const char *what;
};

static int *volatile nowhere;
static volatile int sink;

__attribute__((noinline)) static int overflow(int depth)
{
    volatile char frame[512];

    memset((void *)frame, depth, sizeof frame);
    return sink < 0 ? 0 : overflow(depth + 1) + frame[0];
}

static int misfit_construct(void *arg, struct sm_factory *factory)
{
    struct misfit *self = arg;

    self->factory = factory;
    self->what = sm_factory_config(factory, "what");
    return self->what ? 0 : -SM_ECONFIG;
}

static int misfit_prepare(void *arg)
{
    struct misfit *self = arg;

    if (strcmp(self->what, "prepare blocks") == 0)
        return sm_sleep_until(SM_FOREVER);
    return strcmp(self->what, "prepare fails") == 0 ? sm_factory_fail(self->factory, -EIO, "no ink")
                                                    : 0;
}

static int misbehave(struct misfit *self)
{
    const char *what = self->what;

    sm_eventually(strcmp(what, "pending") != 0, "is done");
    sm_sometimes(strcmp(what, "never") != 0, "is lucky");
    ck_assert_msg(strcmp(what, "assert") != 0, "the daemon says no");
    sm_always(strcmp(what, "always") != 0, "is well", sm_str("what", what));
    if (strcmp(what, "dereference") == 0)
        *nowhere = 1;
    if (strcmp(what, "overflow") == 0)
        return overflow(0);
    if (strcmp(what, "abort") == 0)
        abort();
    if (strcmp(what, "exit") == 0)
        exit(0);
    return strcmp(what, "run fails") == 0 ? sm_factory_fail(self->factory, -EIO, "no paper") : 0;
}

static int misfit_run(void *arg)
{
    return sm_sleep(10 * SM_MS) ? 0 : misbehave(arg);
}

static int misfit_stop(void *arg, sm_time deadline)
{
    struct misfit *self = arg;

    (void)deadline;
    return strcmp(self->what, "stop fails") == 0 ? sm_factory_fail(self->factory, -EIO, "no lid")
                                                 : 0;
}

static const struct sm_daemon_type misfit_daemon = {
    SM_DAEMON_HEAD(misfit), .construct = misfit_construct, .prepare = misfit_prepare,
    .run = misfit_run, .stop = misfit_stop};

#define GROUP(name_, what_) name_, .daemons = {&misfit_daemon}, .config = {{"what", what_}}

/* A test of a misfit: its body just waits. */
#define MISFIT(name_, what_, ...)                                                                \
    SIM_TEST(name_, .machines = {{GROUP("good", "nothing")}, {GROUP("bad", what_)}}, .seeds = 3, \
             __VA_ARGS__)                                                                        \
    {                                                                                            \
        sm_sleep(SM_S);                                                                          \
    }

MISFIT(assert_in_daemon, "assert")
MISFIT(always, "always")
MISFIT(dereference, "dereference")
MISFIT(overflows, "overflow")
MISFIT(aborts, "abort")
MISFIT(exits, "exit")
MISFIT(prepare_blocks, "prepare blocks")
MISFIT(prepare_fails, "prepare fails")
MISFIT(run_fails, "run fails")
MISFIT(stop_fails, "stop fails")
MISFIT(pending, "pending")
MISFIT(never, "never", .sometimes = {"is lucky", "is happy"})
MISFIT(unevaluated, "nothing", .eventually = {"is done", "is well-behaved"})

/* ---- bodies ---- */

#define GOOD GROUP("good", "nothing"), .count = 2

SIM_TEST(assert_in_body, .machines = {{GOOD}})
{
    sm_sleep(SM_MS);
    ck_assert_int_eq((int)(sim_seed(env) % 10), 5);
}

static int assert_later(void *arg)
{
    sm_sleep(SM_MS);
    ck_assert_msg(arg == NULL, "the task says no");
    return 0;
}

SIM_TEST(assert_in_task, .machines = {{GOOD}})
{
    ck_assert_int_eq(sm_task_spawn(NULL, "later", assert_later, env), 0);
    sm_sleep(SM_S);
}

__attribute__((noinline)) static void wait_for_ever(void)
{
    sm_sleep_until(SM_FOREVER);
    sink++;
}

SIM_TEST(waits_for_ever, .machines = {{GOOD}})
{
    wait_for_ever();
}

SIM_TEST(lacks_configuration, .machines = {{"a", .daemons = {&misfit_daemon}}})
{
    sm_sleep(SM_S);
}

SIM_TEST(takes_long, .machines = {{GOOD}}, .time_limit_ns = 5 * SM_S)
{
    while (sm_sleep(SM_S) == 0)
        sink++;
}

SIM_TEST(unknown_machine, .machines = {{GOOD}})
{
    sim_pause(env, "good");
    sim_crash(env, "goof1");
}

SIM_TEST(crashes_itself, .machines = {{GOOD}})
{
    sim_crash(env, "good1, test");
}

SIM_TEST(stops_while_paused, .machines = {{GOOD}})
{
    sim_pause(env, "good2");
    sim_stop(env, "good");
    sink++;
}

SIM_TEST(both_sides, .machines = {{GOOD}})
{
    sim_partition(env, "good", "good2");
}

SIM_TEST(no_such_fault, .machines = {{GOOD}})
{
    sim_end(env, sim_cut(env, "good1", NULL));
    sim_end(env, 7);
}

SIM_TEST(bad_link, .machines = {{GOOD}})
{
    sim_degrade(env, NULL, NULL, &(struct sim_link){.loss_ppm = 1000001});
}

SIM_TEST(several_machines, .machines = {{GOOD}})
{
    sim_is_up(env, "good");
}

static int crash_from_there(void *env)
{
    sim_crash(env, "good2");
    return 0;
}

/* ---- what depends on more than the seed ---- */

/* The processor's own randomness, which nobody keeps from anybody; or the kernel's, by instruction:
 * libc's functions are answered by the machine. */
static uint64_t real_randomness(void)
{
#if defined(__x86_64__)
    uint64_t value;
    unsigned char done = 0;
    while (!done)
        __asm__ volatile("rdrand %0; setc %1" : "=r"(value), "=qm"(done) : : "cc");
    return value;
#else
    uint64_t value = 0;
    register uintptr_t x0 __asm__("x0") = (uintptr_t)&value;
    register uintptr_t x1 __asm__("x1") = sizeof value, x2 __asm__("x2") = 0;
    register long x8 __asm__("x8") = SYS_getrandom;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x1), "r"(x2), "r"(x8) : "memory");
    return value;
#endif
}

SIM_TEST(draws_for_real, .machines = {{GOOD}})
{
    sm_sleep((sm_time)(real_randomness() % 1000000));
}

/* What kernels stop that can. */
SIM_TEST(asks_the_kernel, .machines = {{GOOD}})
{
#if defined(__x86_64__)
    long number = SYS_getppid;
    __asm__ volatile("syscall" : "+a"(number) : : "rcx", "r11", "memory");
#endif
}

SIM_TEST(compares_addresses, .machines = {{GOOD}}, .verify = true)
{
    char *block = malloc(16);

    sm_sleep((sm_time)((uintptr_t)block >> 24));
    free(block);
}

SIM_TEST(reads_fresh_memory, .machines = {{GOOD}}, .verify = true)
{
    unsigned char *volatile block = malloc(16);

    sm_sleep(block[3]);
    free(block);
}

/* A history that no register can have. */
SIM_TEST(stale_read, .machines = {{GOOD}}, .linearizable = "register")
{
    const uint64_t write = sm_history_invoke(SM_OPERATION_WRITE, 1, 5, 0);
    sm_history_complete(write, SM_OUTCOME_OK, 0);
    const uint64_t read = sm_history_invoke(SM_OPERATION_READ, 1, 0, 0);
    sm_history_complete(read, SM_OUTCOME_OK, 4);
}

SIM_TEST(takes_real_time, .machines = {{GOOD}}, .wall_limit_ns = 100 * SM_MS)
{
    for (volatile bool going = true; going;)
        ;
}

/* ---- tests that cannot be run ---- */

static void empty(struct sim_env *env)
{
    (void)env;
}

START_TEST(names_twice)
{
    sim_check(&(const struct sim_test){.body = empty,
                                       .machines = {{.name = "a1"}, {.name = "a", .count = 2}}});
}
END_TEST

START_TEST(name_of_the_body)
{
    sim_check(&(const struct sim_test){.body = empty, .machines = {{.name = "test"}}});
}
END_TEST

START_TEST(no_body)
{
    sim_check(&(const struct sim_test){.machines = {{GOOD}}});
}
END_TEST

START_TEST(unknown_model)
{
    sim_check(&(const struct sim_test){.body = empty, .linearizable = "queue"});
}
END_TEST

/* The environment of another machine's task: the body's calls are not for daemons. */
static struct sim_env *leaked;

struct meddler {
    int unused;
};

static int meddler_run(void *self)
{
    (void)self;
    sm_sleep(SM_MS);
    return crash_from_there(leaked);
}

static const struct sm_daemon_type meddler_daemon = {SM_DAEMON_HEAD(meddler), .run = meddler_run};

SIM_TEST(meddles, .machines = {{.name = "good2"}, {"meddler", .daemons = {&meddler_daemon}}})
{
    leaked = env;
    sm_sleep(SM_S);
}

SIM_MAIN(assert_in_daemon, always, dereference, overflows, aborts, exits, prepare_blocks,
         prepare_fails, run_fails, stop_fails, pending, never, unevaluated, assert_in_body,
         assert_in_task, lacks_configuration, waits_for_ever, takes_long, unknown_machine,
         crashes_itself, stops_while_paused, both_sides, no_such_fault, bad_link, several_machines,
         draws_for_real, asks_the_kernel, compares_addresses, reads_fresh_memory, stale_read,
         takes_real_time, names_twice, name_of_the_body, no_body, unknown_model, meddles)
