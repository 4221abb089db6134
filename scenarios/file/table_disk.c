/* SPDX-License-Identifier: MIT */
/* Tables of disks: a machine's own, what may be wrong with it, and who has the same data. */
#include "scenarios/file/table_fault.h"

/* ---- `disk:` of a machine ---- */

static const struct bind_field disk_of_machine_fields[] = {
    {.key = "capacity",
     .about = "what all files may take",
     .type = &bind_bytes,
     .offset = offsetof(struct scn_disk, capacity_bytes),
     .fallback = "1GiB",
     .min = 4096,
     .max = TIB},
    {.key = "read",
     .about = "how long a read takes, and a look at names or a change of them",
     .type = &bind_range,
     .offset = offsetof(struct scn_disk, read),
     .fallback = "20us..100us",
     .max = SCN_DURATION_MAX_NS},
    {.key = "write",
     .about = "how long a write takes",
     .type = &bind_range,
     .offset = offsetof(struct scn_disk, write),
     .fallback = "10us..50us",
     .max = SCN_DURATION_MAX_NS},
    {.key = "sync",
     .about = "how long a sync takes",
     .type = &bind_range,
     .offset = offsetof(struct scn_disk, sync),
     .fallback = "1ms..8ms",
     .max = SCN_DURATION_MAX_NS},
};
const struct bind_table bind_disk = {.what = "a machine's disk", TABLE(disk_of_machine_fields)};

/* ---- `replicas:` ---- */

static int check_replicas(struct bind *b, const struct scn_node *map, char *target)
{
    const struct scn_replicas *replicas = (const struct scn_replicas *)(void *)target;
    const struct scn_node *of = scn_node_get(map, "of"), *tolerate = scn_node_get(map, "tolerate");
    if (replicas->of.group == SCN_NONE || replicas->of.index != SCN_NONE)
        return bind_fail(b, of, "'of' must name a group of machines, such as 'node'");
    const struct scn_group *group = &b->scn->groups[replicas->of.group];
    if (replicas->tolerate >= group->count)
        return bind_fail(b, tolerate,
                         "'%s' has %u machine%s: 'tolerate' must be less, or say "
                         "'unrestricted: true'",
                         group->name, group->count, group->count == 1 ? "" : "s");
    return 0;
}

static bool is_unrestricted(const char *source)
{
    return ((const struct scn_replicas *)(const void *)source)->unrestricted;
}

static const struct bind_field replica_fields[] = {
    {.key = "of",
     .about = "the group of machines that have the same data",
     .type = &bind_end,
     .offset = offsetof(struct scn_replicas, of),
     .required = true},
    {.key = "tolerate",
     .about = "how many of them may lose their data: wiped, rotten, written nowhere or elsewhere",
     .type = &bind_u32,
     .offset = offsetof(struct scn_replicas, tolerate),
     .required = true,
     .max = SCN_MACHINES_MAX},
    {.key = "unrestricted",
     .about = "faults may destroy the data of all: for systems that must be safe, not alive, then",
     .type = &bind_bool,
     .offset = offsetof(struct scn_replicas, unrestricted),
     .fallback = "false",
     .when = is_unrestricted},
};
const struct bind_table bind_replica = {
    .what = "an entry of replicas",
    .size = sizeof(struct scn_replicas),
    .check = check_replicas,
    TABLE(replica_fields),
};

/* ---- the `disk` fault ---- */

static const struct scn_disk_fault *disk_of(const char *source)
{
    return &fault_of(source)->disk;
}

#define WHEN(name_, condition_)             \
    static bool name_(const char *source)   \
    {                                       \
        return disk_of(source)->condition_; \
    }
WHEN(has_files, files[0] != '\0')
WHEN(fails_reads, read_error_ppm > 0)
WHEN(fails_writes, write_error_ppm > 0)
WHEN(fails_syncs, sync_error_ppm > 0)
WHEN(shortens, short_ppm > 0)
WHEN(loses, lost_write_ppm > 0)
WHEN(misdirects, misdirected_ppm > 0)
WHEN(rots, bit_rot_ppm > 0)
WHEN(has_latency, latency.max_ns > 0)
WHEN(stalls, stall)
WHEN(is_full, full)
WHEN(is_read_only, read_only)

static int check_disk(struct bind *b, const struct scn_node *map, char *target)
{
    if (!fails_reads(target) && !fails_writes(target) && !fails_syncs(target) &&
        !shortens(target) && !loses(target) && !misdirects(target) && !rots(target) &&
        !has_latency(target) && !stalls(target) && !is_full(target) && !is_read_only(target))
        return bind_fail(b, map,
                         "a disk fault must do something: read_error, write_error, sync_error, "
                         "short, latency, stall, full, read_only, lost_write, misdirected or "
                         "bit_rot");
    return check_fault(b, map, target);
}

#define SHARE(key_, about_, member_, when_)                                 \
    {                                                                       \
        .key = (key_), .about = (about_), .type = &bind_share,              \
        .offset = offsetof(struct scn_fault, disk.member_), .when = (when_) \
    }
#define SWITCH(key_, about_, member_, when_)                                \
    {                                                                       \
        .key = (key_), .about = (about_), .type = &bind_bool,               \
        .offset = offsetof(struct scn_fault, disk.member_), .when = (when_) \
    }
static const struct bind_field disk_fields[] = {
    FAULT_NAME,
    FAULT_OF(NULL),
    FAULT_TIMES,
    FAULT_FOR,
    {.key = "files",
     .about = "the paths that it concerns, such as *.wal; all if not given",
     .type = &bind_text,
     .offset = offsetof(struct scn_fault, disk.files),
     .when = has_files},
    SHARE("read_error", "share of reads that fail", read_error_ppm, fails_reads),
    SHARE("write_error", "share of writes that fail, with a first part written", write_error_ppm,
          fails_writes),
    SHARE("sync_error", "share of syncs that fail, and leave pages clean that are not durable",
          sync_error_ppm, fails_syncs),
    SHARE("short", "share of reads, and of vectored writes, that move a part only", short_ppm,
          shortens),
    {.key = "latency",
     .about = "how long each call takes instead",
     .type = &bind_range,
     .offset = offsetof(struct scn_fault, disk.latency),
     .max = SCN_DURATION_MAX_NS,
     .when = has_latency},
    SWITCH("stall", "calls wait until the fault is over", stall, stalls),
    SWITCH("full", "nothing more fits", full, is_full),
    SWITCH("read_only", "the file system has become read-only", read_only, is_read_only),
    SHARE("lost_write", "share of synced pages that the disk pretends to have written",
          lost_write_ppm, loses),
    SHARE("misdirected", "share of synced pages that it writes to another page's place",
          misdirected_ppm, misdirects),
    SHARE("bit_rot", "share of reads before which a bit of what they read changes for good",
          bit_rot_ppm, rots),
};
FAULT_TABLE(disk, "disk", check_disk, FAULT_ONE_TIME);
