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
                   (int)SCN_LINK_BANDWIDTH == (int)LO_LINK_BANDWIDTH &&
                   (int)SCN_LINK_JITTER == (int)LO_LINK_JITTER &&
                   (int)SCN_LINK_QUEUE == (int)LO_LINK_QUEUE &&
                   (int)SCN_LINK_MTU == (int)LO_LINK_MTU &&
                   (int)SCN_LINK_CORRUPT == (int)LO_LINK_CORRUPT &&
                   (int)SCN_LINK_CORRUPT_STREAMS == (int)LO_LINK_CORRUPT_STREAMS,
               "the scenario's link fields are the network's");

static struct lo_latency latency_of(const struct scn_latency *latency)
{
    return (struct lo_latency){.kind = latency->kind,
                               .shape_ppm = latency->shape_ppm,
                               .a_ns = latency->a_ns,
                               .b_ns = latency->b_ns};
}

struct lo_link worker_network_link(const struct scn_link *link)
{
    return (struct lo_link){
        .set = link->set,
        .loss_ppm = link->loss_ppm,
        .duplicate_ppm = link->duplicate_ppm,
        .reorder_ppm = link->reorder_ppm,
        .corrupt_ppm = link->corrupt_ppm,
        .corrupt_streams_ppm = link->corrupt_streams_ppm,
        .mtu_bytes = link->mtu_bytes,
        .latency = latency_of(&link->latency),
        .jitter = latency_of(&link->jitter),
        .bandwidth_bytes_per_s = link->bandwidth_bytes_per_s,
        .queue_bytes = link->queue_bytes,
    };
}

/* The machines at an end of a static rule: NULL for all; else the caller frees it. */
static uint64_t *set_of(const struct scn *scn, const struct scn_end *end)
{
    if (end->group == SCN_NONE)
        return NULL;
    uint64_t *set = sim_host_alloc(LO_SET_WORDS(scn->machine_count) * sizeof *set);
    worker_network_set_add(scn, end, set);
    return set;
}

void worker_network_set_add(const struct scn *scn, const struct scn_end *end, uint64_t *set)
{
    const uint32_t first = end->group == SCN_NONE ? 0 : scn->groups[end->group].first_machine;
    const uint32_t count =
        end->group == SCN_NONE ? scn->machine_count : scn->groups[end->group].count;

    for (uint32_t i = 0; i < count; i++) {
        if (end->index == SCN_NONE || end->index == i)
            lo_set_add(set, first + i + 1);
    }
}

int worker_network_create(struct run *run)
{
    const struct scn *scn = run->scn;
    struct lo_link_rule *rules = sim_host_alloc(scn->link_count * sizeof *rules);

    for (uint32_t i = 0; i < scn->link_count; i++) {
        const struct scn_link *link = &scn->links[i];
        rules[i].from = set_of(scn, &link->from);
        rules[i].to = set_of(scn, &link->to);
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
