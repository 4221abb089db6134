/* SPDX-License-Identifier: MIT */
/* Faults of the network: rules that stand until they are ended. */
#include "net-loopback/net.h"

#include "scenarios/unit/unit.h"
#include "scenarios/worker/network.h"
#include "sim/host.h"

/* The sides of a partition. */
enum { SIDE_A, SIDE_B, SIDE_NEITHER };

/* ---- what happens ---- */

static struct unit_network_fault *new_fault(struct sim_env *env, struct unit_act *act)
{
    if (env->network_count == env->network_capacity) {
        env->network_capacity = env->network_capacity ? env->network_capacity * 2 : 16;
        env->network = sim_host_resize(env->network, env->network_capacity * sizeof *env->network);
    }
    act->number = ++env->network_count;
    env->network[act->number - 1] = (struct unit_network_fault){0};
    return &env->network[act->number - 1];
}

static void note(struct sim_env *env, const struct unit_act *act, const char *arrow)
{
    char a[UNIT_FAULT_BYTES], b[UNIT_FAULT_BYTES];

    unit_note_fault(env, "%s %s %s %s", act->word, unit_set_text(env, act->set, a, sizeof a), arrow,
                    unit_set_text(env, act->other, b, sizeof b));
}

static const char *arrow_of(const struct lo_rule *rule)
{
    if (rule->scope == LO_SCOPE_SIDES && rule->cut[SIDE_B][SIDE_A])
        return "|";
    return rule->both_ways ? "<->" : "->";
}

static void begin(struct sim_env *env, struct unit_act *act)
{
    new_fault(env, act)->rule = lo_rule_add(env->run.net, act->rule);
    note(env, act, arrow_of(act->rule));
}

static uint64_t key_of(const struct sim_env *env, const struct unit_act *act)
{
    return sim_stream_key(env->run.world, "network fault", act->number);
}

static void begin_flap(struct sim_env *env, struct unit_act *act)
{
    struct unit_network_fault *fault = new_fault(env, act);

    fault->sequence = lo_flap_begin(env->run.net, act->rule, act->times[0], act->times[1],
                                    key_of(env, act), act->number);
    note(env, act, "<->");
}

static void begin_swizzle(struct sim_env *env, struct unit_act *act)
{
    struct unit_network_fault *fault = new_fault(env, act);
    char names[UNIT_FAULT_BYTES];

    fault->sequence =
        lo_swizzle_begin(env->run.net, &act->set, act->lasts_ns, key_of(env, act), act->number);
    unit_note_fault(env, "swizzle %s", unit_set_text(env, act->set, names, sizeof names));
}

static void reset(struct sim_env *env, struct unit_act *act)
{
    act->number = lo_connections_reset(env->run.net, act->rule);
    note(env, act, "<->");
}

static void forget(struct sim_env *env, struct unit_act *act)
{
    act->number = lo_connections_forget(env->run.net, act->rule);
    note(env, act, "->");
}

static void end_fault(struct sim_env *env, struct unit_network_fault *fault)
{
    if (fault->rule) {
        lo_rule_remove(env->run.net, fault->rule);
        fault->affected = lo_rule_affected(env->run.net, fault->rule);
    } else if (fault->sequence) {
        fault->affected = lo_sequence_end(fault->sequence);
    }
    fault->rule = 0;
    fault->sequence = NULL;
}

static void end(struct sim_env *env, struct unit_act *act)
{
    end_fault(env, &env->network[act->number - 1]);
    unit_note_fault(env, "end network fault %u", act->number);
}

static void heal(struct sim_env *env, struct unit_act *act)
{
    (void)act;
    for (uint32_t i = 0; i < env->network_count; i++)
        end_fault(env, &env->network[i]);
    unit_note_fault(env, "heal");
}

/* ---- the calls ---- */

static unit_set find_or_all(struct sim_env *env, const char *call, const char *names)
{
    return names ? unit_find(env, call, names) : unit_all(env);
}

/* What a number of nanoseconds or bytes must be. */
static void check_positive(struct sim_env *env, const char *call, const char *what, int64_t value)
{
    if (value < 1)
        unit_misuse(env, "%s: %s is %lld, not 1 or more", call, what, (long long)value);
}

