/* SPDX-License-Identifier: MIT */
/*
 * Findings. A failure that steelmill notices comes by sim_options.failed; a signal, a loop or an
 * exit of the process is noticed here. Either way the result is filled while the failing stack is
 * still there, and the process ends or the run does.
 */
#include "core/fiber.h"
#include "scenarios/worker/worker.h"
#include "sim/libc/libc.h"
#include "sim/trap.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

#define SIGNAL_STACK_BYTES ((size_t)256 * 1024)

static struct run *armed; /* a signal has no other way to find the run */

/* ---- what all findings have in common ---- */

static void copy_text(char *to, size_t size, const char *from)
{
    snprintf(to, size, "%s", from ? from : "");
}

void finding_note_where(struct run *run, struct sim_machine *machine, const struct sm_task *task)
{
    struct job_result *result = run->result;

    if (!machine && task)
        machine = sim_machine_of(task);
    copy_text(result->machine, sizeof result->machine, machine ? machine->name : "");
    copy_text(result->task, sizeof result->task, task ? task->name : "");
    copy_text(result->daemon, sizeof result->daemon,
              task && task->owner && task->owner->daemon ? task->owner->daemon : "");
    result->finding_ns = run->world->now;
    result->finding_event = run->world->step;
    result->virtual_ns = run->world->now;
    result->events = run->world->seq;
    result->digest = sim_world_digest(run->world);
    struct sim_record latest[JOB_EVENTS_LAST];
    result->last_event_count =
        (uint32_t)sim_digest_latest(&run->world->digest, latest, JOB_EVENTS_LAST);
    memcpy(result->last_events, latest, sizeof latest);
    sim_libc_flush(run->world);
    output_keep(run, result);
    result->context_kinds = nemesis_context(run->nemesis, result->context, sizeof result->context);
}

static void begin_finding(struct run *run, enum job_finding kind, const char *subject)
{
    struct job_result *result = run->result;

    run->over = true;
    result->verdict = JOB_FINDING;
    result->finding = kind;
    copy_text(result->subject, sizeof result->subject, subject);
}

static enum job_finding kind_of(enum sim_failure_kind kind)
{
    switch (kind) {
    case SIM_FAILURE_PROPERTY:
        return JOB_FINDING_PROPERTY;
    case SIM_FAILURE_ASSERT:
        return JOB_FINDING_ASSERT;
    case SIM_FAILURE_STUCK:
        return JOB_FINDING_STUCK;
    case SIM_FAILURE_HEAP:
        return JOB_FINDING_HEAP;
    case SIM_FAILURE_ESCAPE:
        return JOB_FINDING_ESCAPE;
    case SIM_FAILURE_DAEMON:
        break;
    }
    return JOB_FINDING_DAEMON;
}

void finding_of_failure(void *arg, struct sim_world *world, const struct sim_failure *failure)
{
    struct run *run = arg;

    (void)world;
    if (run->over)
        return;
    begin_finding(run, kind_of(failure->kind), failure->subject);
    if (run->unusable)
        run->result->verdict = JOB_UNUSABLE;
    copy_text(run->result->text, sizeof run->result->text, failure->text);
    finding_note_where(run, failure->machine, failure->task);
    if (failure->kind == SIM_FAILURE_DAEMON)
        copy_text(run->result->daemon, sizeof run->result->daemon, failure->subject);
    backtrace_take(run->result);
}

void finding_of_judgement(struct run *run, enum job_finding kind, const char *subject,
                          const char *format, ...)
{
    va_list args;

    if (run->over)
        return;
    begin_finding(run, kind, subject);
    va_start(args, format);
    vsnprintf(run->result->text, sizeof run->result->text, format, args);
    va_end(args);
    finding_note_where(run, NULL, NULL);
}

/* ---- signals ---- */

