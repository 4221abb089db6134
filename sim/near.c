/* SPDX-License-Identifier: MIT */
#include "sim/near.h"

#include "sim/host.h"

#include <string.h>

#define CAPACITY_FIRST 128u
/* entries[1], the first child group's start, lies at a multiple of 64 bytes: 3 entries of offset.
 */
#define OFFSET 3u

static inline bool before(struct sim_queue_entry a, struct sim_queue_entry b)
{
    return a.time_ns < b.time_ns || (a.time_ns == b.time_ns && a.order_slot < b.order_slot);
}

static void grow(struct sim_near *near)
{
    const size_t capacity = near->capacity ? near->capacity * 2 : CAPACITY_FIRST;
    const size_t bytes = (capacity + OFFSET) * sizeof(struct sim_queue_entry);
    void *memory = sim_host_alloc_aligned(64, (bytes + 63) / 64 * 64);
    struct sim_queue_entry *entries = (struct sim_queue_entry *)memory + OFFSET;

    if (near->count)
        memcpy(entries, near->entries, near->count * sizeof *entries);
    sim_host_free(near->memory);
    near->memory = memory;
    near->entries = entries;
    near->capacity = capacity;
}

void sim_near_init(struct sim_near *near)
{
    memset(near, 0, sizeof *near);
    grow(near);
}

void sim_near_finish(struct sim_near *near)
{
    sim_host_free(near->memory);
    memset(near, 0, sizeof *near);
}

void sim_near_push(struct sim_near *near, struct sim_queue_entry entry)
{
    if (near->count == near->capacity)
        grow(near);
    struct sim_queue_entry *heap = near->entries;
    size_t hole = near->count++;
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

struct sim_queue_entry sim_near_pop(struct sim_near *near)
{
    struct sim_queue_entry *heap = near->entries;
    const struct sim_queue_entry earliest = heap[0];
    const size_t count = --near->count;
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
    return earliest;
}
