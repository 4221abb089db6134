/* SPDX-License-Identifier: MIT */
/*
 * What happens to one message between two machines: in this order, rules, size, loss, latency,
 * jitter, reordering, bandwidth, corruption, duplication. Draws are taken by purpose, so a decision
 * that is skipped moves no other.
 */
#include "core/random.h"
#include "net-loopback/internal.h"
#include "net-loopback/latency.h"
#include "sim/host.h"

#include <string.h>

#define CAPACITY_FIRST    256u
#define HEADER_BYTES      40 /* what a packet takes from the bandwidth besides its payload */
#define DATAGRAM_HEADERS  28 /* what it takes of the mtu */
#define LOCAL_MIN_NS      (10 * SM_US)
#define LOCAL_MAX_NS      (30 * SM_US)
#define REORDER_LATENCIES 4
#define REORDER_EXTRA_NS  (100 * SM_US)

/* ---- the table ---- */

static struct lo_path *find_slot(const struct lo_paths *paths, uint64_t pair)
{
    const uint32_t mask = paths->capacity - 1;
    uint32_t i = lo_path_home(paths, pair);

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
    judgement->garble = 0;
    lo_path_keep_order(path, now, &judgement->delay_ns);
}

static int64_t reorder_delay(uint64_t reorder_draw, int64_t delay_ns)
{
    const uint64_t bound = (uint64_t)delay_ns * REORDER_LATENCIES + REORDER_EXTRA_NS;
    return 1 + (int64_t)sm__random_scale(reorder_draw, bound);
}

static bool queue_is_full(const struct lo_net *net, const struct lo_link *link, int64_t waits_ns)
{
    if (link->queue_bytes == 0)
        return waits_ns > net->queue_limit_ns;
    return (__int128)waits_ns * link->bandwidth_bytes_per_s / SM_S > link->queue_bytes;
}

static int64_t packets_of(const struct lo_link *link, uint32_t size)
{
    if (link->mtu_bytes == 0 || size == 0)
        return 1;
    const uint32_t payload = link->mtu_bytes - HEADER_BYTES;
    return (size + payload - 1) / payload;
}

/* The time that a message waits for, and takes of, the link's bandwidth; -1: it is lost. */
static int64_t queue(struct lo_net *net, struct lo_path *path, const struct lo_link *link,
                     uint32_t size, bool is_datagram)
{
    const int64_t now = net->world->now;
    const int64_t start = path->busy_until > now ? path->busy_until : now;
    const int64_t bytes = (int64_t)size + HEADER_BYTES * packets_of(link, size);

    net->counters.queued += start > now;
    if (is_datagram && queue_is_full(net, link, start - now))
        return -1;
    path->busy_until = start + bytes * SM_S / link->bandwidth_bytes_per_s;
    return path->busy_until - now;
}

static void lose(struct lo_judgement *judgement, enum lo_lost reason)
{
    judgement->fate = LO_FATE_LOST;
    judgement->reason = reason;
}

/* ---- what few links have ---- */

#define RARE_FIELDS (LO_LINK_JITTER | LO_LINK_CORRUPT | LO_LINK_CORRUPT_STREAMS)

static uint64_t mixed_draw(const struct lo_path *path, uint64_t number, enum lo_mixed what)
{
    return sm__random_mix(draw(path, number, LO_DRAW_MIXED) ^ what);
}

static int64_t jitter_of(const struct lo_link *link, const struct lo_path *path, uint64_t number,
                         enum lo_mixed which)
{
    if (link->jitter.a_ns == 0 && link->jitter.b_ns == 0)
        return 0;
    return lo_latency_draw(&link->jitter, mixed_draw(path, number, which));
}

static uint64_t garble_of(struct lo_net *net, const struct lo_link *link,
                          const struct lo_path *path, uint64_t number, bool is_datagram)
{
    const uint32_t ppm = is_datagram ? link->corrupt_ppm : link->corrupt_streams_ppm;

    if (ppm == 0 || !sm__random_hits(mixed_draw(path, number, LO_MIXED_CORRUPT), ppm))
        return 0;
    net->counters.corrupted += is_datagram;
    net->counters.corrupted_streams += !is_datagram;
    return mixed_draw(path, number, LO_MIXED_GARBLE) | 1;
}

