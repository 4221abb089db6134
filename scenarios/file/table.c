/* SPDX-License-Identifier: MIT */
/*
 * What a scenario file may hold. The order of the fields is the order of reading and of printing:
 * machines come before what names them.
 */
#include "scenarios/file/values.h"

#include "core/units.h"

#define COUNT(array)   (sizeof(array) / sizeof((array)[0]))
#define TABLE(fields_) .fields = (fields_), .count = COUNT(fields_)

#define FAULTS_MAX  1000
#define LINKS_MAX   100000
#define DAEMONS_MAX 64
#define EXPECT_MAX  256
#define TIB         (INT64_C(1) << 40)

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

static int check_rule(struct bind *b, const struct scn_node *map, char *target)
{
    const struct scn_link *link = (const struct scn_link *)(const void *)target;
    return link->set ? 0
                     : bind_fail(b, map,
                                 "a link rule must change something: latency, loss, duplicate, "
                                 "reorder or bandwidth");
}

static const struct bind_field default_fields[] = {LINK_FIELDS(struct scn_link, , "1ms", "0%")};
static const struct bind_field rule_fields[] = {LINK_ENDS(struct scn_link, ),
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
static const struct bind_table network_table = {.what = "the network", TABLE(network_fields)};

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
    {.key = "plugin",
     .about = "the plugin of this machine, where it differs from the scenario's",
     .type = &bind_text,
     .offset = offsetof(struct scn_group, plugin),
     .when = has_plugin},
};
static const struct bind_table machine_table = {
    .what = "a machine", .size = sizeof(struct scn_group), TABLE(machine_fields)};

/* ---- faults ---- */

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
static const struct bind_table fault_table = {
    .what = "the list of faults", .size = sizeof(struct scn_fault), TABLE(fault_fields)};

/* ---- expectations, scheduler, limits ---- */

static const struct scn *scn_of(const char *source)
{
    return (const struct scn *)(const void *)source;
}

static bool has_eventually(const char *source)
{
    return scn_of(source)->eventually_count > 0;
}

static bool has_sometimes(const char *source)
{
    return scn_of(source)->sometimes_count > 0;
}

static bool has_model(const char *source)
{
    return *scn_of(source)->linearizable != '\0';
}

static bool expects(const char *source)
{
    return has_eventually(source) || has_sometimes(source) || has_model(source);
}

static const char *const model_words[] = {"register", NULL};

static const struct bind_field expect_fields[] = {
    {.key = "eventually",
     .about = "properties that must hold at the end of each run",
     .type = &bind_texts,
     .offset = offsetof(struct scn, eventually),
     .second = offsetof(struct scn, eventually_count),
     .max = EXPECT_MAX,
     .when = has_eventually},
    {.key = "sometimes",
     .about = "properties that must hold at least once in a sweep",
     .type = &bind_texts,
     .offset = offsetof(struct scn, sometimes),
     .second = offsetof(struct scn, sometimes_count),
     .max = EXPECT_MAX,
     .when = has_sometimes},
    {.key = "linearizable",
     .about = "the model that the history of operations must fit",
     .type = &bind_word_text,
     .offset = offsetof(struct scn, linearizable),
     .words = model_words,
     .when = has_model},
};
static const struct bind_table expect_table = {.what = "the list of expectations",
                                               TABLE(expect_fields)};

static const char *const policy_words[] = {
    [SCN_POLICY_RANDOM] = "random", [SCN_POLICY_FIFO] = "fifo", [SCN_POLICY_PCT] = "pct", NULL};

static const struct bind_field scheduler_fields[] = {
    {.key = "policy",
     .about = "which of several ready events comes first",
     .type = &bind_word,
     .offset = offsetof(struct scn, policy),
     .fallback = "random",
     .words = policy_words},
    {.key = "slack",
     .about = "events this close together count as simultaneous",
     .type = &bind_duration,
     .offset = offsetof(struct scn, slack_ns),
     .fallback = "0s",
     .max = SM_S},
};
static const struct bind_table scheduler_table = {.what = "the scheduler", TABLE(scheduler_fields)};

static int check_limits(struct bind *b, const struct scn_node *map, char *target)
{
    uint32_t bytes = scn_of(target)->stack_bytes;
    const struct scn_node *stack = scn_node_get(map, "stack");
    if (stack && (bytes & (bytes - 1)))
        return bind_fail(b, stack, "'stack' must be a power of two, such as 64KiB or 128KiB");
    return 0;
}

