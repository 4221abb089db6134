/* SPDX-License-Identifier: MIT */
/* Tables of `faults:`, but for those of the network (table_network.c). */
#include "scenarios/file/table_fault.h"

bool fault_repeats(const char *source)
{
    return fault_of(source)->repeats;
}

bool fault_happens_once(const char *source)
{
    return !fault_of(source)->repeats;
}

int check_fault(struct bind *b, const struct scn_node *map, char *target)
{
    struct scn_fault *fault = (struct scn_fault *)(void *)target;
    const struct scn_node *every = scn_node_get(map, "every"), *at = scn_node_get(map, "at");
    fault->repeats = every != NULL;
    if (every && at)
        return bind_fail(b, at, "a fault takes 'every' or 'at', not both");
    if (!every && !at)
        return bind_fail(b, map, "a fault needs 'every: 5s..15s' or 'at: 40s'");
    return 0;
}

static int check_no_memory(struct bind *b, const struct scn_node *map, char *target)
{
    const struct scn_node *share = scn_node_get(map, "share"), *nth = scn_node_get(map, "nth");
    if (share && nth)
        return bind_fail(b, nth, "a no-memory fault takes 'share' or 'nth', not both");
    if (!share && !nth)
        return bind_fail(b, map, "a no-memory fault needs 'share: 5%%' or 'nth: 100'");
    return check_fault(b, map, target);
}

static bool fails_by_share(const char *source)
{
    return fault_of(source)->nth == 0;
}

static bool fails_by_number(const char *source)
{
    return fault_of(source)->nth > 0;
}

static const struct bind_field pause_fields[] = {FAULT_NAME, FAULT_OF(NULL), FAULT_TIMES,
                                                 FAULT_FOR};
static const struct bind_field crash_fields[] = {
    FAULT_NAME,
    FAULT_OF(NULL),
    FAULT_TIMES,
    {.key = "restart",
     .about = "how long the machine is down, or never: it stays down",
     .type = &bind_restart,
     .offset = offsetof(struct scn_fault, restart),
     .second = offsetof(struct scn_fault, restarts),
     .fallback = "1s..3s"},
    {.key = "wipe",
     .about = "the machine loses its disk, too",
     .type = &bind_bool,
     .offset = offsetof(struct scn_fault, wipe),
     .fallback = "false"},
};
static const struct bind_field clock_step_fields[] = {
    FAULT_NAME,
    FAULT_OF(NULL),
    FAULT_TIMES,
    {.key = "by",
     .about = "how far the wall clock steps, forward or back",
     .type = &bind_offset,
     .offset = offsetof(struct scn_fault, step),
     .required = true,
     .min = -SCN_DURATION_MAX_NS,
     .max = SCN_DURATION_MAX_NS},
};
static const struct bind_field clock_drift_fields[] = {
    FAULT_NAME,
    FAULT_OF(NULL),
    FAULT_TIMES,
    FAULT_FOR,
    {.key = "by",
     .about = "how much faster, or slower, both clocks run meanwhile",
     .type = &bind_drift,
     .offset = offsetof(struct scn_fault, drift),
     .required = true,
     .min = -SCN_DRIFT_MAX_PPB,
     .max = SCN_DRIFT_MAX_PPB},
};
static const struct bind_field slow_fields[] = {
    FAULT_NAME,
    FAULT_OF(NULL),
    FAULT_TIMES,
    FAULT_FOR,
    {.key = "factor",
     .about = "so many times what the machine's `cpu` says, or 20us per event and 10ns per byte",
     .type = &bind_u32,
     .offset = offsetof(struct scn_fault, factor),
     .fallback = "10",
     .min = 2,
     .max = 10000},
};
static const struct bind_field no_memory_fields[] = {
    FAULT_NAME,
    FAULT_OF(NULL),
    FAULT_TIMES,
    FAULT_FOR,
    {.key = "share",
     .about = "share of the allocations that fail",
     .type = &bind_share,
     .offset = offsetof(struct scn_fault, share_ppm),
     .when = fails_by_share},
    {.key = "nth",
     .about = "which allocation fails, counted from the fault's beginning",
     .type = &bind_u64,
     .offset = offsetof(struct scn_fault, nth),
     .min = 1,
     .max = INT64_C(1000000000000),
     .when = fails_by_number},
    {.key = "above",
     .about = "allocations of this size and smaller ones neither fail nor count",
     .type = &bind_bytes,
     .offset = offsetof(struct scn_fault, above_bytes),
     .fallback = "0",
     .max = TIB},
};

