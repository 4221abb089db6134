/* SPDX-License-Identifier: MIT */
/*
 * What happens to one message between two machines: in this order, rules, loss, latency,
 * reordering, bandwidth, duplication. Draws are taken by purpose, so a decision that is skipped
 * moves no other.
 */
#include "core/random.h"
#include "net-loopback/internal.h"
#include "net-loopback/latency.h"
#include "sim/host.h"

#include <string.h>

#define CAPACITY_FIRST    256u
#define HEADER_BYTES      40 /* what a message takes from the bandwidth besides its payload */
#define LOCAL_MIN_NS      (10 * SM_US)
#define LOCAL_MAX_NS      (30 * SM_US)
#define REORDER_LATENCIES 4
#define REORDER_EXTRA_NS  (100 * SM_US)

/* ---- the table ---- */

static inline uint32_t home_of(const struct lo_paths *paths, uint64_t pair)
{
    return (uint32_t)(sm__random_mix(pair) >> 32) & (paths->capacity - 1);
}

static struct lo_path *find_slot(const struct lo_paths *paths, uint64_t pair)
{
    const uint32_t mask = paths->capacity - 1;
    uint32_t i = home_of(paths, pair);

    while (paths->slots[i].pair && paths->slots[i].pair != pair)
        i = (i + 1) & mask;
    return &paths->slots[i];
}

static void grow(struct lo_paths *paths)
{
    const struct lo_paths old = *paths;

    paths->capacity = old.capacity ? old.capacity * 2 : CAPACITY_FIRST;
    paths->slots = sim_host_alloc_aligned(64, paths->capacity * sizeof *paths->slots);
    memset(paths->slots, 0, paths->capacity * sizeof *paths->slots);
    for (uint32_t i = 0; i < old.capacity; i++) {
        if (old.slots[i].pair)
            *find_slot(paths, old.slots[i].pair) = old.slots[i];
    }
    sim_host_free(old.slots);
}

static struct lo_path *add(struct lo_net *net, uint64_t pair)
{
    const uint32_t from = (uint32_t)(pair >> 32), to = (uint32_t)pair;

    if ((net->paths.count + 1) * 2 > net->paths.capacity)
        grow(&net->paths);
    struct lo_path *path = find_slot(&net->paths, pair);
    path->pair = pair;
    path->epoch = ~net->world->options.epoch; /* no key yet */
    path->link = from == to ? NULL : lo_classes_link(&net->classes, from, to);
    net->paths.count++;
    return path;
}

struct lo_path *lo_path_get(struct lo_net *net, uint32_t from, uint32_t to)
{
    const uint64_t pair = (uint64_t)from << 32 | to;
    const uint64_t epoch = net->world->options.epoch;
    struct lo_path *path = net->paths.capacity ? find_slot(&net->paths, pair) : NULL;

    if (SM_UNLIKELY(!path || !path->pair))
        path = add(net, pair);
    if (SM_UNLIKELY(path->epoch != epoch)) {
        path->epoch = epoch;
        path->key = sm__random_key(net->world->options.seed, epoch, net->link_name, pair);
    }
    return path;
}

void lo_path_fetch(const struct lo_net *net, uint32_t from, uint32_t to)
{
    if (net->paths.capacity)
        __builtin_prefetch(&net->paths.slots[home_of(&net->paths, (uint64_t)from << 32 | to)]);
}

void lo_paths_finish(struct lo_paths *paths)
{
    sim_host_free(paths->slots);
    *paths = (struct lo_paths){0};
}

/* ---- one message ---- */

static inline uint64_t draw(const struct lo_path *path, uint64_t number, enum lo_purpose purpose)
{
    return sm__random_draw(path->key, number * LO_DRAW_PURPOSES + purpose);
}

void lo_path_keep_order(struct lo_path *path, int64_t now, int64_t *delay_ns)
{
    if (now + *delay_ns <= path->floor_ns)
        *delay_ns = path->floor_ns + 1 - now;
    path->floor_ns = now + *delay_ns;
}

static void judge_local(struct lo_path *path, uint64_t number, int64_t now,
                        struct lo_judgement *judgement)
{
    const uint64_t offset = sm__random_scale(draw(path, number, LO_DRAW_LATENCY),
                                             (uint64_t)(LOCAL_MAX_NS - LOCAL_MIN_NS) + 1);

    judgement->fate = LO_FATE_PASSES;
    judgement->delay_ns = LOCAL_MIN_NS + (int64_t)offset;
    judgement->duplicate_ns = 0;
    lo_path_keep_order(path, now, &judgement->delay_ns);
}

static int64_t reorder_delay(uint64_t reorder_draw, int64_t delay_ns)
{
    const uint64_t bound = (uint64_t)delay_ns * REORDER_LATENCIES + REORDER_EXTRA_NS;
    return 1 + (int64_t)sm__random_scale(reorder_draw, bound);
}

/* The time that a message waits for, and takes of, the link's bandwidth; -1: it is lost. */
static int64_t queue(const struct lo_net *net, struct lo_path *path, int64_t bandwidth,
                     uint32_t size, enum lo_traffic traffic)
{
    const int64_t now = net->world->now;
    const int64_t start = path->busy_until > now ? path->busy_until : now;
    const int64_t taken = ((int64_t)size + HEADER_BYTES) * SM_S / bandwidth;

    if (traffic == LO_TRAFFIC_DATAGRAM && start - now > net->queue_limit_ns)
        return -1;
    path->busy_until = start + taken;
    return path->busy_until - now;
}

static void lose(struct lo_judgement *judgement, enum lo_lost reason)
{
    judgement->fate = LO_FATE_LOST;
    judgement->reason = reason;
}

void lo_path_judge(struct lo_net *net, struct lo_path *path, uint64_t number, uint32_t size,
                   enum lo_traffic traffic, struct lo_judgement *judgement)
{
    const struct lo_link *link = path->link;
    struct lo_link changed;
    int64_t delay = 0;

    if (!link) {
        judge_local(path, number, net->world->now, judgement);
        return;
    }
    if (SM_UNLIKELY(net->rules.count > 0)) {
        judgement->fate =
            lo_rules_judge(net, path, number, &link, &changed, &delay, &judgement->rule);
        judgement->reason = LO_LOST_BLOCKED;
        if (judgement->fate != LO_FATE_PASSES)
            return;
    }
    if (link->loss_ppm && sm__random_hits(draw(path, number, LO_DRAW_LOSS), link->loss_ppm)) {
        lose(judgement, LO_LOST_LOSS);
        return;
    }
    const int64_t latency = lo_latency_draw(&link->latency, draw(path, number, LO_DRAW_LATENCY));
    delay += latency;
    if (link->reorder_ppm &&
        sm__random_hits(draw(path, number, LO_DRAW_REORDER), link->reorder_ppm))
        delay += reorder_delay(draw(path, number, LO_DRAW_REORDER_DELAY), latency);
    if (link->bandwidth_bytes_per_s) {
        const int64_t queued = queue(net, path, link->bandwidth_bytes_per_s, size, traffic);
        if (queued < 0) {
            lose(judgement, LO_LOST_QUEUE);
            return;
        }
        delay += queued;
    }
    judgement->fate = LO_FATE_PASSES;
    judgement->delay_ns = delay;
    judgement->duplicate_ns = 0;
    if (link->duplicate_ppm &&
        sm__random_hits(draw(path, number, LO_DRAW_DUPLICATE), link->duplicate_ppm))
        judgement->duplicate_ns =
            delay - latency +
            lo_latency_draw(&link->latency, draw(path, number, LO_DRAW_DUPLICATE_LATENCY));
}
