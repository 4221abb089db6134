/* SPDX-License-Identifier: MIT */
#include "sim/heap_fault.h"

#include "core/assert.h"
#include "core/random.h"
#include "sim/heap.h"

void sim_heap_fault_add(struct sim_heap *heap, struct sim_heap_fault *fault)
{
    fault->next = heap->faults;
    heap->faults = fault;
}

void sim_heap_fault_remove(struct sim_heap *heap, struct sim_heap_fault *fault)
{
    struct sim_heap_fault **link = &heap->faults;

    while (*link && *link != fault)
        link = &(*link)->next;
    SM_ASSERT(*link == fault);
    *link = fault->next;
}

static bool hits(struct sim_heap_fault *fault, size_t size)
{
    if (size <= fault->above_bytes)
        return false;
    const uint64_t call = fault->calls++;
    const bool fails = fault->nth
                           ? fault->calls == fault->nth
                           : sm__random_hits(sm__random_draw(fault->key, call), fault->share_ppm);
    fault->failures += fails;
    return fails;
}

bool sim_heap_fault_hits(struct sim_heap *heap, size_t size)
{
    bool any = false;

    for (struct sim_heap_fault *fault = heap->faults; fault; fault = fault->next)
        any |= hits(fault, size);
    return any;
}