static FAULT_TABLE(pause, "pause", check_fault, FAULT_ONE_TIME);
static FAULT_TABLE(crash, "crash", check_fault, FAULT_ONE_TIME);
static FAULT_TABLE(clock_step, "clock-step", check_fault, FAULT_ONE_TIME);
static FAULT_TABLE(clock_drift, "clock-drift", check_fault, FAULT_ONE_TIME);
static FAULT_TABLE(slow, "slow", check_fault, FAULT_ONE_TIME);
static FAULT_TABLE(no_memory, "no-memory", check_no_memory, FAULT_ONE_TIME);

/* The index is the enum scn_fault_kind. */
static const struct bind_field fault_fields[SCN_FAULT_KIND_COUNT] = {
    [SCN_FAULT_PAUSE] = {.key = "pause",
                         .about = "a machine stands still: nothing runs, its clock goes on",
                         .type = &bind_submap,
                         .table = &pause_table},
    [SCN_FAULT_CRASH] = {.key = "crash",
                         .about = "a machine loses all but what it synced to its disk",
                         .type = &bind_submap,
                         .table = &crash_table},
    [SCN_FAULT_PARTITION] = {.key = "partition",
                             .about = "machines cannot reach each other",
                             .type = &bind_submap,
                             .table = &partition_table},
    [SCN_FAULT_LINK] = {.key = "degrade",
                        .about = "links are worse for a while",
                        .type = &bind_submap,
                        .table = &degrade_table},
    [SCN_FAULT_CLOG] = {.key = "clog",
                        .about = "links hold messages, then release them",
                        .type = &bind_submap,
                        .table = &clog_table},
    [SCN_FAULT_FLAP] = {.key = "flap",
                        .about = "links go down and up again and again",
                        .type = &bind_submap,
                        .table = &flap_table},
    [SCN_FAULT_SWIZZLE] =
        {.key = "swizzle",
         .about = "machines are clogged one after the other, and released in another order",
         .type = &bind_submap,
         .table = &swizzle_table},
    [SCN_FAULT_REFUSE] = {.key = "refuse",
                          .about = "connections are refused, as if nobody listened",
                          .type = &bind_submap,
                          .table = &refuse_table},
    [SCN_FAULT_BACKLOG] = {.key = "backlog-full",
                           .about = "connections are not answered, as where a backlog is full",
                           .type = &bind_submap,
                           .table = &backlog_table},
    [SCN_FAULT_RESET] = {.key = "reset",
                         .about = "open connections are reset, and both ends are told",
                         .type = &bind_submap,
                         .table = &reset_table},
    [SCN_FAULT_HALF_OPEN] =
        {.key = "half-open",
         .about = "open connections lose the end at `from`; the other end is not told",
         .type = &bind_submap,
         .table = &half_open_table},
    [SCN_FAULT_BLACK_HOLE] = {.key = "black-hole",
                              .about =
                                  "open connections go on, but nothing arrives; new ones are well",
                              .type = &bind_submap,
                              .table = &black_hole_table},
    [SCN_FAULT_SLOW_READER] = {.key = "slow-reader",
                               .about = "`to` reads slowly what comes in streams from `from`",
                               .type = &bind_submap,
                               .table = &slow_reader_table},
    [SCN_FAULT_NO_NAME] = {.key = "no-name",
                           .about = "`from` does not find `to` by its name",
                           .type = &bind_submap,
                           .table = &no_name_table},
    [SCN_FAULT_LATE_NAME] = {.key = "late-name",
                             .about = "`from` finds `to` by its name late",
                             .type = &bind_submap,
                             .table = &late_name_table},
    [SCN_FAULT_CLOCK_STEP] = {.key = "clock-step",
                              .about = "a machine's wall clock is set to another time",
                              .type = &bind_submap,
                              .table = &clock_step_table},
    [SCN_FAULT_CLOCK_DRIFT] = {.key = "clock-drift",
                               .about = "a machine's clocks run too fast or too slow for a while",
                               .type = &bind_submap,
                               .table = &clock_drift_table},
    [SCN_FAULT_SLOW] = {.key = "slow",
                        .about = "a machine's work takes longer for a while",
                        .type = &bind_submap,
                        .table = &slow_table},
    [SCN_FAULT_NO_MEMORY] = {.key = "no-memory",
                             .about = "some allocations of a machine fail for a while",
                             .type = &bind_submap,
                             .table = &no_memory_table},
    [SCN_FAULT_DISK] = {.key = "disk",
                        .about = "a machine's disk fails, loses or changes data, or is slow",
                        .type = &bind_submap,
                        .table = &disk_table},
};
const struct bind_table bind_fault = {
    .what = "the list of faults", .size = sizeof(struct scn_fault), TABLE(fault_fields)};
