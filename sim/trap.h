/* SPDX-License-Identifier: MIT */
/*
 * What goes past libc is caught: a system call that a task makes, by its instruction or in a
 * function of libc's that no machine answers, and reading the processor's time stamp counter.
 *
 *   system calls  the kernel looks at sim_trap_selector (context.h) at each and sends SIGSYS where
 *                 it is set (syscall user dispatch, Linux 5.11, x86-64)
 *   the counter   rdtsc sends SIGSEGV (PR_SET_TSC, x86-64), to host code, too: there it is answered
 *
 * A run switches one byte in memory as it enters and leaves a machine's context; so nothing of this
 * costs time per event. Neither is there under tools that stand between the program and the kernel
 * (valgrind, sanitizers, emulators).
 */
#ifndef STEELMILL_SIM_TRAP_H
#define STEELMILL_SIM_TRAP_H

#include "sim/context.h"

#include <signal.h>
#include <stdbool.h>

/* What of it is there, as bits. */
enum { SIM_TRAP_CALLS = 1, SIM_TRAP_COUNTER = 2 };

/*
 * Sets the traps of the calling thread; a forked child has none. The handlers of SIGSYS and SIGSEGV
 * must be set already, on a stack of their own, and begin with sim_trap_take. Returns the bits of
 * what is in force now.
 */
unsigned sim_trap_arm(void);
void sim_trap_disarm(void);

enum sim_trap_verdict {
    SIM_TRAP_OTHER,    /* the signal has another cause */
    SIM_TRAP_ANSWERED, /* return from the handler: the program goes on */
    SIM_TRAP_CAUGHT,   /* the daemon did what it must not */
};

struct sim_trap_catch {
    char what[32];  /* the system call's name; "rdtsc" */
    char text[160]; /* a sentence */
};

/* A system call's name; "unknown". In a file that trap_names.sh makes. */
const char *sim_trap_name(long number);

/* In the handler, before anything else. The machine's context is left, unless it is answered. */
enum sim_trap_verdict sim_trap_take(int number, const siginfo_t *info, void *context,
                                    struct sim_trap_catch *out);

#endif
