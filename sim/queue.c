/* SPDX-License-Identifier: MIT */
#include "sim/queue.h"

#include <string.h>

#define SPILL_MIN 64u

void sim_queue_init(struct sim_queue *queue)
{
    memset(queue, 0, sizeof *queue);
    sim_near_init(&queue->near);
    queue->near_last = INT64_MAX;
    queue->spill_at = SPILL_MIN;
}

void sim_queue_finish(struct sim_queue *queue)
{
    sim_near_finish(&queue->near);
    sim_far_finish(&queue->far);
    memset(queue, 0, sizeof *queue);
}

void sim_queue_refill(struct sim_queue *queue)
{
    if (SM_UNLIKELY(queue->far.crowded) && queue->near.count > 0)
        return;
    do {
        queue->near_last = sim_far_refill(&queue->far, &queue->near);
    } while (queue->near.count == 0);
    /* Entries of one time cannot be divided: then there may be twice as many. */
    queue->spill_at = queue->near.count > SPILL_MIN / 2 ? 2 * queue->near.count : SPILL_MIN;
}

void sim_queue_push(struct sim_queue *queue, int64_t time_ns, uint32_t slot)
{
    SM_ASSERT(slot < SIM_QUEUE_SLOTS_MAX);
    const struct sim_queue_entry entry = {time_ns, queue->pushes++ << SIM_QUEUE_SLOT_BITS | slot};

    queue->count++;
    if (time_ns > queue->near_last) {
        sim_far_push(&queue->far, entry);
        return;
    }
    sim_near_push(&queue->near, entry);
    if (SM_UNLIKELY(queue->near.count > queue->spill_at))
        queue->near_last = sim_far_spill(&queue->far, &queue->near, queue->near_last);
}

uint32_t sim_queue_pop(struct sim_queue *queue)
{
    SM_ASSERT(queue->count > 0);
    (void)sim_queue_first(queue);
    queue->count--;
    return sim_near_pop(&queue->near).order_slot & (SIM_QUEUE_SLOTS_MAX - 1);
}
