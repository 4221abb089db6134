/* SPDX-License-Identifier: MIT */
#include "memory.h"

#include <raft.h>
#include <stdlib.h>
#include <string.h>

static void *take(void *data, size_t size)
{
    (void)data;
    return calloc(1, size);
}

static void give(void *data, void *memory)
{
    (void)data;
    free(memory);
}

static void *take_array(void *data, size_t count, size_t size)
{
    (void)data;
    return calloc(count, size);
}

static void *resize(void *data, void *memory, size_t size)
{
    (void)data;
    return realloc(memory, size);
}

static void *take_aligned(void *data, size_t alignment, size_t size)
{
    (void)data;
    void *memory = aligned_alloc(alignment, size);
    return memory ? memset(memory, 0, size) : NULL;
}

static void give_aligned(void *data, size_t alignment, void *memory)
{
    (void)data, (void)alignment;
    free(memory);
}

void craft_memory_use(void)
{
    static struct raft_heap heap = {
        NULL, take, give, take_array, resize, take_aligned, give_aligned,
    };
    raft_heap_set(&heap);
}
