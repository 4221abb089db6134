/* SPDX-License-Identifier: MIT */
/* A struct sim_link in a scenario's words. */
#include "net-loopback/link.h"
#include "scenarios/unit/unit.h"

#define LATENCY_MAX_NS (86400 * SM_S)
#define MILLION        1000000u

static sm_time latency_max(const struct sim_link *link)
{
    return link->latency_max_ns ? link->latency_max_ns : link->latency_min_ns;
}

static bool shares_valid(const struct sim_link *link)
{
    return link->loss_ppm <= MILLION && link->duplicate_ppm <= MILLION &&
           link->reorder_ppm <= MILLION && link->corrupt_ppm <= MILLION &&
           link->corrupt_streams_ppm <= MILLION;
}

bool unit_link_valid(const struct sim_link *link, const char **text)
{
    if (link->latency_min_ns < 0 || latency_max(link) > LATENCY_MAX_NS)
        *text = "a latency is not between 0 and 24 hours";
    else if (latency_max(link) < link->latency_min_ns)
        *text = "latency_max_ns is below latency_min_ns";
    else if (link->jitter_max_ns < 0 || link->jitter_max_ns > LATENCY_MAX_NS)
        *text = "jitter_max_ns is not between 0 and 24 hours";
    else if (!shares_valid(link))
        *text = "a share is above a million of a million messages";
    else if (link->bandwidth_bytes_per_s < 0)
        *text = "the bandwidth is negative";
    else if (link->queue_bytes < 0)
        *text = "queue_bytes is negative";
    else if (link->mtu_bytes > 0 && link->mtu_bytes < LO_MTU_BYTES_MIN)
        *text = "mtu_bytes is below 68";
    else
        return true;
    return false;
}

static uint32_t field(bool given, enum scn_link_field bit)
{
    return given ? (uint32_t)bit : 0;
}

struct scn_link unit_scn_link(const struct sim_link *link)
{
    return (struct scn_link){
        .set = field(latency_max(link) > 0, SCN_LINK_LATENCY) |
               field(link->jitter_max_ns > 0, SCN_LINK_JITTER) |
               field(link->loss_ppm > 0, SCN_LINK_LOSS) |
               field(link->duplicate_ppm > 0, SCN_LINK_DUPLICATE) |
               field(link->reorder_ppm > 0, SCN_LINK_REORDER) |
               field(link->corrupt_ppm > 0, SCN_LINK_CORRUPT) |
               field(link->corrupt_streams_ppm > 0, SCN_LINK_CORRUPT_STREAMS) |
               field(link->bandwidth_bytes_per_s > 0, SCN_LINK_BANDWIDTH) |
               field(link->queue_bytes > 0, SCN_LINK_QUEUE) |
               field(link->mtu_bytes > 0, SCN_LINK_MTU),
        .loss_ppm = link->loss_ppm,
        .duplicate_ppm = link->duplicate_ppm,
        .reorder_ppm = link->reorder_ppm,
        .corrupt_ppm = link->corrupt_ppm,
        .corrupt_streams_ppm = link->corrupt_streams_ppm,
        .latency = {.kind = SCN_LATENCY_UNIFORM,
                    .a_ns = link->latency_min_ns,
                    .b_ns = latency_max(link)},
        .jitter = {.kind = SCN_LATENCY_UNIFORM, .b_ns = link->jitter_max_ns},
        .bandwidth_bytes_per_s = link->bandwidth_bytes_per_s,
        .queue_bytes = link->queue_bytes,
        .mtu_bytes = link->mtu_bytes,
        .from = {SCN_NONE, SCN_NONE, ""},
        .to = {SCN_NONE, SCN_NONE, ""},
    };
}
