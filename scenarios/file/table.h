/* SPDX-License-Identifier: MIT */
/* What the tables share: sizes, and the fields of links, which rules and faults have alike. */
#ifndef STEELMILL_SCENARIOS_FILE_TABLE_H
#define STEELMILL_SCENARIOS_FILE_TABLE_H

#include "scenarios/file/values.h"

#define COUNT(array)   (sizeof(array) / sizeof((array)[0]))
#define TABLE(fields_) .fields = (fields_), .count = COUNT(fields_)

#define TIB               (INT64_C(1) << 40)
#define SCN_DISK_CAPACITY (INT64_C(1) << 30) /* of a machine's disk, if not given */

/* The parts of bind_scenario. */
extern const struct bind_table bind_machine; /* of an entry of `machines:` */
extern const struct bind_table bind_serve;   /* of `serve:` */
extern const struct bind_table bind_network; /* of `network:` */
extern const struct bind_table bind_disk;    /* of `disk:` of a machine */
extern const struct bind_table bind_replica; /* of an entry of `replicas:` */
extern const struct bind_table bind_fault;   /* of an entry of `faults:`: one key of it */

/* ---- links ---- */

/*
 * What may be said of a link. The network's default has fallbacks; rules and faults say only what
 * they change. `member_` is the way to the struct scn_link within the target.
 */
#define LINK_FIELDS(type_, member_, latency_, share_)                                         \
    {.key = "latency",                                                                        \
     .about = "how long a message takes: constant, range, lognormal(median, sigma), "         \
              "exponential(mean) or bimodal(fast, slow, share of slow)",                      \
     .type = &bind_latency,                                                                   \
     .offset = offsetof(type_, member_ latency),                                              \
     .bit = SCN_LINK_LATENCY,                                                                 \
     .fallback = (latency_)},                                                                 \
        {.key = "loss",                                                                       \
         .about = "share of messages that are lost",                                          \
         .type = &bind_share,                                                                 \
         .offset = offsetof(type_, member_ loss_ppm),                                         \
         .bit = SCN_LINK_LOSS,                                                                \
         .fallback = (share_)},                                                               \
        {.key = "duplicate",                                                                  \
         .about = "share of datagrams that arrive twice",                                     \
         .type = &bind_share,                                                                 \
         .offset = offsetof(type_, member_ duplicate_ppm),                                    \
         .bit = SCN_LINK_DUPLICATE,                                                           \
         .fallback = (share_)},                                                               \
        {.key = "reorder",                                                                    \
         .about = "share of datagrams that later ones may overtake",                          \
         .type = &bind_share,                                                                 \
         .offset = offsetof(type_, member_ reorder_ppm),                                      \
         .bit = SCN_LINK_REORDER,                                                             \
         .fallback = (share_)},                                                               \
        {.key = "bandwidth",                                                                  \
         .about = "bytes per second, such as 10MiB/s; unlimited if not given",                \
         .type = &bind_rate,                                                                  \
         .offset = offsetof(type_, member_ bandwidth_bytes_per_s),                            \
         .bit = SCN_LINK_BANDWIDTH,                                                           \
         .min = 1,                                                                            \
         .max = TIB},                                                                         \
        {.key = "jitter",                                                                     \
         .about = "a second delay on top of the latency, as that is written",                 \
         .type = &bind_latency,                                                               \
         .offset = offsetof(type_, member_ jitter),                                           \
         .bit = SCN_LINK_JITTER},                                                             \
        {.key = "queue",                                                                      \
         .about = "bytes that may wait for bandwidth: a datagram that finds more is lost, a " \
                  "stream waits; half a second if not given",                                 \
         .type = &bind_bytes,                                                                 \
         .offset = offsetof(type_, member_ queue_bytes),                                      \
         .bit = SCN_LINK_QUEUE,                                                               \
         .min = 1,                                                                            \
         .max = TIB},                                                                         \
        {.key = "mtu",                                                                        \
         .about = "datagrams that need a larger packet vanish; unlimited if not given",       \
         .type = &bind_bytes_u32,                                                             \
         .offset = offsetof(type_, member_ mtu_bytes),                                        \
         .bit = SCN_LINK_MTU,                                                                 \
         .min = 68,                                                                           \
         .max = 65535},                                                                       \
        {.key = "corrupt",                                                                    \
         .about = "share of datagrams that arrive with an altered byte",                      \
         .type = &bind_share,                                                                 \
         .offset = offsetof(type_, member_ corrupt_ppm),                                      \
         .bit = SCN_LINK_CORRUPT},                                                            \
    {                                                                                         \
        .key = "corrupt_streams",                                                             \
        .about = "share of segments of streams that arrive with an altered byte",             \
        .type = &bind_share, .offset = offsetof(type_, member_ corrupt_streams_ppm),          \
        .bit = SCN_LINK_CORRUPT_STREAMS                                                       \
    }
#define LINK_NAMES \
    "latency, jitter, loss, duplicate, reorder, bandwidth, queue, mtu, corrupt or corrupt_streams"

/* The two ends: of static rules (bind_end) or of faults (bind_fault_end). */
#define LINK_ENDS(type_, member_, end_, when_)                                                  \
    {.key = "from",                                                                             \
     .about = "the sending machine: a name, a group, or any",                                   \
     .type = (end_),                                                                            \
     .offset = offsetof(type_, member_ from),                                                   \
     .fallback = "any",                                                                         \
     .when = (when_)},                                                                          \
    {                                                                                           \
        .key = "to", .about = "the receiving machine: a name, a group, or any", .type = (end_), \
        .offset = offsetof(type_, member_ to), .fallback = "any", .when = (when_)               \
    }

/*
 * For editors: in `{ latency: lognormal(2ms, 0.8) }` YAML takes `0.8)` for a key without a value;
 * document.c puts it back.
 */
#define LINK_SCHEMA "\"patternProperties\": {\"^[0-9.]+(%|[a-z]+)?\\\\)?$\": {\"type\": \"null\"}}"

#endif
