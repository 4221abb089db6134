/* SPDX-License-Identifier: MIT */
/* Tables of the faults of links, of connections and of names. */
#include "scenarios/file/table_fault.h"

#define ENDS_WHEN(when_) LINK_ENDS(struct scn_fault, link., &bind_fault_end, when_)
#define ENDS             ENDS_WHEN(NULL)

/* ---- partitions ---- */

static bool isolates(const char *source)
{
    return fault_of(source)->split == SCN_SPLIT_ISOLATE;
}

static bool has_of(const char *source)
{
    return isolates(source) || fault_of(source)->split == SCN_SPLIT_MINORITY;
}

static bool is_any(const struct scn_end *end)
{
    return end->group == SCN_NONE && !*end->role;
}

static bool has_ends(const char *source)
{
    const struct scn_fault *fault = fault_of(source);
    if (fault->split == SCN_SPLIT_ONE_WAY)
        return !is_any(&fault->link.from) || !is_any(&fault->link.to);
    return fault->split == SCN_SPLIT_BETWEEN;
}

static const char *const split_words[] = {
    [SCN_SPLIT_HALVES] = "halves",     [SCN_SPLIT_ISOLATE] = "isolate",
    [SCN_SPLIT_MINORITY] = "minority", [SCN_SPLIT_RING] = "ring",
    [SCN_SPLIT_BRIDGE] = "bridge",     [SCN_SPLIT_ONE_WAY] = "one-way",
    [SCN_SPLIT_BETWEEN] = "between",   [SCN_SPLIT_COUNT] = NULL,
};

/* With fewer machines a split would cut nothing. */
static const uint32_t split_machines_min[SCN_SPLIT_COUNT] = {
    [SCN_SPLIT_HALVES] = 2, [SCN_SPLIT_ISOLATE] = 2, [SCN_SPLIT_MINORITY] = 3, [SCN_SPLIT_RING] = 4,
    [SCN_SPLIT_BRIDGE] = 3, [SCN_SPLIT_ONE_WAY] = 2, [SCN_SPLIT_BETWEEN] = 2,
};

/* `of` says who is isolated, or who is among the few; `from` and `to` say between whom it is. */
static int check_who(struct bind *b, const struct scn_node *map, const struct scn_fault *fault)
{
    const struct scn_node *of = scn_node_get(map, "of"), *from = scn_node_get(map, "from"),
                          *to = scn_node_get(map, "to"), *count = scn_node_get(map, "count");
    const bool has_ends = fault->split == SCN_SPLIT_BETWEEN || fault->split == SCN_SPLIT_ONE_WAY;
    if (of && fault->split != SCN_SPLIT_ISOLATE && fault->split != SCN_SPLIT_MINORITY)
        return bind_fail(b, of, "'of' goes with 'split: isolate' and 'split: minority' only");
    if ((from || to) && !has_ends)
        return bind_fail(b, from ? from : to,
                         "'%s' goes with 'split: between' and 'split: one-way' only",
                         from ? "from" : "to");
    if (fault->split == SCN_SPLIT_BETWEEN && !from && !to)
        return bind_fail(b, map, "'split: between' needs 'from' or 'to'");
    if (count && fault->split != SCN_SPLIT_ISOLATE)
        return bind_fail(b, count, "'count' goes with 'split: isolate' only");
    return 0;
}

/* How many machines `of` may choose from. */
static uint32_t candidates(const struct scn *scn, const struct scn_fault *fault)
{
    if (fault->of_group == SCN_NONE)
        return scn->machine_count;
    return fault->of_index == SCN_NONE ? scn->groups[fault->of_group].count : 1;
}

static int check_count(struct bind *b, const struct scn_node *map, const struct scn_fault *fault)
{
    const struct scn_node *count = scn_node_get(map, "count");
    if (!count || fault->split != SCN_SPLIT_ISOLATE)
        return 0;
    if (*fault->of_role && fault->count > 1)
        return bind_fail(b, count, "'count' does not go with a role: whoever holds it is isolated");
    if (!*fault->of_role && fault->count > candidates(b->scn, fault))
        return bind_fail(b, count, "'count' is %u, but 'of' has %u machine%s", fault->count,
                         candidates(b->scn, fault), candidates(b->scn, fault) == 1 ? "" : "s");
    return 0;
}

static int check_partition(struct bind *b, const struct scn_node *map, char *target)
{
    const struct scn_fault *fault = fault_of(target);
    uint32_t least = split_machines_min[fault->split];
    int error = check_who(b, map, fault);
    if (!error)
        error = check_count(b, map, fault);
    if (error)
        return error;
    if (b->scn->machine_count < least)
        return bind_fail(b, map, "a partition of kind '%s' needs %u machines or more; there %s %u",
                         split_words[fault->split], least,
                         b->scn->machine_count == 1 ? "is" : "are", b->scn->machine_count);
    return check_fault(b, map, target);
}

