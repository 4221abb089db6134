/* SPDX-License-Identifier: MIT */
/* Tables of `faults:`. */
#include "scenarios/file/table.h"

static const struct scn_fault *fault_of(const char *source)
{
    return (const struct scn_fault *)(const void *)source;
}

static bool repeats(const char *source)
{
    return fault_of(source)->repeats;
}

static bool happens_once(const char *source)
{
    return !fault_of(source)->repeats;
}

static bool isolates(const char *source)
{
    return fault_of(source)->split == SCN_SPLIT_ISOLATE;
}

#define FAULT_NAME                                                                          \
    {                                                                                       \
        .key = "name",                                                                      \
        .about = "what it is called in plans and reports; it also names the random stream", \
        .type = &bind_name, .offset = offsetof(struct scn_fault, name)                      \
    }
#define FAULT_OF(when_)                                                                        \
    {                                                                                          \
        .key = "of", .about = "its target: a machine, one of a group, { role: NAME }, or any", \
        .type = &bind_of, .fallback = "any", .when = (when_)                                   \
    }
#define FAULT_TIMES                                                         \
    {.key = "every",                                                        \
     .about = "time from the end of one to the beginning of the next",      \
     .type = &bind_range,                                                   \
     .offset = offsetof(struct scn_fault, every),                           \
     .min = 1,                                                              \
     .max = SCN_DURATION_MAX_NS,                                            \
     .when = repeats},                                                      \
    {                                                                       \
        .key = "at", .about = "when it happens, once", .type = &bind_range, \
        .offset = offsetof(struct scn_fault, at), .when = happens_once      \
    }
#define FAULT_FOR                                                                \
    {                                                                            \
        .key = "for", .about = "how long it lasts", .type = &bind_range,         \
        .offset = offsetof(struct scn_fault, lasts), .required = true, .min = 1, \
        .max = SCN_DURATION_MAX_NS                                               \
    }
#define FAULT_ONE_TIME "\"oneOf\": [{\"required\": [\"every\"]}, {\"required\": [\"at\"]}]"

static int check_fault(struct bind *b, const struct scn_node *map, char *target)
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

static const char *const split_words[] = {
    [SCN_SPLIT_HALVES] = "halves",     [SCN_SPLIT_ISOLATE] = "isolate",
    [SCN_SPLIT_MINORITY] = "minority", [SCN_SPLIT_RING] = "ring",
    [SCN_SPLIT_BRIDGE] = "bridge",     [SCN_SPLIT_ONE_WAY] = "one-way",
    [SCN_SPLIT_COUNT] = NULL,
};

/* With fewer machines a split would cut nothing. */
static const uint32_t split_machines_min[SCN_SPLIT_COUNT] = {
    [SCN_SPLIT_HALVES] = 2, [SCN_SPLIT_ISOLATE] = 2, [SCN_SPLIT_MINORITY] = 3,
    [SCN_SPLIT_RING] = 4,   [SCN_SPLIT_BRIDGE] = 3,  [SCN_SPLIT_ONE_WAY] = 2,
};

static int check_partition(struct bind *b, const struct scn_node *map, char *target)
{
    const struct scn_fault *fault = fault_of(target);
    const struct scn_node *of = scn_node_get(map, "of");
    uint32_t least = split_machines_min[fault->split];
    if (of && fault->split != SCN_SPLIT_ISOLATE)
        return bind_fail(b, of, "'of' goes with 'split: isolate' only");
    if (b->scn->machine_count < least)
        return bind_fail(b, map, "a partition of kind '%s' needs %u machines or more; there %s %u",
                         split_words[fault->split], least,
                         b->scn->machine_count == 1 ? "is" : "are", b->scn->machine_count);
    return check_fault(b, map, target);
}

static int check_degrade(struct bind *b, const struct scn_node *map, char *target)
{
    if (!fault_of(target)->link.set)
        return bind_fail(b, map,
                         "a degrade fault must change something: latency, loss, "
                         "duplicate, reorder or bandwidth");
    return check_fault(b, map, target);
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
static const struct bind_field partition_fields[] = {
    FAULT_NAME,
    {.key = "split",
     .about = "how the machines are divided",
     .type = &bind_word,
     .offset = offsetof(struct scn_fault, split),
     .fallback = "halves",
     .words = split_words},
    FAULT_OF(isolates),
    FAULT_TIMES,
    FAULT_FOR,
};
static const struct bind_field degrade_fields[] = {FAULT_NAME, LINK_ENDS(struct scn_fault, link.),
                                                   LINK_FIELDS(struct scn_fault, link., NULL, NULL),
                                                   FAULT_TIMES, FAULT_FOR};
static const struct bind_field clog_fields[] = {FAULT_NAME, LINK_ENDS(struct scn_fault, link.),
                                                FAULT_TIMES, FAULT_FOR};

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

#define FAULT_TABLE(kind_, text_, check_, schema_)          \
    static const struct bind_table kind_##_table = {        \
        .what = "a " text_ " fault",                        \
        .size = sizeof(struct scn_fault),                   \
        .set_offset = offsetof(struct scn_fault, link.set), \
        .check = (check_),                                  \
        .schema = (schema_),                                \
        TABLE(kind_##_fields),                              \
    }
FAULT_TABLE(pause, "pause", check_fault, FAULT_ONE_TIME);
FAULT_TABLE(crash, "crash", check_fault, FAULT_ONE_TIME);
FAULT_TABLE(partition, "partition", check_partition, FAULT_ONE_TIME);
FAULT_TABLE(degrade, "degrade", check_degrade, FAULT_ONE_TIME ", " LINK_SCHEMA);
FAULT_TABLE(clog, "clog", check_fault, FAULT_ONE_TIME);
FAULT_TABLE(clock_step, "clock-step", check_fault, FAULT_ONE_TIME);
FAULT_TABLE(clock_drift, "clock-drift", check_fault, FAULT_ONE_TIME);
FAULT_TABLE(slow, "slow", check_fault, FAULT_ONE_TIME);
FAULT_TABLE(no_memory, "no-memory", check_no_memory, FAULT_ONE_TIME);

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
};
const struct bind_table bind_fault = {
    .what = "the list of faults", .size = sizeof(struct scn_fault), TABLE(fault_fields)};
