/* SPDX-License-Identifier: MIT */
/*
 * A machine's context: while it is entered, malloc serves the machine's heap, libc answers from the
 * machine (libc/libc.h), and a system call is an escape (trap.h). The scheduler enters it with each
 * step of a task; host code that a task reaches and that allocates, or calls the kernel, leaves it
 * meanwhile:
 *
 *     struct sim_heap *heap = sim_context_leave();
 *     ...
 *     sim_context_enter(heap);
 */
#ifndef STEELMILL_SIM_CONTEXT_H
#define STEELMILL_SIM_CONTEXT_H

#include <stddef.h>

struct sim_heap;

/* The heap that malloc serves now; NULL: the host's. */
extern struct sim_heap *sim_heap_current;
/* What the kernel looks at when a system call is made: 0: let it pass; 1: signal it. */
extern volatile char sim_trap_selector;

/* AddressSanitizer calls libc, and so us, before its shadow is there: not to be instrumented. */
#define SIM_CONTEXT_BARE __attribute__((no_sanitize("address")))

/* heap: of the machine; NULL: stays, or goes, out of any. */
SIM_CONTEXT_BARE static inline void sim_context_enter(struct sim_heap *heap)
{
    sim_heap_current = heap;
    sim_trap_selector = heap != NULL;
}

/* What to give to sim_context_enter afterwards. */
SIM_CONTEXT_BARE static inline struct sim_heap *sim_context_leave(void)
{
    struct sim_heap *heap = sim_heap_current;

    sim_context_enter(NULL);
    return heap;
}

#endif
