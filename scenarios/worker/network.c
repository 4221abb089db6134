/* SPDX-License-Identifier: MIT */
#include "scenarios/worker/network.h"

#include "net-loopback/net.h"
#include "scenarios/worker/worker.h"
#include "sim/host.h"

#include <string.h>

_Static_assert((int)SCN_LATENCY_UNIFORM == (int)LO_LATENCY_UNIFORM &&
                   (int)SCN_LATENCY_EXPONENTIAL == (int)LO_LATENCY_EXPONENTIAL &&
                   (int)SCN_LATENCY_LOGNORMAL == (int)LO_LATENCY_LOGNORMAL &&
                   (int)SCN_LATENCY_BIMODAL == (int)LO_LATENCY_BIMODAL,
               "the scenario's distributions are the network's");
_Static_assert((int)SCN_LINK_LATENCY == (int)LO_LINK_LATENCY &&
                   (int)SCN_LINK_LOSS == (int)LO_LINK_LOSS &&
                   (int)SCN_LINK_DUPLICATE == (int)LO_LINK_DUPLICATE &&
                   (int)SCN_LINK_REORDER == (int)LO_LINK_REORDER &&
                   (int)SCN_LINK_BANDWIDTH == (int)LO_LINK_BANDWIDTH,
               "the scenario's link fields are the network's");

struct lo_link worker_network_link(const struct scn_link *link)
{
    return (struct lo_link){
        .set = link->set,
        .loss_ppm = link->loss_ppm,
        .duplicate_ppm = link->duplicate_ppm,
        .reorder_ppm = link->reorder_ppm,
        .latency = {.kind = link->latency.kind,
                    .shape_ppm = link->latency.shape_ppm,
                    .a_ns = link->latency.a_ns,
                    .b_ns = link->latency.b_ns},
        .bandwidth_bytes_per_s = link->bandwidth_bytes_per_s,
    };
}

/* The machines that `from` or `to` names: NULL for all; else the caller frees it. */
static uint64_t *set_of(const struct scn *scn, uint32_t group, uint32_t index)
{
    if (group == SCN_NONE)
        return NULL;
    uint64_t *set = sim_host_alloc(LO_SET_WORDS(scn->machine_count) * sizeof *set);
    const struct scn_group *g = &scn->groups[group];
    for (uint32_t i = 0; i < g->count; i++) {
        if (index == SCN_NONE || index == i)
            lo_set_add(set, g->first_machine + i + 1);
    }
    return set;
}

int worker_network_create(struct run *run)
{
    const struct scn *scn = run->scn;
    struct lo_link_rule *rules = sim_host_alloc(scn->link_count * sizeof *rules);

    for (uint32_t i = 0; i < scn->link_count; i++) {
        const struct scn_link *link = &scn->links[i];
        rules[i].from = set_of(scn, link->from_group, link->from_index);
        rules[i].to = set_of(scn, link->to_group, link->to_index);
        rules[i].link = worker_network_link(link);
    }
    const struct lo_options options = {
        .link_default = worker_network_link(&scn->link_default),
        .rules = rules,
        .rule_count = scn->link_count,
    };
    const int error = lo_net_create(&run->net, run->world, &options);
    for (uint32_t i = 0; i < scn->link_count; i++) {
        sim_host_free((void *)(uintptr_t)rules[i].from);
        sim_host_free((void *)(uintptr_t)rules[i].to);
    }
    sim_host_free(rules);
    return error;
}

void worker_network_count(struct run *run)
{
    const struct lo_counters *counters = lo_net_counters(run->net);
    struct job_result *result = run->result;

    result->messages_sent = counters->sent;
    result->messages_delivered = counters->delivered;
    result->messages_lost = 0;
    for (int i = 0; i < LO_LOST_COUNT; i++)
        result->messages_lost += counters->lost[i];
}

/* ---- network faults ---- */

static struct lo_rule partition_rule(const struct scn_fault *fault,
                                     const struct plan_fault *planned)
{
    struct lo_rule rule = {
        .effect = LO_EFFECT_BLOCK, .scope = LO_SCOPE_SIDES, .sides = planned->sides};

    if (fault->split == SCN_SPLIT_RING) {
        rule.scope = LO_SCOPE_RING;
        return rule;
    }
    rule.cut[0][1] = 1;
    rule.cut[1][0] = fault->split != SCN_SPLIT_ONE_WAY;
    return rule;
}

uint32_t worker_network_rule_add(struct run *run, const struct plan_fault *planned)
{
    const struct scn_fault *fault = &run->scn->faults[planned->fault];

    if (planned->kind == SCN_FAULT_PARTITION) {
        const struct lo_rule rule = partition_rule(fault, planned);
        return lo_rule_add(run->net, &rule);
    }
    uint64_t *from = set_of(run->scn, fault->link.from_group, fault->link.from_index);
    uint64_t *to = set_of(run->scn, fault->link.to_group, fault->link.to_index);
    const struct lo_rule rule = {
        .effect = planned->kind == SCN_FAULT_CLOG ? LO_EFFECT_HOLD : LO_EFFECT_LINK,
        .scope = LO_SCOPE_SETS,
        .from = from,
        .to = to,
        .link = worker_network_link(&fault->link),
    };
    const uint32_t id = lo_rule_add(run->net, &rule);
    sim_host_free(from);
    sim_host_free(to);
    return id;
}

uint64_t worker_network_rule_remove(struct run *run, uint32_t rule)
{
    lo_rule_remove(run->net, rule);
    return lo_rule_affected(run->net, rule);
}