/* Something between one set and another. */
static uint32_t perform_between(struct sim_env *env, const char *call, const char *from,
                                const char *to, struct lo_rule *rule,
                                void (*perform)(struct sim_env *env, struct unit_act *act),
                                const struct lo_times *times)
{
    struct unit_act act = {.perform = perform,
                           .times = times,
                           .word = call + sizeof "sim_" - 1,
                           .set = find_or_all(env, call, from),
                           .other = find_or_all(env, call, to),
                           .rule = rule};

    rule->scope = LO_SCOPE_SETS;
    rule->from = &act.set;
    rule->to = &act.other;
    unit_act(env, call, &act);
    return act.number;
}

/* A rule between them. */
static uint32_t between(struct sim_env *env, const char *call, const char *from, const char *to,
                        struct lo_rule *rule)
{
    return perform_between(env, call, from, to, rule, begin, NULL);
}

uint32_t sim_partition(struct sim_env *env, const char *a, const char *b)
{
    uint32_t sides[SIM_MACHINES_MAX + 1];
    struct lo_rule rule = {.effect = LO_EFFECT_BLOCK, .scope = LO_SCOPE_SIDES, .sides = sides};
    struct unit_act act = {.perform = begin,
                           .word = "partition",
                           .set = unit_find(env, "sim_partition", a),
                           .rule = &rule};

    act.other = b ? unit_find(env, "sim_partition", b) : unit_all(env) & ~act.set;
    if (act.set & act.other)
        unit_misuse(env, "sim_partition: machine '%s' is on both sides",
                    unit_machine_at(env, (uint32_t)__builtin_ctzll(act.set & act.other))->name);
    for (uint32_t i = 0; i < env->run.world->machine_count; i++)
        sides[i] = act.set >> i & 1 ? SIDE_A : act.other >> i & 1 ? SIDE_B : SIDE_NEITHER;
    rule.cut[SIDE_A][SIDE_B] = rule.cut[SIDE_B][SIDE_A] = 1;
    unit_act(env, "sim_partition", &act);
    return act.number;
}

uint32_t sim_cut(struct sim_env *env, const char *from, const char *to)
{
    struct lo_rule rule = {.effect = LO_EFFECT_BLOCK};

    return between(env, "sim_cut", from, to, &rule);
}

uint32_t sim_clog(struct sim_env *env, const char *from, const char *to)
{
    struct lo_rule rule = {.effect = LO_EFFECT_HOLD};

    return between(env, "sim_clog", from, to, &rule);
}

uint32_t sim_degrade(struct sim_env *env, const char *from, const char *to,
                     const struct sim_link *link)
{
    const struct scn_link fields = unit_scn_link(link);
    struct lo_rule rule = {.effect = LO_EFFECT_LINK, .link = worker_network_link(&fields)};
    const char *why;

    if (!unit_link_valid(link, &why))
        unit_misuse(env, "sim_degrade: %s", why);
    return between(env, "sim_degrade", from, to, &rule);
}

uint32_t sim_flap(struct sim_env *env, const char *a, const char *b, sm_time down_max_ns,
                  sm_time up_max_ns)
{
    struct lo_rule rule = {.effect = LO_EFFECT_BLOCK, .both_ways = true};
    const struct lo_times times[] = {{1, down_max_ns}, {1, up_max_ns}};

    check_positive(env, "sim_flap", "down_max_ns", down_max_ns);
    check_positive(env, "sim_flap", "up_max_ns", up_max_ns);
    return perform_between(env, "sim_flap", a, b, &rule, begin_flap, times);
}

uint32_t sim_swizzle(struct sim_env *env, const char *machines, sm_time lasts_ns)
{
    struct unit_act act = {.perform = begin_swizzle,
                           .word = "swizzle",
                           .set = find_or_all(env, "sim_swizzle", machines),
                           .lasts_ns = lasts_ns};

    check_positive(env, "sim_swizzle", "lasts_ns - 1", lasts_ns - 1);
    unit_act(env, "sim_swizzle", &act);
    return act.number;
}

