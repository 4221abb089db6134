/* SPDX-License-Identifier: MIT */
/*
 * A plugin that is not deterministic in the way that its configuration names: a value that no
 * message should depend on is sent to another machine. `steelmill verify` must find each, and name
 * the function that sends it.
 */
#include <steelmill/steelmill.h>

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

#define PORT        7000
#define FRAME_BYTES 8192 /* deeper in the stack than calls of the contract reach */
#define NOINLINE    __attribute__((noinline))

/* ---- the other machine: takes what comes ---- */

struct sink {
    struct sm_factory *factory;
    struct sm_datagram *socket;
};

static int sink_construct(void *self, struct sm_factory *factory)
{
    ((struct sink *)self)->factory = factory;
    return 0;
}

static int sink_prepare(void *self)
{
    struct sink *sink = self;
    return sm_datagram_open(sm_net_get(sink->factory), &sink->socket, PORT);
}

static int sink_run(void *self)
{
    struct sink *sink = self;
    uint64_t value;
    int size = 0;

    while (size >= 0)
        size = sm_datagram_receive(sink->socket, &value, sizeof value, NULL, SM_FOREVER);
    return size;
}

static void sink_destroy(void *self)
{
    sm_datagram_close(((struct sink *)self)->socket);
}

static const struct sm_daemon_type sink_daemon = {
    SM_DAEMON_HEAD(sink),
    .about = "Takes datagrams.",
    .construct = sink_construct,
    .prepare = sink_prepare,
    .run = sink_run,
    .destroy = sink_destroy,
};

/* ---- the leaks ---- */

struct leaky {
    struct sm_factory *factory;
    struct sm_datagram *socket;
    struct sm_address to;
    void (*leak)(struct leaky *self);
};

static volatile uint64_t left_over; /* what an earlier run has left, if it could */
static void *volatile hidden;       /* from the compiler, which would warn */
static volatile double hidden_number;

static void say(struct leaky *self, uint64_t value)
{
    sm_datagram_send(self->socket, &self->to, &value, sizeof value);
}

NOINLINE static void leak_none(struct leaky *self)
{
    say(self, sm_random_u64(NULL));
}

NOINLINE static void leak_heap_byte(struct leaky *self)
{
    unsigned char *block = hidden = malloc(64);

    say(self, block[10]);
    free(block);
}

NOINLINE static void leak_freed_byte(struct leaky *self)
{
    unsigned char *block = malloc(64);

    hidden = block;
    free(block);
    say(self, ((unsigned char *)hidden)[30]);
}

NOINLINE static void leak_grown_byte(struct leaky *self)
{
    unsigned char *block = calloc(1, 8);

    block = hidden = realloc(block, 400);
    say(self, block[200]);
    free(block);
}

NOINLINE static void leak_stack_byte(struct leaky *self)
{
    unsigned char frame[FRAME_BYTES];

    hidden = frame;
    say(self, *(unsigned char *)hidden);
}

NOINLINE static void leave_address(void)
{
    void *frame[FRAME_BYTES / sizeof(void *)];

    hidden = frame;
    *(void **)hidden = (void *)(uintptr_t)leave_address;
}

NOINLINE static void say_what_was_left(struct leaky *self)
{
    uint64_t frame[FRAME_BYTES / sizeof(uint64_t)];

    hidden = frame;
    say(self, *(uint64_t *)hidden);
}

NOINLINE static void leak_stack_remains(struct leaky *self)
{
    leave_address();
    sm_sleep(SM_MS);
    say_what_was_left(self);
}

NOINLINE static void leak_heap_pointer(struct leaky *self)
{
    void *block = malloc(24);

    say(self, (uintptr_t)block);
    free(block);
}

NOINLINE static void leak_heap_order(struct leaky *self)
{
    void *first = malloc(24), *second = malloc(24);

    say(self, (uintptr_t)first < (uintptr_t)second);
    free(first);
    free(second);
}

/* As a table of a few slots does that hashes pointers. */
NOINLINE static void leak_heap_slot(struct leaky *self)
{
    void *block = malloc(24);

    say(self, (uintptr_t)block / 16 % 64);
    free(block);
}

NOINLINE static void leak_stack_pointer(struct leaky *self)
{
    int here;

    say(self, (uintptr_t)&here);
}

NOINLINE static void leak_code_address(struct leaky *self)
{
    say(self, (uintptr_t)leak_code_address);
}

NOINLINE static void leak_static_address(struct leaky *self)
{
    say(self, (uintptr_t)&left_over);
}

/* A system call by its instruction: libc's function of that name is answered by the machine. */
static void ask_kernel(long number, uintptr_t a, uintptr_t b, uintptr_t c)
{
#if defined(__x86_64__)
    __asm__ volatile("syscall" : "+a"(number) : "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
#else
    register uintptr_t x0 __asm__("x0") = a;
    register uintptr_t x1 __asm__("x1") = b, x2 __asm__("x2") = c;
    register long x8 __asm__("x8") = number;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x1), "r"(x2), "r"(x8) : "memory");
#endif
}