static void judge_rare(struct lo_net *net, const struct lo_link *link, const struct lo_path *path,
                       uint64_t number, uint32_t size, bool is_datagram,
                       struct lo_judgement *judgement)
{
    judgement->delay_ns += jitter_of(link, path, number, LO_MIXED_JITTER);
    if (judgement->duplicate_ns)
        judgement->duplicate_ns += jitter_of(link, path, number, LO_MIXED_SECOND_JITTER);
    if (size > 0)
        judgement->garble = garble_of(net, link, path, number, is_datagram);
}

/* ---- what all links have ---- */

static void judge_link(struct lo_net *net, struct lo_path *path, const struct lo_link *link,
                       uint64_t number, uint32_t size, bool is_datagram,
                       struct lo_judgement *judgement)
{
    if (SM_UNLIKELY(link->mtu_bytes) && is_datagram && size + DATAGRAM_HEADERS > link->mtu_bytes) {
        lose(judgement, LO_LOST_MTU);
        return;
    }
    if (link->loss_ppm && sm__random_hits(draw(path, number, LO_DRAW_LOSS), link->loss_ppm)) {
        lose(judgement, LO_LOST_LOSS);
        return;
    }
    const int64_t latency = lo_latency_draw(&link->latency, draw(path, number, LO_DRAW_LATENCY));
    int64_t waits = 0;
    if (link->reorder_ppm &&
        sm__random_hits(draw(path, number, LO_DRAW_REORDER), link->reorder_ppm)) {
        waits = reorder_delay(draw(path, number, LO_DRAW_REORDER_DELAY), latency);
        net->counters.reordered++;
    }
    if (link->bandwidth_bytes_per_s) {
        const int64_t queued = queue(net, path, link, size, is_datagram);
        if (queued < 0) {
            lose(judgement, LO_LOST_QUEUE);
            return;
        }
        waits += queued;
    }
    judgement->fate = LO_FATE_PASSES;
    judgement->delay_ns = latency + waits;
    judgement->duplicate_ns = 0;
    judgement->garble = 0;
    if (link->duplicate_ppm &&
        sm__random_hits(draw(path, number, LO_DRAW_DUPLICATE), link->duplicate_ppm))
        judgement->duplicate_ns =
            waits + lo_latency_draw(&link->latency, draw(path, number, LO_DRAW_DUPLICATE_LATENCY));
    if (SM_UNLIKELY(link->set & RARE_FIELDS))
        judge_rare(net, link, path, number, size, is_datagram, judgement);
}

void lo_path_judge(struct lo_net *net, struct lo_path *path, uint64_t number, uint32_t size,
                   uint64_t connection, struct lo_judgement *judgement)
{
    struct lo_subject subject;

    if (!path->link) {
        judge_local(path, number, net->world->now, judgement);
        return;
    }
    if (SM_LIKELY(net->rules.count == 0)) {
        judge_link(net, path, path->link, number, size, connection == 0, judgement);
        return;
    }
    subject.path = path;
    subject.number = number;
    subject.connection = connection;
    subject.link = path->link;
    subject.extra_ns = 0;
    subject.by = NULL;
    judgement->fate = lo_rules_judge(net, &subject);
    judgement->rule = subject.by;
    if (judgement->fate == LO_FATE_LOST)
        judgement->reason =
            subject.by->effect == LO_EFFECT_BLOCK ? LO_LOST_BLOCKED : LO_LOST_BLACK_HOLE;
    if (judgement->fate != LO_FATE_PASSES)
        return;
    judge_link(net, path, subject.link, number, size, connection == 0, judgement);
    if (judgement->fate == LO_FATE_PASSES)
        judgement->delay_ns += subject.extra_ns;
    if (judgement->fate == LO_FATE_PASSES && judgement->duplicate_ns)
        judgement->duplicate_ns += subject.extra_ns;
}
