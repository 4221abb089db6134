/* SPDX-License-Identifier: MIT */
#include "sim/queue.h"

#include "core/assert.h"
#include "sim/host.h"

#include <string.h>

#define CAPACITY_FIRST 1024u
/* entries[1], the first child group's start, lies at a multiple of 64 bytes: 3 entries of offset.
 */
#define OFFSET 3u

static inline bool before(struct sim_queue_entry a, struct sim_queue_entry b)
{
    return a.time_ns < b.time_ns || (a.time_ns == b.time_ns && a.order_slot < b.order_slot);
}

static void grow(struct sim_queue *queue)
{
    const size_t capacity = queue->capacity ? queue->capacity * 2 : CAPACITY_FIRST;
    const size_t bytes = (capacity + OFFSET) * sizeof(struct sim_queue_entry);
    void *memory = sim_host_alloc_aligned(64, (bytes + 63) / 64 * 64);
    struct sim_queue_entry *entries = (struct sim_queue_entry *)memory + OFFSET;

    if (queue->count)
        memcpy(entries, queue->entries, queue->count * sizeof *entries);
    sim_host_free(queue->memory);
    queue->memory = memory;
    queue->entries = entries;
    queue->capacity = capacity;
}

void sim_queue_init(struct sim_queue *queue)
{
    memset(queue, 0, sizeof *queue);
    grow(queue);
}

void sim_queue_finish(struct sim_queue *queue)
{
    sim_host_free(queue->memory);
    memset(queue, 0, sizeof *queue);
}

void sim_queue_push(struct sim_queue *queue, int64_t time_ns, uint32_t slot)
{
    SM_ASSERT(slot < SIM_QUEUE_SLOTS_MAX);
    if (queue->count == queue->capacity)
        grow(queue);
    const struct sim_queue_entry entry = {time_ns, queue->pushes++ << SIM_QUEUE_SLOT_BITS | slot};
    struct sim_queue_entry *heap = queue->entries;
    size_t hole = queue->count++;
    while (hole > 0) {
        const size_t parent = (hole - 1) / 4;
        if (!before(entry, heap[parent]))
            break;
        heap[hole] = heap[parent];
        hole = parent;
    }
    heap[hole] = entry;
}

/* The index of the earliest of the children that begin at `first`. */
static inline size_t earliest_child(const struct sim_queue_entry *heap, size_t first, size_t count)
{
    if (first + 4 <= count) {
        const size_t a = first + before(heap[first + 1], heap[first]);
        const size_t b = first + 2 + before(heap[first + 3], heap[first + 2]);
        return before(heap[b], heap[a]) ? b : a;
    }
    size_t best = first;
    for (size_t child = first + 1; child < count; child++) {
        if (before(heap[child], heap[best]))
            best = child;
    }
    return best;
}

uint32_t sim_queue_pop(struct sim_queue *queue)
{
    SM_ASSERT(queue->count > 0);
    struct sim_queue_entry *heap = queue->entries;
    const uint32_t slot = heap[0].order_slot & (SIM_QUEUE_SLOTS_MAX - 1);
    const size_t count = --queue->count;
    const struct sim_queue_entry last = heap[count];
    size_t hole = 0;

    for (;;) {
        const size_t first = hole * 4 + 1;
        if (first >= count)
            break;
        const size_t child = earliest_child(heap, first, count);
        if (!before(heap[child], last))
            break;
        heap[hole] = heap[child];
        hole = child;
    }
    heap[hole] = last;
    return slot;
}
