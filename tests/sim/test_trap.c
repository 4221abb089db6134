/* SPDX-License-Identifier: MIT */
/* The traps for what goes past libc, by themselves: what is caught, and what passes. */
#include "sim/heap.h"
#include "sim/trap.h"
#include "tests/core/suite.h"

#include <setjmp.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct sim_heap heap; /* whose machine does not matter */
static struct sim_trap_catch caught;
static sigjmp_buf way_out;

static void on_signal(int number, siginfo_t *info, void *context)
{
    switch (sim_trap_take(number, info, context, &caught)) {
    case SIM_TRAP_ANSWERED:
        return;
    case SIM_TRAP_CAUGHT:
        siglongjmp(way_out, 1);
    case SIM_TRAP_OTHER:
        abort();
    }
}

/* What of it there is here: nothing under a tool, or with another processor. */
static unsigned arm(void)
{
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_NODEFER};

    ck_assert_int_eq(sigaction(SIGSYS, &action, NULL), 0);
    ck_assert_int_eq(sigaction(SIGSEGV, &action, NULL), 0);
    return sim_trap_arm();
}

/* By its instruction, not by libc. */
static long ask_kernel(long number)
{
#if defined(__x86_64__)
    __asm__ volatile("syscall" : "+a"(number) : : "rcx", "r11", "memory");
    return number;
#elif defined(__aarch64__)
    register long call __asm__("x8") = number;
    register long result __asm__("x0");
    __asm__ volatile("svc 0" : "=r"(result) : "r"(call) : "memory");
    return result;
#else
#error "how does a program call the kernel here?"
#endif
}

static uint64_t read_counter(void)
{
#if defined(__x86_64__)
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
#else
    return 1;
#endif
}

/* On a machine a system call is caught, by its name; after that the host's calls pass. */
START_TEST(system_call)
{
    if (!(arm() & SIM_TRAP_CALLS))
        return;
    if (sigsetjmp(way_out, 1) == 0) {
        sim_context_enter(&heap);
        ask_kernel(SYS_getppid);
        sim_context_enter(NULL);
        ck_abort_msg("it passed");
    }
    ck_assert_ptr_null(sim_heap_current);
    ck_assert_str_eq(caught.what, "getppid");
    ck_assert_int_eq(ask_kernel(SYS_getpid), getpid());
    sim_trap_disarm();
}
END_TEST

/* Host code, which is in no machine's context, calls what it likes, also out of a task. */
START_TEST(host_passes)
{
    arm();
    ck_assert_int_eq(ask_kernel(SYS_getpid), getpid());
    sim_context_enter(&heap);
    struct sim_heap *context = sim_context_leave();
    ck_assert_ptr_eq(context, &heap);
    ck_assert_int_eq(ask_kernel(SYS_getpid), getpid());
    sim_context_enter(context);
    sim_context_leave();
    sim_trap_disarm();
}
END_TEST

/* On a machine the counter is caught; the host reads it, and asks for the time by it. */
START_TEST(counter)
{
    struct timespec before, after;

    if (!(arm() & SIM_TRAP_COUNTER))
        return;
    if (sigsetjmp(way_out, 1) == 0) {
        sim_context_enter(&heap);
        read_counter();
        sim_context_enter(NULL);
        ck_abort_msg("it passed");
    }
    ck_assert_str_eq(caught.what, "rdtsc");
    const uint64_t one = read_counter(), two = read_counter();
    ck_assert_uint_lt(one, two);
    ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &before), 0);
    sim_trap_disarm();
    ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &after), 0);
    ck_assert_int_le(before.tv_sec, after.tv_sec);
    ck_assert_int_ge(before.tv_sec + 5, after.tv_sec);
}
END_TEST

/* What libc does by itself in harmless functions is answered: the program goes on where it was. */
START_TEST(answered)
{
    sigset_t set;
    sigjmp_buf here;
    volatile int times = 0;

    arm();
    sim_context_enter(&heap);
    const int error = sigprocmask(SIG_BLOCK, NULL, &set);
    if (sigsetjmp(here, 1) == 0)
        siglongjmp(here, 1 + times++);
    sim_context_enter(NULL);
    sim_trap_disarm();
    ck_assert_int_eq(error, 0);
    ck_assert_int_eq(times, 1);
}
END_TEST

/* After they are taken away, nothing is caught; and a forked child has had none of system calls. */
START_TEST(disarmed)
{
    arm();
    const pid_t child = fork();
    if (child == 0) {
        sim_context_enter(&heap);
        const long parent = ask_kernel(SYS_getppid);
        sim_context_enter(NULL);
        _exit(parent > 0 ? 0 : 1);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    sim_trap_disarm();
    sim_context_enter(&heap);
    const long pid = ask_kernel(SYS_getpid);
    read_counter();
    sim_context_enter(NULL);
    ck_assert_int_eq(pid, getpid());
}
END_TEST

/* Calls have the names of the kernel's headers. */
START_TEST(names)
{
    ck_assert_str_eq(sim_trap_name(SYS_clock_gettime), "clock_gettime");
    ck_assert_str_eq(sim_trap_name(SYS_read), "read");
    ck_assert_str_eq(sim_trap_name(-1), "unknown");
    ck_assert_str_eq(sim_trap_name(1000000), "unknown");
}
END_TEST

SUITE_MAIN("trap", system_call, host_passes, counter, answered, disarmed, names)
