/* SPDX-License-Identifier: MIT */
#include "sim/near.h"

#include "sim/host.h"

#include <string.h>

#define CAPACITY_FIRST 256u
#define FEW            32u /* from here on it is worth to ask which side is shorter */

static inline bool before(struct sim_queue_entry a, struct sim_queue_entry b)
{
    return a.time_ns < b.time_ns || (a.time_ns == b.time_ns && a.order_slot < b.order_slot);
}

void sim_near_init(struct sim_near *near)
{
    near->entries = sim_host_alloc_aligned(64, CAPACITY_FIRST * sizeof *near->entries);
    near->capacity = CAPACITY_FIRST;
    near->first = near->count = 0;
}

void sim_near_finish(struct sim_near *near)
{
    sim_host_free(near->entries);
    memset(near, 0, sizeof *near);
}

/* Makes room on both sides: moves all to the middle, or to that of a larger array. */
static void make_room(struct sim_near *near)
{
    const size_t bytes = near->count * sizeof *near->entries;
    const struct sim_queue_entry *from = near->entries + near->first;

    if (near->count > near->capacity / 2) {
        void *old = near->entries;
        near->capacity *= 2;
        near->entries = sim_host_alloc_aligned(64, near->capacity * sizeof *near->entries);
        near->first = (near->capacity - near->count) / 2;
        memcpy(near->entries + near->first, from, bytes);
        sim_host_free(old);
    } else {
        near->first = (near->capacity - near->count) / 2;
        memmove(near->entries + near->first, from, bytes);
    }
}

/* As below, but moves those that come before it. */
static void push_front(struct sim_near *near, struct sim_queue_entry entry)
{
    if (near->first == 0)
        make_room(near);
    struct sim_queue_entry *entries = near->entries + --near->first;
    const size_t count = near->count++;
    size_t at = 0;
    for (; at < count && before(entries[at + 1], entry); at++)
        entries[at] = entries[at + 1];
    entries[at] = entry;
}

void sim_near_push(struct sim_near *near, struct sim_queue_entry entry)
{
    if (near->count > FEW && before(entry, near->entries[near->first + near->count / 2])) {
        push_front(near, entry);
        return;
    }
    if (near->first + near->count == near->capacity)
        make_room(near);
    struct sim_queue_entry *entries = near->entries + near->first;
    size_t at = near->count++;
    for (; at > 0 && before(entry, entries[at - 1]); at--)
        entries[at] = entries[at - 1];
    entries[at] = entry;
}
