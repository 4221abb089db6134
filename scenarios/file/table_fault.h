/* SPDX-License-Identifier: MIT */
/* What the tables of faults share: their name, target and times (table_faults.c, table_network.c).
 */
#ifndef STEELMILL_SCENARIOS_FILE_TABLE_FAULT_H
#define STEELMILL_SCENARIOS_FILE_TABLE_FAULT_H

#include "scenarios/file/table.h"

static inline const struct scn_fault *fault_of(const char *source)
{
    return (const struct scn_fault *)(const void *)source;
}

/* `when` of the two times. */
bool fault_repeats(const char *source);
bool fault_happens_once(const char *source);
/* Checks the times: what every fault's check ends with. */
int check_fault(struct bind *b, const struct scn_node *map, char *target);

/* ---- table_network.c: the faults of links, of connections and of names ---- */
extern const struct bind_table partition_table, degrade_table, clog_table, flap_table,
    swizzle_table, refuse_table, backlog_table, reset_table, half_open_table, black_hole_table,
    slow_reader_table, no_name_table, late_name_table;

/* ---- table_disk.c ---- */
extern const struct bind_table disk_table;

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
#define FAULT_TIMES                                                          \
    {.key = "every",                                                         \
     .about = "time from the end of one to the beginning of the next",       \
     .type = &bind_range,                                                    \
     .offset = offsetof(struct scn_fault, every),                            \
     .min = 1,                                                               \
     .max = SCN_DURATION_MAX_NS,                                             \
     .when = fault_repeats},                                                 \
    {                                                                        \
        .key = "at", .about = "when it happens, once", .type = &bind_range,  \
        .offset = offsetof(struct scn_fault, at), .when = fault_happens_once \
    }
#define FAULT_FOR                                                                \
    {                                                                            \
        .key = "for", .about = "how long it lasts", .type = &bind_range,         \
        .offset = offsetof(struct scn_fault, lasts), .required = true, .min = 1, \
        .max = SCN_DURATION_MAX_NS                                               \
    }
#define FAULT_ONE_TIME "\"oneOf\": [{\"required\": [\"every\"]}, {\"required\": [\"at\"]}]"

#define FAULT_TABLE(kind_, text_, check_, schema_)          \
    const struct bind_table kind_##_table = {               \
        .what = "a " text_ " fault",                        \
        .size = sizeof(struct scn_fault),                   \
        .set_offset = offsetof(struct scn_fault, link.set), \
        .check = (check_),                                  \
        .schema = (schema_),                                \
        TABLE(kind_##_fields),                              \
    }

#endif
