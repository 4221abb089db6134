/* SPDX-License-Identifier: MIT */
/* Faults of the network: rules that stand until they are ended. */
#include "net-loopback/net.h"

#include "scenarios/unit/unit.h"
#include "scenarios/worker/network.h"
#include "sim/host.h"

/* The sides of a partition. */
enum { SIDE_A, SIDE_B, SIDE_NEITHER };

/* ---- what happens ---- */

static uint32_t keep_rule(struct sim_env *env, uint32_t rule)
{
    if (env->rule_count == env->rule_capacity) {
        env->rule_capacity = env->rule_capacity ? env->rule_capacity * 2 : 16;
        env->rules = sim_host_resize(env->rules, env->rule_capacity * sizeof *env->rules);
    }
    env->rules[env->rule_count++] = rule;
    return env->rule_count;
}

static void begin(struct sim_env *env, struct unit_act *act)
{
    char a[UNIT_FAULT_BYTES], b[UNIT_FAULT_BYTES];

    act->number = keep_rule(env, lo_rule_add(env->run.net, act->rule));
    unit_note_fault(env, "%s %s %s %s", act->word, unit_set_text(env, act->set, a, sizeof a),
                    act->rule->scope == LO_SCOPE_SIDES && act->rule->cut[SIDE_B][SIDE_A] ? "|"
                                                                                         : "->",
                    unit_set_text(env, act->other, b, sizeof b));
}

static void end_rule(struct sim_env *env, uint32_t number)
{
    uint32_t *rule = &env->rules[number - 1];

    if (*rule)
        lo_rule_remove(env->run.net, *rule);
    *rule = 0;
}

static void end(struct sim_env *env, struct unit_act *act)
{
    end_rule(env, act->number);
    unit_note_fault(env, "end network fault %u", act->number);
}

static void heal(struct sim_env *env, struct unit_act *act)
{
    (void)act;
    for (uint32_t number = 1; number <= env->rule_count; number++)
        end_rule(env, number);
    unit_note_fault(env, "heal");
}

/* ---- the calls ---- */

static unit_set find_or_all(struct sim_env *env, const char *call, const char *names)
{
    return names ? unit_find(env, call, names) : unit_all(env);
}

/* A fault of the links from one set to another. */
static uint32_t between(struct sim_env *env, const char *call, const char *from, const char *to,
                        struct lo_rule *rule)
{
    struct unit_act act = {.perform = begin,
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

void sim_end(struct sim_env *env, uint32_t fault)
{
    struct unit_act act = {.perform = end, .word = "end", .number = fault, .is_end = true};

    if (sm_task_cancelled())
        return;
    if (fault == 0 || fault > env->rule_count)
        unit_misuse(env, "sim_end: there is no network fault %u", fault);
    unit_act(env, "sim_end", &act);
}

void sim_heal(struct sim_env *env)
{
    struct unit_act act = {.perform = heal, .word = "heal", .is_end = true};

    unit_act(env, "sim_heal", &act);
}