static struct backtrace_registers registers_of(const ucontext_t *context)
{
#if defined(__x86_64__)
    const greg_t *r = context->uc_mcontext.gregs;
    return (struct backtrace_registers){.instruction = (uint64_t)r[REG_RIP],
                                        .stack_pointer = (uint64_t)r[REG_RSP],
                                        .frame_pointer = (uint64_t)r[REG_RBP]};
#else
    return (struct backtrace_registers){.instruction = context->uc_mcontext.pc,
                                        .stack_pointer = context->uc_mcontext.sp,
                                        .frame_pointer = context->uc_mcontext.regs[29],
                                        .link = context->uc_mcontext.regs[30]};
#endif
}

static const char *signal_text(int number)
{
    switch (number) {
    case SIGSEGV:
        return "SIGSEGV";
    case SIGBUS:
        return "SIGBUS";
    case SIGFPE:
        return "SIGFPE";
    case SIGILL:
        return "SIGILL";
    case SIGABRT:
        return "SIGABRT";
    default:
        return "SIGTRAP";
    }
}

static void fill_signal(struct run *run, int number, const siginfo_t *info)
{
    struct job_result *result = run->result;
    const struct sm_task *task = sm__current;
    uint32_t index;
    bool in_guard = false;

    result->signal = number;
    result->fault_address = (uint64_t)(uintptr_t)info->si_addr;
    const bool in_stack = number == SIGSEGV && run->world &&
                          sm__stack_find(run->world->stacks, info->si_addr, &index, &in_guard);
    if (in_stack && in_guard) {
        begin_finding(run, JOB_FINDING_OVERFLOW, "stack overflow");
        snprintf(result->text, sizeof result->text,
                 "stack overflow: the task has used up its %zu KiB",
                 run->world->options.stack_bytes / 1024);
    } else if (number == SIGABRT) {
        begin_finding(run, JOB_FINDING_SIGNAL, "SIGABRT");
        copy_text(result->text, sizeof result->text, "SIGABRT: the daemon called abort");
    } else {
        begin_finding(run, JOB_FINDING_SIGNAL, signal_text(number));
        snprintf(result->text, sizeof result->text, "%s at address 0x%llx", signal_text(number),
                 (unsigned long long)result->fault_address);
    }
    finding_note_where(run, NULL, task);
}

_Noreturn void finding_end_child(struct run *run)
{
    worker_finish(run);
    armed = NULL;
    if (run->ended)
        run->ended(run);
    _exit(0);
}

/* A daemon went past libc. */
static void fill_trap(struct run *run, const struct sim_trap_catch *caught)
{
    begin_finding(run, JOB_FINDING_TRAP, caught->what);
    copy_text(run->result->text, sizeof run->result->text, caught->text);
    finding_note_where(run, NULL, sm__current);
}

static void on_signal(int number, siginfo_t *info, void *context)
{
    struct run *run = armed;
    struct sim_trap_catch caught;
    const enum sim_trap_verdict trapped = sim_trap_take(number, info, context, &caught);

    if (trapped == SIM_TRAP_ANSWERED)
        return;
    if (!run || run->over) { /* a second fault while the first is written down */
        signal(number, SIG_DFL);
        raise(number);
        return;
    }
    if (trapped == SIM_TRAP_CAUGHT)
        fill_trap(run, &caught);
    else
        fill_signal(run, number, info);
    const struct backtrace_registers registers = registers_of(context);
    backtrace_take_at(run->result, &registers, run->world->stacks);
    finding_end_child(run);
}

/* ---- sanitizers ---- */

void finding_of_report(const char *subject, const char *text)
{
    struct run *run = armed;

    if (!run || run->over)
        return;
    sim_context_leave();
    begin_finding(run, JOB_FINDING_SANITIZER, subject);
    copy_text(run->result->text, sizeof run->result->text, text);
    finding_note_where(run, NULL, sm__current);
    backtrace_take(run->result);
    backtrace_skip_sanitizer(run->result);
    finding_end_child(run);
}

/* ---- loops ---- */

static uint64_t step_at_tick;

