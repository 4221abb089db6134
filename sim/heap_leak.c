/* SPDX-License-Identifier: MIT */
#include "sim/heap_leak.h"

#include "sim/heap.h"

#include <string.h>

/* Places that are told apart, the first in the order of the heap: more than anybody reads. */
#define SITES_MAX 64u

struct site {
    uintptr_t address;
    size_t block_count, bytes;
};

struct sites {
    size_t count;
    struct site items[SITES_MAX];
};

static void count_block(void *arg, uintptr_t address, size_t size)
{
    struct sites *sites = arg;
    size_t i = 0;

    while (i < sites->count && sites->items[i].address != address)
        i++;
    if (i == SITES_MAX)
        return;
    if (i == sites->count)
        sites->items[sites->count++] = (struct site){.address = address};
    sites->items[i].block_count++;
    sites->items[i].bytes += size;
}

/* Of equals the first: addresses decide nothing. */
static void find_site(const struct sim_heap *heap, struct sim_heap_leak *leak)
{
    struct sites sites;

    sites.count = 0;
    sim_heap_visit(heap, count_block, &sites);
    for (size_t i = 0; i < sites.count; i++) {
        const struct site *site = &sites.items[i];
        if (leak->site && site->bytes <= leak->site_bytes)
            continue;
        leak->site = site->address;
        leak->site_block_count = site->block_count;
        leak->site_bytes = site->bytes;
    }
}

void sim_heap_leak_add(const struct sim_heap *heap, struct sim_heap_leak *leak)
{
    leak->block_count += heap->block_count;
    leak->bytes += heap->used_bytes;
    if (heap->keep_sites && heap->block_count > 0)
        find_site(heap, leak);
}
