/* SPDX-License-Identifier: MIT */
/*
 * The event queue: what happens at a later time, ordered by (time, order of insertion).
 *
 * The next few entries are sorted (near.h); as soon as there are more, what is later waits in
 * buckets (far.h): 30 ns per hold at 1,000 pending, where one heap of them all took 90. Peeking
 * moves entries about, but never the order in which they come out; pushing before the last popped
 * time is allowed.
 */
#ifndef STEELMILL_SIM_QUEUE_H
#define STEELMILL_SIM_QUEUE_H

#include "core/assert.h"
#include "sim/far.h"
#include "sim/near.h"

struct sim_queue {
    struct sim_near near;
    int64_t near_last; /* what is not later is in `near` */
    size_t spill_at;   /* `near` is too large with more entries than this */
    size_t count;      /* in both */
    uint64_t pushes;
    struct sim_far far;
};

void sim_queue_init(struct sim_queue *queue);
void sim_queue_finish(struct sim_queue *queue);
/* slot: what to hand back, below SIM_QUEUE_SLOTS_MAX. */
void sim_queue_push(struct sim_queue *queue, int64_t time_ns, uint32_t slot);
/* Inside the queue: `near` has become short, `far` is not empty. */
void sim_queue_refill(struct sim_queue *queue);

#define SIM_QUEUE_AHEAD 4u /* so many of the next entries are known, if the queue has as many */

/* The earliest entry. Must not be empty. */
static inline const struct sim_queue_entry *sim_queue_first(struct sim_queue *queue)
{
    if (queue->near.count < SIM_QUEUE_AHEAD && queue->near.count < queue->count)
        sim_queue_refill(queue);
    return &queue->near.entries[queue->near.first];
}

static inline int64_t sim_queue_time(struct sim_queue *queue)
{
    return sim_queue_first(queue)->time_ns;
}

static inline uint32_t sim_queue_slot(struct sim_queue *queue)
{
    return sim_queue_first(queue)->order_slot & (SIM_QUEUE_SLOTS_MAX - 1);
}

/* The slot of the entry that comes `ahead` places after the earliest; SIM_QUEUE_SLOTS_MAX: it is
 * not known. */
static inline uint32_t sim_queue_look(const struct sim_queue *queue, size_t ahead)
{
    if (ahead >= queue->near.count)
        return SIM_QUEUE_SLOTS_MAX;
    return queue->near.entries[queue->near.first + ahead].order_slot & (SIM_QUEUE_SLOTS_MAX - 1);
}

/* Takes the earliest entry and returns its slot. Must not be empty. */
uint32_t sim_queue_pop(struct sim_queue *queue);

#endif
