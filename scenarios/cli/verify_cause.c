/* SPDX-License-Identifier: MIT */
#include "scenarios/cli/verify_cause.h"

/*
 * Far enough to change most of an address's bits, and less than the 64 GiB that lie between the
 * stacks and what follows them (core/address_map.h).
 */
#define SHIFT UINT64_C(0x96ac00000)

/*
 * A truth value that is read uninitialised tells only zero from the rest: blocks usually hold 0xa5,
 * so they get zeros; stacks hold what is left on them, so they get both.
 */
const struct cli_change cli_changes[] = {
    {.cause = CLI_CAUSE_STACK, .text = "its stacks filled with 0xa5", .stack_fill = JOB_FILL(0xa5)},
    {.cause = CLI_CAUSE_STACK, .text = "its stacks filled with 0x00", .stack_fill = JOB_FILL(0x00)},
    {.cause = CLI_CAUSE_HEAP,
     .text = "new blocks filled with 0x00, freed ones with 0xff (usually 0xa5 and 0x5a)",
     .heap_fill = JOB_FILL(0x00)},
    {.cause = CLI_CAUSE_ADDRESSES,
     .text = "its heaps and stacks at other addresses, in another order",
     .base_shift = SHIFT},
};
const size_t cli_change_count = sizeof cli_changes / sizeof *cli_changes;
const struct cli_change *const cli_change_stack = &cli_changes[0];

const struct cli_change cli_change_earlier = {
    .cause = CLI_CAUSE_EARLIER,
    .text = "its process carry out other runs before it",
    .after_others = true,
};

const struct cli_change *cli_change_together(uint64_t seed)
{
    static const struct cli_change together[] = {
        {.cause = CLI_CAUSE_UNKNOWN,
         .text = "stacks, heaps and addresses changed at once",
         .base_shift = SHIFT,
         .heap_fill = JOB_FILL(0x00),
         .stack_fill = JOB_STACK_FILL_QUICK(0xa5)},
        {.cause = CLI_CAUSE_UNKNOWN,
         .text = "stacks, heaps and addresses changed at once",
         .base_shift = SHIFT,
         .heap_fill = JOB_FILL(0x00),
         .stack_fill = JOB_STACK_FILL_QUICK(0x00)},
    };
    return &together[seed % 2];
}

const char *cli_cause_verdict(enum cli_cause cause)
{
    switch (cause) {
    case CLI_CAUSE_NONE:
        return "deterministic";
    case CLI_CAUSE_ADDRESSES:
        return "depends on addresses";
    case CLI_CAUSE_HEAP:
        return "depends on uninitialised memory (heap)";
    case CLI_CAUSE_STACK:
        return "depends on uninitialised memory (stack)";
    default:
        return "not deterministic";
    }
}

const char *cli_cause_hint(enum cli_cause cause)
{
    switch (cause) {
    case CLI_CAUSE_OUTSIDE:
        return "what answers differently each time, as runs of one process differ, too:\n"
               "randomness of the processor's (rdrand), memory that others write to\n";
    case CLI_CAUSE_TRAP:
        return "what goes past libc, whose functions are answered by the machine: the run was\n"
               "stopped before the host's answer could make a difference\n";
    case CLI_CAUSE_LAYOUT:
        return "code or static addresses used as key, order or hash (functions, static data,\n"
               "steelmill's handles): runs of one process agree, those of two processes do not\n";
    case CLI_CAUSE_REMAINS:
        return "a local variable that is read before it is written, on a stack where an earlier\n"
               "call has left an address: with filled stacks the runs of two processes agree\n";
    case CLI_CAUSE_EARLIER:
        return "what a run leaves in its process, and the next one finds: state of libc's or of "
               "the\n"
               "host's that is not each machine's own\n";
    case CLI_CAUSE_ONCE:
        return "what answers differently each time, if seldom, or what a run finds that earlier "
               "ones\n"
               "of its process have left: further runs were the same\n";
    case CLI_CAUSE_ADDRESSES:
        return "a heap or stack pointer used as key, order or hash: it is the same in each run of\n"
               "this build, but not in the next one, nor in production\n";
    case CLI_CAUSE_HEAP:
        return "a block of malloc or realloc that is read before it is written, or after it is\n"
               "freed\n";
    case CLI_CAUSE_STACK:
        return "a local variable that is read before it is written\n";
    default:
        return "";
    }
}