uint32_t sim_ring(struct sim_env *env, const char *machines)
{
    uint32_t places[SIM_MACHINES_MAX + 1], count = 0;
    struct lo_rule rule = {.effect = LO_EFFECT_BLOCK, .scope = LO_SCOPE_RING, .sides = places};
    struct unit_act act = {.perform = begin,
                           .word = "ring",
                           .set = unit_find(env, "sim_ring", machines),
                           .rule = &rule};

    act.other = act.set;
    for (uint32_t i = 0; i < env->run.world->machine_count; i++)
        places[i] = act.set >> i & 1 ? count++ : LO_NO_PLACE;
    unit_act(env, "sim_ring", &act);
    return act.number;
}

uint32_t sim_refuse(struct sim_env *env, const char *from, const char *to)
{
    struct lo_rule rule = {.effect = LO_EFFECT_REFUSE};

    return between(env, "sim_refuse", from, to, &rule);
}

uint32_t sim_backlog_full(struct sim_env *env, const char *from, const char *to)
{
    struct lo_rule rule = {.effect = LO_EFFECT_BACKLOG};

    return between(env, "sim_backlog_full", from, to, &rule);
}

uint32_t sim_black_hole(struct sim_env *env, const char *a, const char *b)
{
    struct lo_rule rule = {.effect = LO_EFFECT_BLACK_HOLE, .both_ways = true};

    return between(env, "sim_black_hole", a, b, &rule);
}

uint32_t sim_slow_reader(struct sim_env *env, const char *from, const char *to, int64_t bytes_per_s)
{
    struct lo_rule rule = {.effect = LO_EFFECT_SLOW_READER,
                           .link = {.bandwidth_bytes_per_s = bytes_per_s}};

    check_positive(env, "sim_slow_reader", "bytes_per_s", bytes_per_s);
    return between(env, "sim_slow_reader", from, to, &rule);
}

uint32_t sim_no_name(struct sim_env *env, const char *from, const char *to)
{
    struct lo_rule rule = {.effect = LO_EFFECT_NO_NAME};

    return between(env, "sim_no_name", from, to, &rule);
}

uint32_t sim_late_name(struct sim_env *env, const char *from, const char *to, sm_time by_ns)
{
    struct lo_rule rule = {.effect = LO_EFFECT_LATE_NAME,
                           .link = {.latency = {.a_ns = by_ns, .b_ns = by_ns}}};

    check_positive(env, "sim_late_name", "by_ns", by_ns);
    return between(env, "sim_late_name", from, to, &rule);
}

uint32_t sim_reset(struct sim_env *env, const char *a, const char *b)
{
    struct lo_rule rule = {.both_ways = true};

    return perform_between(env, "sim_reset", a, b, &rule, reset, NULL);
}

uint32_t sim_half_open(struct sim_env *env, const char *from, const char *to)
{
    struct lo_rule rule = {0};

    return perform_between(env, "sim_half_open", from, to, &rule, forget, NULL);
}

static void check_number(struct sim_env *env, const char *call, uint32_t fault)
{
    if (fault == 0 || fault > env->network_count)
        unit_misuse(env, "%s: there is no network fault %u", call, fault);
}

uint64_t sim_affected(struct sim_env *env, uint32_t fault)
{
    if (sm_task_cancelled())
        return 0;
    check_number(env, "sim_affected", fault);
    const struct unit_network_fault *it = &env->network[fault - 1];
    if (it->rule)
        return lo_rule_affected(env->run.net, it->rule);
    return it->sequence ? lo_sequence_affected(it->sequence) : it->affected;
}

void sim_end(struct sim_env *env, uint32_t fault)
{
    struct unit_act act = {.perform = end, .word = "end", .number = fault, .is_end = true};

    if (sm_task_cancelled())
        return;
    check_number(env, "sim_end", fault);
    unit_act(env, "sim_end", &act);
}

void sim_heal(struct sim_env *env)
{
    struct unit_act act = {.perform = heal, .word = "heal", .is_end = true};

    unit_act(env, "sim_heal", &act);
}
