/* SPDX-License-Identifier: MIT */
#include "scenarios/worker/network_fault.h"

#include "core/random.h"
#include "net-loopback/net.h"
#include "scenarios/worker/network.h"
#include "scenarios/worker/worker.h"
#include "sim/host.h"

#include <string.h>

/* ---- who ---- */

static size_t set_bytes(const struct run *run)
{
    return LO_SET_WORDS((size_t)run->world->machine_count) * sizeof(uint64_t);
}

static bool is_empty(const struct run *run, const uint64_t *set)
{
    for (size_t i = 0; i < LO_SET_WORDS(run->world->machine_count); i++) {
        if (set[i])
            return false;
    }
    return true;
}

/* The machines at an end, now; the caller frees it. */
static uint64_t *set_of(const struct run *run, const struct scn_end *end)
{
    const struct sim_world *world = run->world;
    uint64_t *set = sim_host_alloc(set_bytes(run));

    if (!end->role[0])
        worker_network_set_add(run->scn, end, set);
    for (uint32_t i = 0; end->role[0] && i < world->machine_count; i++) {
        if (sim_machine_has_role(world->machines[i], end->role))
            lo_set_add(set, i + 1);
    }
    return set;
}

/* A random part of them, at least one. */
static void thin_out(const struct run *run, uint64_t *set, uint64_t key)
{
    uint64_t *kept = sim_host_alloc(set_bytes(run)), draws = 0;
    uint32_t count = 0, chosen = 0;

    for (uint32_t i = 1; i <= run->world->machine_count; i++) {
        if (!(set[(i - 1) / 64] >> ((i - 1) % 64) & 1))
            continue;
        /* One of all, each as likely as another, stays in any case. */
        if (sm__random_scale(sm__random_draw(key, draws++), ++count) == 0)
            chosen = i;
        if (sm__random_draw(key, draws++) >> 63)
            lo_set_add(kept, i);
    }
    if (chosen)
        lo_set_add(kept, chosen);
    memcpy(set, kept, set_bytes(run));
    sim_host_free(kept);
}

/* ---- partitions ---- */

static uint32_t add_sides(struct run *run, uint32_t split, const uint32_t *sides)
{
    struct lo_rule rule = {.effect = LO_EFFECT_BLOCK, .scope = LO_SCOPE_SIDES, .sides = sides};

    if (split == SCN_SPLIT_RING)
        rule.scope = LO_SCOPE_RING;
    rule.cut[0][1] = 1;
    rule.cut[1][0] = split != SCN_SPLIT_ONE_WAY;
    return lo_rule_add(run->net, &rule);
}

/* Puts `machine` on side 1; where there are others, the first of them leaves it. */
static void let_join(uint32_t *sides, uint32_t machine_count, uint32_t machine)
{
    uint32_t other = 0;

    if (sides[machine] == 1)
        return;
    while (other < machine_count && sides[other] != 1)
        other++;
    if (other < machine_count)
        sides[other] = 0;
    sides[machine] = 1;
}

/* The plan cannot know the sides: it depends on who holds a role now. */
static bool begin_partition_of_role(struct network_fault *state, struct run *run,
                                    const struct plan_fault *planned)
{
    const uint32_t count = run->world->machine_count;
    const struct sim_machine *machine = nemesis_target(run, planned);

    if (!machine)
        return false;
    uint32_t *sides = sim_host_alloc(count * sizeof *sides);
    if (planned->sides)
        memcpy(sides, planned->sides, count * sizeof *sides);
    let_join(sides, count, machine->index - 1);
    state->rule = add_sides(run, run->scn->faults[planned->fault].split, sides);
    sim_host_free(sides);
    return true;
}

/* ---- rules between two ends ---- */

static const struct {
    enum lo_effect effect;
    bool both_ways;
} rules[SCN_FAULT_KIND_COUNT] = {
    [SCN_FAULT_LINK] = {LO_EFFECT_LINK, false},
    [SCN_FAULT_CLOG] = {LO_EFFECT_HOLD, false},
    [SCN_FAULT_FLAP] = {LO_EFFECT_BLOCK, true},
    [SCN_FAULT_REFUSE] = {LO_EFFECT_REFUSE, false},
    [SCN_FAULT_BACKLOG] = {LO_EFFECT_BACKLOG, false},
    [SCN_FAULT_BLACK_HOLE] = {LO_EFFECT_BLACK_HOLE, true},
    [SCN_FAULT_SLOW_READER] = {LO_EFFECT_SLOW_READER, false},
    [SCN_FAULT_NO_NAME] = {LO_EFFECT_NO_NAME, false},
    [SCN_FAULT_LATE_NAME] = {LO_EFFECT_LATE_NAME, false},
    [SCN_FAULT_RESET] = {LO_EFFECT_BLOCK, true}, /* here and below: only the ends count */
    [SCN_FAULT_HALF_OPEN] = {LO_EFFECT_BLOCK, false},
};

