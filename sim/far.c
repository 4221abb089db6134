/* SPDX-License-Identifier: MIT */
#include "sim/far.h"

#include "core/fetch.h"
#include "sim/host.h"

#include <string.h>

#define HAND_OVER_MAX 32u /* entries that are handed over at once; more are divided again */
#define BUCKETS_MIN   64u
#define BUCKETS_MAX   (1u << 18)
#define FETCH_AHEAD   4u

/* ---- memory ---- */

static void append(struct sim_entries *entries, struct sim_queue_entry entry)
{
    if (entries->count == entries->capacity) {
        entries->capacity = entries->capacity ? entries->capacity * 2 : 256;
        entries->items =
            sim_host_resize(entries->items, entries->capacity * sizeof *entries->items);
    }
    entries->items[entries->count++] = entry;
}

static uint32_t node_take(struct sim_far *far)
{
    if (far->node_free) {
        const uint32_t node = far->node_free;
        far->node_free = far->nodes[node - 1].next;
        return node;
    }
    if (far->node_count == far->node_capacity) {
        far->node_capacity = far->node_capacity ? far->node_capacity * 2 : 256;
        far->nodes = sim_host_resize(far->nodes, far->node_capacity * sizeof *far->nodes);
    }
    return ++far->node_count;
}

void sim_far_finish(struct sim_far *far)
{
    for (uint32_t i = 0; i < SIM_RUNGS_MAX; i++)
        sim_host_free(far->rungs[i].heads);
    sim_host_free(far->nodes);
    sim_host_free(far->top.items);
    sim_host_free(far->bucket.items);
    memset(far, 0, sizeof *far);
}

/* ---- rungs ---- */

static void put(struct sim_far *far, struct sim_rung *rung, struct sim_queue_entry entry)
{
    const uint64_t bucket = (uint64_t)(entry.time_ns - rung->start) >> rung->shift;
    const uint32_t node = node_take(far);

    far->nodes[node - 1] = (struct sim_far_node){entry, rung->heads[bucket]};
    rung->heads[bucket] = node;
}

static int64_t earliest(const struct sim_entries *entries)
{
    int64_t time_ns = INT64_MAX;

    for (size_t i = 0; i < entries->count; i++) {
        if (entries->items[i].time_ns < time_ns)
            time_ns = entries->items[i].time_ns;
    }
    return time_ns;
}

static int64_t latest(const struct sim_entries *entries)
{
    int64_t time_ns = INT64_MIN;

    for (size_t i = 0; i < entries->count; i++) {
        if (entries->items[i].time_ns > time_ns)
            time_ns = entries->items[i].time_ns;
    }
    return time_ns;
}

/* About as many buckets as entries. */
static void shape(struct sim_rung *rung, size_t entries)
{
    const uint64_t span = (uint64_t)rung->last - (uint64_t)rung->start;
    uint64_t limit = BUCKETS_MIN;

    while (limit < entries && limit < BUCKETS_MAX)
        limit *= 2;
    rung->shift = 0;
    while (span >> rung->shift >= limit)
        rung->shift++;
    rung->count = (uint32_t)(span >> rung->shift) + 1;
    rung->at = 0;
    if (rung->capacity < rung->count) {
        rung->capacity = (uint32_t)limit;
        rung->heads = sim_host_resize(rung->heads, rung->capacity * sizeof *rung->heads);
    }
    memset(rung->heads, 0, rung->count * sizeof *rung->heads);
}

/* The latest time that the buckets before rung.at cover. */
static int64_t covered(const struct sim_rung *rung)
{
    return rung->at == rung->count ? rung->last
                                   : rung->start + (int64_t)((uint64_t)rung->at << rung->shift) - 1;
}

/*
 * A new deepest rung, from the earliest of the entries up to `last`. Takes them. Returns the new
 * near_last.
 */
