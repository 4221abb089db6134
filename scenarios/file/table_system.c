/* SPDX-License-Identifier: MIT */
/* Tables of `machines:` and `network:`. */
#include "scenarios/file/table.h"

#define LINKS_MAX   100000
#define DAEMONS_MAX 64

/* ---- links ---- */

static int check_rule(struct bind *b, const struct scn_node *map, char *target)
{
    const struct scn_link *link = (const struct scn_link *)(const void *)target;
    return link->set ? 0 : bind_fail(b, map, "a link rule must change something: " LINK_NAMES);
}

static const struct bind_field default_fields[] = {LINK_FIELDS(struct scn_link, , "1ms", "0%")};
static const struct bind_field rule_fields[] = {LINK_ENDS(struct scn_link, , &bind_end, NULL),
                                                LINK_FIELDS(struct scn_link, , NULL, NULL)};

static const struct bind_table default_table = {
    .what = "the default link",
    .set_offset = offsetof(struct scn_link, set),
    .schema = LINK_SCHEMA,
    TABLE(default_fields),
};
static const struct bind_table rule_table = {
    .what = "a link rule",
    .size = sizeof(struct scn_link),
    .set_offset = offsetof(struct scn_link, set),
    .check = check_rule,
    .schema = LINK_SCHEMA,
    TABLE(rule_fields),
};

static bool has_links(const char *source)
{
    return ((const struct scn *)(const void *)source)->link_count > 0;
}

static const struct bind_field network_fields[] = {
    {.key = "default",
     .about = "what every link does, unless a rule says otherwise",
     .type = &bind_submap,
     .offset = offsetof(struct scn, link_default),
     .table = &default_table},
    {.key = "links",
     .about = "rules for links between some machines; later ones win",
     .type = &bind_list,
     .offset = offsetof(struct scn, links),
     .second = offsetof(struct scn, link_count),
     .max = LINKS_MAX,
     .table = &rule_table,
     .when = has_links},
};
const struct bind_table bind_network = {.what = "the network", TABLE(network_fields)};

/* ---- machines ---- */

static bool has_config(const char *source)
{
    return ((const struct scn_group *)(const void *)source)->config_count > 0;
}

static bool has_memory(const char *source)
{
    return ((const struct scn_group *)(const void *)source)->memory_bytes > 0;
}

static bool has_plugin(const char *source)
{
    return *((const struct scn_group *)(const void *)source)->plugin != '\0';
}

static bool is_counted(const char *source)
{
    return ((const struct scn_group *)(const void *)source)->counted;
}

static bool has_clock(const char *source)
{
    return ((const struct scn_group *)(const void *)source)->clock.set != 0;
}

static bool has_cpu(const char *source)
{
    const struct scn_cpu *cpu = &((const struct scn_group *)(const void *)source)->cpu;
    return cpu->per_event_ns > 0 || cpu->per_byte_ns > 0;
}

static bool has_disk(const char *source)
{
    const struct scn_disk *disk = &((const struct scn_group *)(const void *)source)->disk;
    return disk->capacity_bytes != SCN_DISK_CAPACITY || disk->read.min_ns != 20 * SM_US ||
           disk->read.max_ns != 100 * SM_US || disk->write.min_ns != 10 * SM_US ||
           disk->write.max_ns != 50 * SM_US || disk->sync.min_ns != SM_MS ||
           disk->sync.max_ns != 8 * SM_MS;
}

static const struct bind_field clock_fields[] = {
    {.key = "offset",
     .about = "how far off its wall clock is when the run starts; -50ms..50ms in swarm mode",
     .type = &bind_offset,
     .offset = offsetof(struct scn_clock, offset),
     .bit = SCN_CLOCK_OFFSET,
     .min = -SCN_DURATION_MAX_NS,
     .max = SCN_DURATION_MAX_NS},
    {.key = "drift",
     .about = "how much too fast its clocks run; -50ppm..50ppm in swarm mode",
     .type = &bind_drift,
     .offset = offsetof(struct scn_clock, drift),
     .bit = SCN_CLOCK_DRIFT,
     .min = -SCN_DRIFT_MAX_PPB,
     .max = SCN_DRIFT_MAX_PPB},
};
static const struct bind_table clock_table = {
    .what = "a machine's clock",
    .set_offset = offsetof(struct scn_clock, set),
    TABLE(clock_fields),
};

static const struct bind_field cpu_fields[] = {
    {.key = "per_event",
     .about = "how long a step of a task keeps the processor busy",
     .type = &bind_duration,
     .offset = offsetof(struct scn_cpu, per_event_ns),
     .fallback = "0s",
     .max = SM_S},
    {.key = "per_byte",
     .about = "the same for each byte that it sends, receives, reads or writes",
     .type = &bind_duration,
     .offset = offsetof(struct scn_cpu, per_byte_ns),
     .fallback = "0s",
     .max = SM_MS},
};
static const struct bind_table cpu_table = {.what = "a machine's processor", TABLE(cpu_fields)};

static const struct bind_field machine_fields[] = {
    {.key = "count",
     .about = "how many machines of this kind: name1, name2, ...",
     .type = &bind_u32,
     .offset = offsetof(struct scn_group, count),
     .fallback = "1",
     .min = 1,
     .max = SCN_MACHINES_MAX,
     .when = is_counted},
    {.key = "daemons",
     .about = "the daemons that the machine runs",
     .type = &bind_names,
     .offset = offsetof(struct scn_group, daemons),
     .second = offsetof(struct scn_group, daemon_count),
     .required = true,
     .min = 1,
     .max = DAEMONS_MAX},
    {.key = "config",
     .about = "configuration that the daemons read",
     .type = &bind_config,
     .offset = offsetof(struct scn_group, config),
     .second = offsetof(struct scn_group, config_count),
     .when = has_config},
    {.key = "memory",
     .about = "limit of the machine's heap",
     .type = &bind_bytes,
     .offset = offsetof(struct scn_group, memory_bytes),
     .min = 64 << 10,
     .max = TIB,
     .when = has_memory},
    {.key = "clock",
     .about = "the machine's clocks: each machine draws its own from the ranges",
     .type = &bind_submap,
     .offset = offsetof(struct scn_group, clock),
     .table = &clock_table,
     .when = has_clock},
    {.key = "cpu",
     .about = "what the machine's processor takes for its work; nothing if not given",
     .type = &bind_submap,
     .offset = offsetof(struct scn_group, cpu),
     .table = &cpu_table,
     .when = has_cpu},
    {.key = "disk",
     .about = "how large and how fast the machine's disk is",
     .type = &bind_submap,
     .offset = offsetof(struct scn_group, disk),
     .table = &bind_disk,
     .when = has_disk},
    {.key = "plugin",
     .about = "the plugin of this machine, where it differs from the scenario's",
     .type = &bind_text,
     .offset = offsetof(struct scn_group, plugin),
     .when = has_plugin},
};
const struct bind_table bind_machine = {
    .what = "a machine", .size = sizeof(struct scn_group), TABLE(machine_fields)};
