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

#define FAULT_TABLE(kind_, check_, schema_)                 \
    static const struct bind_table kind_##_table = {        \
        .what = "a " #kind_ " fault",                       \
        .size = sizeof(struct scn_fault),                   \
        .set_offset = offsetof(struct scn_fault, link.set), \
        .check = (check_),                                  \
        .schema = (schema_),                                \
        TABLE(kind_##_fields),                              \
    }
FAULT_TABLE(pause, check_fault, FAULT_ONE_TIME);
FAULT_TABLE(crash, check_fault, FAULT_ONE_TIME);
FAULT_TABLE(partition, check_partition, FAULT_ONE_TIME);
FAULT_TABLE(degrade, check_degrade, FAULT_ONE_TIME ", " LINK_SCHEMA);
FAULT_TABLE(clog, check_fault, FAULT_ONE_TIME);

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
};
const struct bind_table bind_fault = {
    .what = "the list of faults", .size = sizeof(struct scn_fault), TABLE(fault_fields)};