static struct lo_times times_of(const struct scn_range *range)
{
    return (struct lo_times){range->min_ns, range->max_ns};
}

/* How often links have done one of these to a message. 0 for what they do to all. */
static uint64_t count_rare(const struct run *run, uint32_t fields)
{
    const struct lo_counters *counters = lo_net_counters(run->net);
    const struct {
        uint32_t field;
        uint64_t count;
    } counts[] = {
        {SCN_LINK_LOSS, counters->lost[LO_LOST_LOSS]},
        {SCN_LINK_DUPLICATE, counters->duplicated},
        {SCN_LINK_REORDER, counters->reordered},
        {SCN_LINK_BANDWIDTH, counters->queued},
        {SCN_LINK_QUEUE, counters->lost[LO_LOST_QUEUE]},
        {SCN_LINK_MTU, counters->lost[LO_LOST_MTU]},
        {SCN_LINK_CORRUPT, counters->corrupted},
        {SCN_LINK_CORRUPT_STREAMS, counters->corrupted_streams},
    };
    uint64_t count = 0;

    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        count += fields & counts[i].field ? counts[i].count : 0;
    return count;
}

static void put_in_force(struct network_fault *state, struct run *run,
                         const struct plan_fault *planned, const struct lo_rule *rule)
{
    const struct scn_fault *fault = &run->scn->faults[planned->fault];

    if (planned->kind == SCN_FAULT_RESET)
        state->hits = lo_connections_reset(run->net, rule);
    else if (planned->kind == SCN_FAULT_HALF_OPEN)
        state->hits = lo_connections_forget(run->net, rule);
    else if (planned->kind == SCN_FAULT_FLAP)
        state->sequence = lo_flap_begin(run->net, rule, times_of(&fault->down),
                                        times_of(&fault->up), planned->draw, planned->id);
    else
        state->rule = lo_rule_add(run->net, rule);
    if (planned->kind == SCN_FAULT_LINK &&
        !(fault->link.set & (SCN_LINK_LATENCY | SCN_LINK_JITTER)))
        state->rare = fault->link.set;
    state->mark = count_rare(run, state->rare);
}

static bool begin_between(struct network_fault *state, struct run *run,
                          const struct plan_fault *planned)
{
    const struct scn_fault *fault = &run->scn->faults[planned->fault];
    uint64_t *from = set_of(run, &fault->link.from), *to = set_of(run, &fault->link.to);
    struct lo_rule rule = {
        .effect = rules[planned->kind].effect,
        .both_ways = rules[planned->kind].both_ways,
        .from = from,
        .to = to,
        .link = worker_network_link(&fault->link),
    };
    const bool has_target = !is_empty(run, from) && !is_empty(run, to);

    if (planned->kind == SCN_FAULT_PARTITION) {
        rule.effect = LO_EFFECT_BLOCK;
        rule.both_ways = fault->split == SCN_SPLIT_BETWEEN;
    }
    if (has_target)
        put_in_force(state, run, planned, &rule);
    sim_host_free(from);
    sim_host_free(to);
    return has_target;
}

static bool begin_swizzle(struct network_fault *state, struct run *run,
                          const struct plan_fault *planned)
{
    const struct scn_fault *fault = &run->scn->faults[planned->fault];
    const struct scn_end of = {fault->of_group, fault->of_index, fault->of_role};
    const int64_t lasts_ns = planned->end_ns - run->world->now;
    uint64_t *set = set_of(run, &of);
    const bool can = !is_empty(run, set) && lasts_ns >= 2;

    thin_out(run, set, planned->draw);
    if (can)
        state->sequence =
            lo_swizzle_begin(run->net, set, lasts_ns, sm__random_mix(planned->draw), planned->id);
    sim_host_free(set);
    return can;
}

/* ---- all of them ---- */

bool network_fault_begin(struct network_fault *state, struct run *run,
                         const struct plan_fault *planned)
{
    const struct scn_fault *fault = &run->scn->faults[planned->fault];

    if (planned->kind == SCN_FAULT_SWIZZLE)
        return begin_swizzle(state, run, planned);
    if (planned->kind != SCN_FAULT_PARTITION)
        return begin_between(state, run, planned);
    if (fault->of_role[0])
        return begin_partition_of_role(state, run, planned);
    if (!planned->sides)
        return begin_between(state, run, planned);
    state->rule = add_sides(run, fault->split, planned->sides);
    return true;
}

bool network_fault_end(struct network_fault *state, struct run *run)
{
    if (state->sequence)
        state->hits += lo_sequence_end(state->sequence);
    state->sequence = NULL;
    if (state->rule) {
        lo_rule_remove(run->net, state->rule);
        if (!state->rare || count_rare(run, state->rare) > state->mark)
            state->hits += lo_rule_affected(run->net, state->rule);
    }
    state->rule = 0;
    return state->hits > 0;
}
