/* SPDX-License-Identifier: MIT */
/*
 * Static rules, resolved when the network is made: machines that belong to the same sets of the
 * rules form a class, and each pair of classes has one link.
 */
#include "net-loopback/internal.h"
#include "net-loopback/latency.h"
#include "sim/host.h"

#include <errno.h>

#define CLASSES_MAX 1024u

static const struct lo_link link_builtin = {
    .latency = {.kind = LO_LATENCY_UNIFORM, .a_ns = 1 * SM_MS, .b_ns = 5 * SM_MS},
};

void lo_link_override(struct lo_link *into, const struct lo_link *from)
{
    into->set |= from->set;
    if (from->set & LO_LINK_LATENCY)
        into->latency = from->latency;
    if (from->set & LO_LINK_LOSS)
        into->loss_ppm = from->loss_ppm;
    if (from->set & LO_LINK_DUPLICATE)
        into->duplicate_ppm = from->duplicate_ppm;
    if (from->set & LO_LINK_REORDER)
        into->reorder_ppm = from->reorder_ppm;
    if (from->set & LO_LINK_BANDWIDTH)
        into->bandwidth_bytes_per_s = from->bandwidth_bytes_per_s;
    if (from->set & LO_LINK_JITTER)
        into->jitter = from->jitter;
    if (from->set & LO_LINK_QUEUE)
        into->queue_bytes = from->queue_bytes;
    if (from->set & LO_LINK_MTU)
        into->mtu_bytes = from->mtu_bytes;
    if (from->set & LO_LINK_CORRUPT)
        into->corrupt_ppm = from->corrupt_ppm;
    if (from->set & LO_LINK_CORRUPT_STREAMS)
        into->corrupt_streams_ppm = from->corrupt_streams_ppm;
}

static bool latency_valid(const struct lo_latency *latency)
{
    return latency->kind <= LO_LATENCY_BIMODAL && latency->a_ns >= 0 && latency->b_ns >= 0 &&
           latency->a_ns <= LO_DELAY_MAX_NS && latency->b_ns <= LO_DELAY_MAX_NS;
}

bool lo_link_valid(const struct lo_link *link)
{
    const uint32_t shares[] = {link->loss_ppm, link->duplicate_ppm, link->reorder_ppm,
                               link->corrupt_ppm, link->corrupt_streams_ppm};

    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        if (shares[i] > 1000000)
            return false;
    }
    return latency_valid(&link->latency) && latency_valid(&link->jitter) &&
           link->bandwidth_bytes_per_s >= 0 && link->queue_bytes >= 0 &&
           (link->mtu_bytes == 0 || link->mtu_bytes >= LO_MTU_BYTES_MIN);
}

/* Parts each class into those in the set and those not; numbers follow the first machine of each.
 */
static int refine(struct lo_classes *classes, uint32_t machine_count, const uint64_t *set)
{
    uint32_t renamed[CLASSES_MAX][2] = {{0}}; /* new number + 1 */
    uint32_t count = 0;

    for (uint32_t i = 0; set && i < machine_count; i++) {
        uint32_t *number = &renamed[classes->class_of[i]][lo_set_has(set, i + 1)];
        if (*number == 0 && count == CLASSES_MAX)
            return -E2BIG;
        if (*number == 0)
            *number = ++count;
        classes->class_of[i] = (uint16_t)(*number - 1);
    }
    if (set)
        classes->count = count;
    return 0;
}

static void resolve(struct lo_classes *classes, const uint32_t *member,
                    const struct lo_options *options)
{
    for (uint32_t from = 0; from < classes->count; from++) {
        for (uint32_t to = 0; to < classes->count; to++) {
            struct lo_link *link = &classes->links[(size_t)from * classes->count + to];
            *link = link_builtin;
            lo_link_override(link, &options->link_default);
            for (uint32_t i = 0; i < options->rule_count; i++) {
                const struct lo_link_rule *rule = &options->rules[i];
                if (lo_set_has(rule->from, member[from]) && lo_set_has(rule->to, member[to]))
                    lo_link_override(link, &rule->link);
            }
        }
    }
}

int lo_classes_init(struct lo_net *net, const struct lo_options *options)
{
    struct lo_classes *classes = &net->classes;
    uint32_t member[CLASSES_MAX]; /* a machine of each class */

    classes->class_of = sim_host_alloc(net->machine_count * sizeof *classes->class_of);
    classes->count = 1;
    for (uint32_t i = 0; i < options->rule_count; i++) {
        int error = refine(classes, net->machine_count, options->rules[i].from);
        if (!error)
            error = refine(classes, net->machine_count, options->rules[i].to);
        if (error)
            return error;
    }
    for (uint32_t i = net->machine_count; i > 0; i--)
        member[classes->class_of[i - 1]] = i;
    classes->links =
        sim_host_alloc((size_t)classes->count * classes->count * sizeof *classes->links);
    resolve(classes, member, options);
    return 0;
}

void lo_classes_finish(struct lo_net *net)
{
    sim_host_free(net->classes.class_of);
    sim_host_free(net->classes.links);
}
