/* SPDX-License-Identifier: MIT */
/* Where the processor or the kernel has no such traps. */
#include "sim/trap.h"

unsigned sim_trap_arm(void)
{
    return 0;
}

void sim_trap_disarm(void)
{
}

enum sim_trap_verdict sim_trap_take(int number, const siginfo_t *info, void *context,
                                    struct sim_trap_catch *out)
{
    (void)number, (void)info, (void)context, (void)out;
    return SIM_TRAP_OTHER;
}
