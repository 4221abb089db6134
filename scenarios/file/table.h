/* SPDX-License-Identifier: MIT */
/* What the tables share: sizes, and the fields of links, which rules and faults have alike. */
#ifndef STEELMILL_SCENARIOS_FILE_TABLE_H
#define STEELMILL_SCENARIOS_FILE_TABLE_H

#include "scenarios/file/values.h"

#define COUNT(array)   (sizeof(array) / sizeof((array)[0]))
#define TABLE(fields_) .fields = (fields_), .count = COUNT(fields_)

#define TIB (INT64_C(1) << 40)

/* The parts of bind_scenario. */
extern const struct bind_table bind_machine; /* of an entry of `machines:` */
extern const struct bind_table bind_network; /* of `network:` */
extern const struct bind_table bind_fault;   /* of an entry of `faults:`: one key of it */

/* ---- links ---- */

/*
 * What may be said of a link. The network's default has fallbacks; rules and faults say only what
 * they change. `member_` is the way to the struct scn_link within the target.
 */
#define LINK_FIELDS(type_, member_, latency_, share_)                                             \
    {.key = "latency",                                                                            \
     .about = "how long a message takes: constant, range, lognormal(median, sigma), "             \
              "exponential(mean) or bimodal(fast, slow, share of slow)",                          \
     .type = &bind_latency,                                                                       \
     .offset = offsetof(type_, member_ latency),                                                  \
     .bit = SCN_LINK_LATENCY,                                                                     \
     .fallback = (latency_)},                                                                     \
        {.key = "loss",                                                                           \
         .about = "share of messages that are lost",                                              \
         .type = &bind_share,                                                                     \
         .offset = offsetof(type_, member_ loss_ppm),                                             \
         .bit = SCN_LINK_LOSS,                                                                    \
         .fallback = (share_)},                                                                   \
        {.key = "duplicate",                                                                      \
         .about = "share of datagrams that arrive twice",                                         \
         .type = &bind_share,                                                                     \
         .offset = offsetof(type_, member_ duplicate_ppm),                                        \
         .bit = SCN_LINK_DUPLICATE,                                                               \
         .fallback = (share_)},                                                                   \
        {.key = "reorder",                                                                        \
         .about = "share of datagrams that later ones may overtake",                              \
         .type = &bind_share,                                                                     \
         .offset = offsetof(type_, member_ reorder_ppm),                                          \
         .bit = SCN_LINK_REORDER,                                                                 \
         .fallback = (share_)},                                                                   \
    {                                                                                             \
        .key = "bandwidth", .about = "bytes per second, such as 10MiB/s; unlimited if not given", \
        .type = &bind_rate, .offset = offsetof(type_, member_ bandwidth_bytes_per_s),             \
        .bit = SCN_LINK_BANDWIDTH, .min = 1, .max = TIB                                           \
    }

#define LINK_ENDS(type_, member_)                                                                  \
    {.key = "from",                                                                                \
     .about = "the sending machine: a name, a group, or any",                                      \
     .type = &bind_end,                                                                            \
     .offset = offsetof(type_, member_ from_group),                                                \
     .second = offsetof(type_, member_ from_index),                                                \
     .fallback = "any"},                                                                           \
    {                                                                                              \
        .key = "to", .about = "the receiving machine: a name, a group, or any", .type = &bind_end, \
        .offset = offsetof(type_, member_ to_group), .second = offsetof(type_, member_ to_index),  \
        .fallback = "any"                                                                          \
    }

/*
 * For editors: in `{ latency: lognormal(2ms, 0.8) }` YAML takes `0.8)` for a key without a value;
 * document.c puts it back.
 */
#define LINK_SCHEMA "\"patternProperties\": {\"^[0-9.]+(%|[a-z]+)?\\\\)?$\": {\"type\": \"null\"}}"

#endif