static int64_t add_rung(struct sim_far *far, struct sim_entries *entries, int64_t last)
{
    struct sim_rung *rung = &far->rungs[far->rung_count++];

    rung->start = earliest(entries);
    rung->last = last;
    shape(rung, entries->count);
    for (size_t i = 0; i < entries->count; i++)
        put(far, rung, entries->items[i]);
    entries->count = 0;
    return covered(rung);
}

/* The first bucket of a rung that has entries; false: it has none any more. */
static bool find_bucket(struct sim_rung *rung)
{
    while (rung->at < rung->count && !rung->heads[rung->at])
        rung->at++;
    return rung->at < rung->count;
}

/* The first nodes of the next buckets; the second ones of the very next. */
static inline SM_FETCHES void fetch_buckets(const struct sim_far *far, const struct sim_rung *rung)
{
    for (uint32_t i = rung->at; i < rung->at + FETCH_AHEAD && i < rung->count; i++) {
        if (rung->heads[i])
            __builtin_prefetch(&far->nodes[rung->heads[i] - 1]);
    }
    for (uint32_t i = rung->at; i < rung->at + 2 && i < rung->count; i++) {
        if (rung->heads[i] && far->nodes[rung->heads[i] - 1].next)
            __builtin_prefetch(&far->nodes[far->nodes[rung->heads[i] - 1].next - 1]);
    }
}

/* Takes a bucket's entries out. */
static void take_bucket(struct sim_far *far, struct sim_rung *rung)
{
    uint32_t node = rung->heads[rung->at];

    rung->heads[rung->at++] = 0;
    fetch_buckets(far, rung);
    while (node) {
        struct sim_far_node *taken = &far->nodes[node - 1];
        const uint32_t next = taken->next;
        append(&far->bucket, taken->entry);
        taken->next = far->node_free;
        far->node_free = node;
        node = next;
    }
}

/* Puts a bucket back that was taken last. */
static void put_back(struct sim_far *far, struct sim_rung *rung)
{
    for (size_t i = 0; i < far->bucket.count; i++)
        put(far, rung, far->bucket.items[i]);
    far->bucket.count = 0;
    rung->at--;
}

static void hand_over(struct sim_entries *entries, struct sim_near *near)
{
    for (size_t i = 0; i < entries->count; i++)
        sim_near_push(near, entries->items[i]);
    entries->count = 0;
}

/* ---- */

void sim_far_push(struct sim_far *far, struct sim_queue_entry entry)
{
    for (uint32_t i = far->rung_count; i-- > 0;) {
        if (entry.time_ns <= far->rungs[i].last) {
            put(far, &far->rungs[i], entry);
            return;
        }
    }
    append(&far->top, entry);
}

int64_t sim_far_refill(struct sim_far *far, struct sim_near *near)
{
    if (far->rung_count == 0 && far->top.count <= HAND_OVER_MAX) {
        hand_over(&far->top, near);
        return INT64_MAX;
    }
    if (far->rung_count == 0) {
        far->node_count = far->node_free = 0; /* none is in use: take them in order */
        return add_rung(far, &far->top, latest(&far->top));
    }
    struct sim_rung *rung = &far->rungs[far->rung_count - 1];
    if (!find_bucket(rung)) {
        far->rung_count--;
        return rung->last;
    }
    take_bucket(far, rung);
    const bool many = far->bucket.count > HAND_OVER_MAX;
    if (many && rung->shift > 0 && far->rung_count < SIM_RUNGS_MAX)
        return add_rung(far, &far->bucket, covered(rung));
    far->crowded = many && near->count > 0;
    if (far->crowded)
        put_back(far, rung);
    else
        hand_over(&far->bucket, near);
    return covered(rung);
}

int64_t sim_far_spill(struct sim_far *far, struct sim_near *near, int64_t near_last)
{
    if (far->rung_count == SIM_RUNGS_MAX)
        return near_last;
    for (size_t i = 0; i < near->count; i++)
        append(&far->bucket, near->entries[near->first + i]);
    near->count = 0;
    if (near_last == INT64_MAX) /* nothing was here */
        near_last = latest(&far->bucket);
    return add_rung(far, &far->bucket, near_last);
}
