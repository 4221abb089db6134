/* SPDX-License-Identifier: MIT */
/*
 * The near part of the event queue: a 4-ary heap of packed 16-byte keys. It stays small, so it lies
 * in the cache; with many entries its branches cannot be predicted, and each costs ten times as
 * much.
 */
#ifndef STEELMILL_SIM_NEAR_H
#define STEELMILL_SIM_NEAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_QUEUE_SLOT_BITS 24
#define SIM_QUEUE_SLOTS_MAX (1u << SIM_QUEUE_SLOT_BITS)

struct sim_queue_entry {
    int64_t time_ns;
    uint64_t order_slot; /* insertion number << 24 | slot */
};

struct sim_near {
    struct sim_queue_entry *entries; /* from index 3 on, so that four children share a cache line */
    void *memory;
    size_t count, capacity;
};

void sim_near_init(struct sim_near *near);
void sim_near_finish(struct sim_near *near);
void sim_near_push(struct sim_near *near, struct sim_queue_entry entry);
/* Takes the earliest. Must not be empty. */
struct sim_queue_entry sim_near_pop(struct sim_near *near);

#endif
