/* SPDX-License-Identifier: MIT */
/* Machines by number: which group one belongs to, and what it is called. */
#include "scenarios/file/scenario.h"

#include "core/assert.h"

#include <stdio.h>

uint32_t scn_machine_group(const struct scn *scn, uint32_t index)
{
    SM_ASSERT(index < scn->machine_count);
    /* The last group that begins at or before the machine: groups are never empty. */
    uint32_t low = 0, high = scn->group_count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (scn->groups[middle].first_machine <= index)
            low = middle;
        else
            high = middle;
    }
    return low;
}

size_t scn_machine_name(const struct scn *scn, uint32_t index, char *text, size_t size)
{
    const struct scn_group *group = &scn->groups[scn_machine_group(scn, index)];
    int length = group->counted
                     ? snprintf(text, size, "%s%u", group->name, index - group->first_machine + 1)
                     : snprintf(text, size, "%s", group->name);
    if (length < 0)
        return 0;
    return (size_t)length < size ? (size_t)length : size ? size - 1 : 0;
}

const char *scn_fault_kind_text(uint32_t kind)
{
    static const char *const texts[SCN_FAULT_KIND_COUNT] = {[SCN_FAULT_PAUSE] = "pause",
                                                            [SCN_FAULT_CRASH] = "crash",
                                                            [SCN_FAULT_PARTITION] = "partition",
                                                            [SCN_FAULT_LINK] = "degrade",
                                                            [SCN_FAULT_CLOG] = "clog",
                                                            [SCN_FAULT_FLAP] = "flap",
                                                            [SCN_FAULT_SWIZZLE] = "swizzle",
                                                            [SCN_FAULT_REFUSE] = "refuse",
                                                            [SCN_FAULT_BACKLOG] = "backlog-full",
                                                            [SCN_FAULT_RESET] = "reset",
                                                            [SCN_FAULT_HALF_OPEN] = "half-open",
                                                            [SCN_FAULT_BLACK_HOLE] = "black-hole",
                                                            [SCN_FAULT_SLOW_READER] = "slow-reader",
                                                            [SCN_FAULT_NO_NAME] = "no-name",
                                                            [SCN_FAULT_LATE_NAME] = "late-name",
                                                            [SCN_FAULT_CLOCK_STEP] = "clock-step",
                                                            [SCN_FAULT_CLOCK_DRIFT] = "clock-drift",
                                                            [SCN_FAULT_SLOW] = "slow",
                                                            [SCN_FAULT_NO_MEMORY] = "no-memory",
                                                            [SCN_FAULT_DISK] = "disk"};
    return kind < SCN_FAULT_KIND_COUNT ? texts[kind] : "fault";
}

bool scn_fault_is_at_once(uint32_t kind)
{
    return kind == SCN_FAULT_CLOCK_STEP || kind == SCN_FAULT_RESET || kind == SCN_FAULT_HALF_OPEN;
}
