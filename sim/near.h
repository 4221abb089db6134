/* SPDX-License-Identifier: MIT */
/*
 * The near part of the event queue: a sorted array. It stays short, so inserting is cheap, and what
 * comes next is known before it is due: its memory can be fetched in time.
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
    struct sim_queue_entry *entries; /* from index `first` on, the earliest first */
    size_t first, count, capacity;
};

void sim_near_init(struct sim_near *near);
void sim_near_finish(struct sim_near *near);
void sim_near_push(struct sim_near *near, struct sim_queue_entry entry);

/* Takes the earliest. Must not be empty. */
static inline struct sim_queue_entry sim_near_pop(struct sim_near *near)
{
    near->count--;
    return near->entries[near->first++];
}

#endif