/* Every spin_limit of thread CPU time: the same step twice in a row has used at least one limit. */
static void on_tick(int number, siginfo_t *info, void *context)
{
    struct run *run = armed;

    (void)number, (void)info;
    if (!run || run->over || !run->world)
        return;
    if (!sm__current || run->world->step != step_at_tick) {
        step_at_tick = run->world->step;
        return;
    }
    sim_context_leave();
    begin_finding(run, JOB_FINDING_SPIN, sm__current->name);
    snprintf(run->result->text, sizeof run->result->text,
             "task '%s' does not yield: it ran for more than %lld ms of CPU time without blocking",
             sm__current->name, (long long)(run->scn->spin_limit_ns / SM_MS));
    finding_note_where(run, NULL, sm__current);
    const struct backtrace_registers registers = registers_of(context);
    backtrace_take_at(run->result, &registers, run->world->stacks);
    finding_end_child(run);
}

static void set_tick(int64_t interval_ns)
{
    struct itimerval timer;

    timer.it_interval.tv_sec = interval_ns / SM_S;
    timer.it_interval.tv_usec = interval_ns % SM_S / SM_US;
    timer.it_value = timer.it_interval;
    SM_ASSERT(setitimer(ITIMER_PROF, &timer, NULL) == 0);
}

/* ---- exits ---- */

static void on_exit_call(void)
{
    struct run *run = armed;

    if (!run || run->over || !sm__current)
        return;
    sim_context_leave();
    begin_finding(run, JOB_FINDING_EXIT, "exit");
    copy_text(run->result->text, sizeof run->result->text, "the daemon called exit");
    finding_note_where(run, NULL, sm__current);
    backtrace_take(run->result);
    finding_end_child(run);
}

/* Past the exit handlers: daemons call these by name, so the program's definition is theirs. */
__attribute__((visibility("default"))) void _exit(int code)
{
    on_exit_call();
    syscall(SYS_exit_group, code);
    __builtin_unreachable();
}

__attribute__((visibility("default"))) void _Exit(int code)
{
    _exit(code);
}

/* ---- arming ---- */

static void handle(int number, void (*handler)(int, siginfo_t *, void *))
{
    struct sigaction action;

    memset(&action, 0, sizeof action);
    action.sa_sigaction = handler;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | (number == SIGPROF ? SA_RESTART : 0);
    sigemptyset(&action.sa_mask);
    SM_ASSERT(sigaction(number, &action, NULL) == 0);
}

static void arm_traps(struct run *run)
{
    if (!run->has_traps)
        return;
    const unsigned there = sim_trap_arm();
    if (!(there & SIM_TRAP_CALLS))
        worker_note(run, "system calls of a daemon's are not caught here, past libc's functions");
    if (!(there & SIM_TRAP_COUNTER))
        worker_note(run, "reading the processor's counter for the time is not caught here");
}

/* Once per process, which may have many runs. Returns the stack for signals. */
static void *prepare_process(void)
{
    static void *stack;

    if (stack)
        return stack;
    stack =
        mmap(NULL, SIGNAL_STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    SM_ASSERT(stack != MAP_FAILED);
    SM_ASSERT(atexit(on_exit_call) == 0);
    return stack;
}

void finding_arm(struct run *run)
{
    static const int deadly[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
    const stack_t stack = {.ss_sp = prepare_process(), .ss_size = SIGNAL_STACK_BYTES};

    SM_ASSERT(sigaltstack(&stack, NULL) == 0);
    armed = run;
    step_at_tick = 0;
    for (size_t i = 0; i < sizeof deadly / sizeof deadly[0]; i++)
        handle(deadly[i], on_signal);
    handle(SIGPROF, on_tick);
    set_tick(run->scn->spin_limit_ns);
    arm_traps(run);
}

void finding_disarm(struct run *run)
{
    SM_ASSERT(armed == run);
    sim_trap_disarm();
    set_tick(0);
    armed = NULL;
}
