/* SPDX-License-Identifier: MIT */
/*
 * Why runs of one seed differ, as far as that can be told, and the changes that bring it to light.
 */
#ifndef STEELMILL_SCENARIOS_CLI_VERIFY_CAUSE_H
#define STEELMILL_SCENARIOS_CLI_VERIFY_CAUSE_H

#include "scenarios/job.h"
#include <steelmill/base.h>

enum cli_cause {
    CLI_CAUSE_NONE, /* they are the same */
    /* Part (a): the same bases and fills, repeated. */
    CLI_CAUSE_UNKNOWN, /* looking for it was cut short */
    CLI_CAUSE_OUTSIDE, /* runs of one process differ, too */
    CLI_CAUSE_LAYOUT,  /* runs differ from process to process only */
    CLI_CAUSE_TRAP,    /* a run was stopped where a daemon went past libc */
    CLI_CAUSE_REMAINS, /* the same, but no longer when stacks are filled */
    CLI_CAUSE_EARLIER, /* not the same after other runs in one process */
    CLI_CAUSE_ONCE,    /* they differed, and never again */
    /* Part (b): repeated runs are the same; with one thing changed they are not. */
    CLI_CAUSE_ADDRESSES,
    CLI_CAUSE_HEAP,
    CLI_CAUSE_STACK,
};

/* What is done differently in a run. */
struct cli_change {
    enum cli_cause cause; /* if it makes a difference */
    const char *text;     /* "run 4 had ..." */
    uint64_t base_shift;
    uint32_t heap_fill, stack_fill; /* as in struct job_command */
    bool after_others;              /* in a process that has carried out other runs */
};

/*
 * Part (b), in the order in which they are tried: what is read uninitialised may be a piece of an
 * address, so addresses are blamed last.
 */
extern const struct cli_change cli_changes[];
extern const size_t cli_change_count;
/* Of them the one that hides what calls leave on stacks. */
extern const struct cli_change *const cli_change_stack;
/* Part (a): see CLI_CAUSE_EARLIER. */
extern const struct cli_change cli_change_earlier;
/* All of part (b) at once; stacks have the one fill with even seeds, the other with odd ones. */
const struct cli_change *cli_change_together(uint64_t seed);

/* "not deterministic", "depends on addresses", ... */
const char *cli_cause_verdict(enum cli_cause cause);
/* What to look for in the code, lines ended by line feeds; "" where nobody knows. */
const char *cli_cause_hint(enum cli_cause cause);

#endif
