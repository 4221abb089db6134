/* SPDX-License-Identifier: MIT */
/*
 * What a scenario file may hold. The order of the fields is the order of reading and of printing:
 * machines come before what names them. table_system.c, table_faults.c and table_serve.c have the
 * inner tables.
 */
#include "scenarios/file/table.h"

#include "core/units.h"

#define FAULTS_MAX 1000
#define HOSTS_MAX  4096
#define EXPECT_MAX 256

#define SWARM_OFFSET_NS (50 * SM_MS)
#define SWARM_DRIFT_PPB INT64_C(50000)

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

static bool forbids_leaks(const char *source)
{
    return scn_of(source)->leaks == SCN_LEAKS_NONE;
}

static bool expects(const char *source)
{
    return has_eventually(source) || has_sometimes(source) || has_model(source) ||
           forbids_leaks(source);
}

static const char *const model_words[] = {"register", NULL};
static const char *const leak_words[] = {[SCN_LEAKS_ANY] = "any", [SCN_LEAKS_NONE] = "none", NULL};

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
    {.key = "leaks",
     .about = "what may be left allocated on a machine that has stopped properly",
     .type = &bind_word,
     .offset = offsetof(struct scn, leaks),
     .fallback = "any",
     .words = leak_words,
     .when = forbids_leaks},
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
     .fallback = "256KiB",
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

static bool has_hosts(const char *source)
{
    return scn_of(source)->host_count > 0;
}

static bool aborts(const char *source)
{
    return scn_of(source)->properties == SCN_PROPERTIES_ABORT;
}

static const char *const properties_words[] = {
    [SCN_PROPERTIES_LOG] = "log", [SCN_PROPERTIES_ABORT] = "abort", NULL};

static bool has_serve(const char *source)
{
    const struct scn_serve *serve = &scn_of(source)->serve;
    return serve->workers > 1 || serve->placement != SCN_PLACEMENT_BALANCED || serve->pin_count > 0;
}

static bool has_replicas(const char *source)
{
    return ((const struct scn *)(const void *)source)->replicas_count > 0;
}

static bool has_faults(const char *source)
{
    return scn_of(source)->fault_count > 0;
}

/* In swarm mode clocks are a little off, unless a machine's `clock` says otherwise. */
static void disturb_clocks(struct scn *scn)
{
    for (uint32_t i = 0; i < scn->group_count; i++) {
        struct scn_clock *clock = &scn->groups[i].clock;
        if (!(clock->set & SCN_CLOCK_OFFSET))
            clock->offset = (struct scn_range){-SWARM_OFFSET_NS, SWARM_OFFSET_NS};
        if (!(clock->set & SCN_CLOCK_DRIFT))
            clock->drift = (struct scn_drift){-SWARM_DRIFT_PPB, SWARM_DRIFT_PPB};
        clock->set = SCN_CLOCK_OFFSET | SCN_CLOCK_DRIFT;
    }
}

static int check_scenario(struct bind *b, const struct scn_node *map, char *target)
{
    struct scn *scn = (struct scn *)(void *)target;
    if (scn->swarm)
        disturb_clocks(scn);
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
     .table = &bind_machine},
    {.key = "hosts",
     .about = "production: the addresses of machines, where they are not the default ones",
     .type = &bind_hosts,
     .max = HOSTS_MAX,
     .when = has_hosts},
    {.key = "properties",
     .about = "production: a property that does not hold is logged and counted, or also aborts",
     .type = &bind_word,
     .offset = offsetof(struct scn, properties),
     .fallback = "log",
     .words = properties_words,
     .when = aborts},
    {.key = "serve",
     .about = "production: the threads of each machine, and what lives on which",
     .type = &bind_submap,
     .offset = offsetof(struct scn, serve),
     .table = &bind_serve,
     .when = has_serve},
    {.key = "network",
     .about = "what the links between machines do",
     .type = &bind_submap,
     .table = &bind_network},
    {.key = "replicas",
     .about = "machines that have the same data: faults destroy no more of it than they tolerate",
     .type = &bind_list,
     .offset = offsetof(struct scn, replicas),
     .second = offsetof(struct scn, replicas_count),
     .max = FAULTS_MAX,
     .table = &bind_replica,
     .when = has_replicas},
    {.key = "faults",
     .about = "what is done to the system",
     .type = &bind_faults,
     .offset = offsetof(struct scn, faults),
     .second = offsetof(struct scn, fault_count),
     .max = FAULTS_MAX,
     .table = &bind_fault,
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