NOINLINE static void leak_real_time(struct leaky *self)
{
    struct timespec now = {0, 0};

    ask_kernel(SYS_clock_gettime, CLOCK_MONOTONIC, (uintptr_t)&now, 0);
    say(self, (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec);
}

NOINLINE static void leak_rdtsc(struct leaky *self)
{
#if defined(__x86_64__)
    say(self, __builtin_ia32_rdtsc());
#else
    leak_real_time(self);
#endif
}

NOINLINE static void leak_randomness(struct leaky *self)
{
    uint64_t value = 0;

    ask_kernel(SYS_getrandom, (uintptr_t)&value, sizeof value, 0);
    say(self, value);
}

/* The processor's own, which no kernel keeps from anybody. */
static uint64_t ask_processor(void)
{
    uint64_t value = 0;

#if defined(__x86_64__)
    unsigned char done = 0;
    while (!done)
        __asm__ volatile("rdrand %0; setc %1" : "=r"(value), "=qm"(done) : : "cc");
#else
    ask_kernel(SYS_getrandom, (uintptr_t)&value, sizeof value, 0);
#endif
    return value;
}

NOINLINE static void leak_rdrand(struct leaky *self)
{
    say(self, ask_processor());
}

/* Most runs are the same. */
NOINLINE static void leak_rare_randomness(struct leaky *self)
{
    const uint64_t value = ask_processor();

    say(self, value % 8 == 0 ? value : 0);
}

NOINLINE static void leak_static_left(struct leaky *self)
{
    say(self, left_over++);
}

NOINLINE static void say_sign_left(struct leaky *self)
{
    say(self, (uint64_t)signgam);
}

/* What libm keeps for the whole process: the sign of the latest gamma function. */
NOINLINE static void leak_libm_left(struct leaky *self)
{
    if (signgam != 0)
        say_sign_left(self);
    else
        say(self, 0);
    hidden_number = lgamma(-0.5);
}

/* Whether a byte is there at all: most fills are the same to it. */
NOINLINE static void leak_stack_truth(struct leaky *self)
{
    unsigned char frame[FRAME_BYTES];

    hidden = frame;
    say(self, *(unsigned char *)hidden != 0);
}

static const struct {
    const char *name;
    void (*leak)(struct leaky *self);
} leaks[] = {
    {"none", leak_none},
    {"heap_byte", leak_heap_byte},
    {"freed_byte", leak_freed_byte},
    {"grown_byte", leak_grown_byte},
    {"stack_byte", leak_stack_byte},
    {"stack_remains", leak_stack_remains},
    {"heap_pointer", leak_heap_pointer},
    {"heap_order", leak_heap_order},
    {"heap_slot", leak_heap_slot},
    {"stack_pointer", leak_stack_pointer},
    {"code_address", leak_code_address},
    {"static_address", leak_static_address},
    {"real_time", leak_real_time},
    {"rdtsc", leak_rdtsc},
    {"randomness", leak_randomness},
    {"rdrand", leak_rdrand},
    {"rare_randomness", leak_rare_randomness},
    {"static_left", leak_static_left},
    {"libm_left", leak_libm_left},
    {"stack_truth", leak_stack_truth},
};

/* ---- the daemon ---- */

static int leaky_construct(void *self, struct sm_factory *factory)
{
    struct leaky *leaky = self;
    const char *name = sm_factory_config(factory, "leak");

    leaky->factory = factory;
    for (size_t i = 0; i < sizeof leaks / sizeof leaks[0]; i++) {
        if (strcmp(name ? name : "none", leaks[i].name) == 0)
            leaky->leak = leaks[i].leak;
    }
    return leaky->leak ? 0 : sm_factory_fail(factory, -EINVAL, "leak '%s' is not known", name);
}

static int leaky_prepare(void *self)
{
    struct leaky *leaky = self;
    struct sm_net *net = sm_net_get(leaky->factory);
    int error = sm_net_resolve(net, "sink", &leaky->to.ip, SM_FOREVER);

    leaky->to.port = PORT;
    return error ? error : sm_datagram_open(net, &leaky->socket, 0);
}

/* Before and after the leak all is well. */
static int leaky_run(void *self)
{
    struct leaky *leaky = self;
    int64_t percent = 100;
    int error = sm_config_i64(leaky->factory, "percent", 100, &percent);

    const bool leaks_in_this_run = sm_random_below(NULL, 100) < (uint64_t)percent;
    for (int i = 0; i < 6 && !error; i++) {
        if (i == 2 && leaks_in_this_run)
            leaky->leak(leaky);
        else
            leak_none(leaky);
        error = sm_sleep(SM_S);
    }
    return error;
}

static void leaky_destroy(void *self)
{
    sm_datagram_close(((struct leaky *)self)->socket);
}

static const struct sm_daemon_type leaky_daemon = {
    SM_DAEMON_HEAD(leaky),
    .about = "Sends what it should not know.",
    .construct = leaky_construct,
    .prepare = leaky_prepare,
    .run = leaky_run,
    .destroy = leaky_destroy,
};

SM_PLUGIN("Daemons that depend on their host.", &leaky_daemon, &sink_daemon)