static int check_degrade(struct bind *b, const struct scn_node *map, char *target)
{
    if (!fault_of(target)->link.set)
        return bind_fail(b, map, "a degrade fault must change something: " LINK_NAMES);
    return check_fault(b, map, target);
}

static const struct bind_field partition_fields[] = {
    FAULT_NAME,
    {.key = "split",
     .about = "how the machines are divided",
     .type = &bind_word,
     .offset = offsetof(struct scn_fault, split),
     .fallback = "halves",
     .words = split_words},
    {.key = "count",
     .about = "isolate: how many machines are cut off, together",
     .type = &bind_u32,
     .offset = offsetof(struct scn_fault, count),
     .fallback = "1",
     .min = 1,
     .max = SCN_MACHINES_MAX,
     .when = isolates},
    FAULT_OF(has_of),
    ENDS_WHEN(has_ends),
    FAULT_TIMES,
    FAULT_FOR,
};
static const struct bind_field degrade_fields[] = {
    FAULT_NAME, ENDS, LINK_FIELDS(struct scn_fault, link., NULL, NULL), FAULT_TIMES, FAULT_FOR};
static const struct bind_field clog_fields[] = {FAULT_NAME, ENDS, FAULT_TIMES, FAULT_FOR};

static const struct bind_field flap_fields[] = {
    FAULT_NAME,
    ENDS,
    FAULT_TIMES,
    FAULT_FOR,
    {.key = "down",
     .about = "how long the links are down each time",
     .type = &bind_range,
     .offset = offsetof(struct scn_fault, down),
     .fallback = "50ms..500ms",
     .min = 1,
     .max = SCN_DURATION_MAX_NS},
    {.key = "up",
     .about = "how long they are up in between",
     .type = &bind_range,
     .offset = offsetof(struct scn_fault, up),
     .fallback = "50ms..500ms",
     .min = 1,
     .max = SCN_DURATION_MAX_NS},
};
static const struct bind_field swizzle_fields[] = {FAULT_NAME, FAULT_OF(NULL), FAULT_TIMES,
                                                   FAULT_FOR};
static const struct bind_field slow_reader_fields[] = {
    FAULT_NAME,
    ENDS,
    {.key = "rate",
     .about = "bytes per second that are read of each stream",
     .type = &bind_rate,
     .offset = offsetof(struct scn_fault, link.bandwidth_bytes_per_s),
     .bit = SCN_LINK_BANDWIDTH,
     .fallback = "1KiB",
     .min = 1,
     .max = TIB},
    FAULT_TIMES,
    FAULT_FOR,
};
static const struct bind_field late_name_fields[] = {
    FAULT_NAME,
    ENDS,
    {.key = "by",
     .about = "how long a look-up takes",
     .type = &bind_latency,
     .offset = offsetof(struct scn_fault, link.latency),
     .bit = SCN_LINK_LATENCY,
     .fallback = "1s..5s"},
    FAULT_TIMES,
    FAULT_FOR,
};
/* Faults that say only whom they are about, and when. */
static const struct bind_field at_once_fields[] = {FAULT_NAME, ENDS, FAULT_TIMES};
#define reset_fields      at_once_fields
#define half_open_fields  at_once_fields
#define refuse_fields     clog_fields
#define backlog_fields    clog_fields
#define black_hole_fields clog_fields
#define no_name_fields    clog_fields

FAULT_TABLE(partition, "partition", check_partition, FAULT_ONE_TIME);
FAULT_TABLE(degrade, "degrade", check_degrade, FAULT_ONE_TIME ", " LINK_SCHEMA);
FAULT_TABLE(clog, "clog", check_fault, FAULT_ONE_TIME);
FAULT_TABLE(flap, "flap", check_fault, FAULT_ONE_TIME);
FAULT_TABLE(swizzle, "swizzle", check_fault, FAULT_ONE_TIME);
FAULT_TABLE(refuse, "refuse", check_fault, FAULT_ONE_TIME);
FAULT_TABLE(backlog, "backlog-full", check_fault, FAULT_ONE_TIME);
FAULT_TABLE(reset, "reset", check_fault, FAULT_ONE_TIME);
FAULT_TABLE(half_open, "half-open", check_fault, FAULT_ONE_TIME);
FAULT_TABLE(black_hole, "black-hole", check_fault, FAULT_ONE_TIME);
FAULT_TABLE(slow_reader, "slow-reader", check_fault, FAULT_ONE_TIME);
FAULT_TABLE(no_name, "no-name", check_fault, FAULT_ONE_TIME);
FAULT_TABLE(late_name, "late-name", check_fault, FAULT_ONE_TIME ", " LINK_SCHEMA);