static const struct bind_field limit_fields[] = {
    {.key = "spin",
     .about = "processor time that one step of a task may take before it counts as a loop",
     .type = &bind_duration,
     .offset = offsetof(struct scn, spin_limit_ns),
     .fallback = "2s",
     .min = SM_MS,
     .max = 3600 * SM_S},
    {.key = "instant_events",
     .about = "events that may happen without any progress of virtual time",
     .type = &bind_u64,
     .offset = offsetof(struct scn, instant_events_max),
     .fallback = "1000000",
     .min = 100,
     .max = INT64_C(1000000000000)},
    {.key = "stack",
     .about = "bytes of a task's stack, a power of two",
     .type = &bind_bytes_u32,
     .offset = offsetof(struct scn, stack_bytes),
     .fallback = "64KiB",
     .min = 16 << 10,
     .max = 64 << 20},
};
static const struct bind_table limit_table = {
    .what = "the map of limits", .check = check_limits, TABLE(limit_fields)};

/* ---- the scenario ---- */

static bool has_about(const char *source)
{
    return *scn_of(source)->about != '\0';
}

static bool has_faults(const char *source)
{
    return scn_of(source)->fault_count > 0;
}

static int check_scenario(struct bind *b, const struct scn_node *map, char *target)
{
    const struct scn *scn = scn_of(target);
    const struct scn_node *heal = scn_node_get(map, "heal");
    if (!heal || scn->heal_ns < scn->time_ns)
        return 0;
    char whole[32];
    sm__format_duration(whole, sizeof whole, scn->time_ns);
    return bind_fail(b, heal, "'heal' must be shorter than 'time', %s, of which it is the end",
                     whole);
}

static const struct bind_field scenario_fields[] = {
    {.key = "scenario",
     .about = "the name of the scenario",
     .type = &bind_name,
     .offset = offsetof(struct scn, name),
     .required = true},
    {.key = "about",
     .about = "what it shows, in a sentence",
     .type = &bind_text,
     .offset = offsetof(struct scn, about),
     .when = has_about},
    {.key = "plugin",
     .about = "the plugin with the daemons: found beside the scenario, in the build, or by path",
     .type = &bind_text,
     .offset = offsetof(struct scn, plugin),
     .required = true},
    {.key = "time",
     .about = "how long a run lasts, in virtual time",
     .type = &bind_duration,
     .offset = offsetof(struct scn, time_ns),
     .required = true,
     .min = 1,
     .max = SCN_DURATION_MAX_NS},
    {.key = "heal",
     .about = "the last part of the time: no faults, the system must recover",
     .type = &bind_duration,
     .offset = offsetof(struct scn, heal_ns),
     .fallback = "0s"},
    {.key = "machines",
     .about = "the machines, by name",
     .type = &bind_machines,
     .required = true,
     .table = &machine_table},
    {.key = "network",
     .about = "what the links between machines do",
     .type = &bind_submap,
     .table = &network_table},
    {.key = "faults",
     .about = "what is done to the system",
     .type = &bind_faults,
     .offset = offsetof(struct scn, faults),
     .second = offsetof(struct scn, fault_count),
     .max = FAULTS_MAX,
     .table = &fault_table,
     .when = has_faults},
    {.key = "expect",
     .about = "what must hold, besides the properties in the code",
     .type = &bind_submap,
     .table = &expect_table,
     .when = expects},
    {.key = "swarm",
     .about = "each seed takes a random subset of the faults, then magnitudes",
     .type = &bind_bool,
     .offset = offsetof(struct scn, swarm),
     .fallback = "false"},
    {.key = "buggify",
     .about = "sm_buggify points are chosen per run and fire now and then",
     .type = &bind_bool,
     .offset = offsetof(struct scn, buggify),
     .fallback = "true"},
    {.key = "scheduler",
     .about = "the order of simultaneous events",
     .type = &bind_submap,
     .table = &scheduler_table},
    {.key = "limits",
     .about = "what a run may use before it is stopped",
     .type = &bind_submap,
     .table = &limit_table},
};

const struct bind_table bind_scenario = {
    .what = "a scenario", .check = check_scenario, TABLE(scenario_fields)};
