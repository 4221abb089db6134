/* SPDX-License-Identifier: MIT */
#include "memory.h"

#include <steelmill/property.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* In front of a block that take, take_array or resize has returned. */
struct head {
    uint64_t alive;    /* ALIVE; else whatever the heap writes into what was freed */
    uint64_t reserved; /* blocks are aligned to 16 bytes */
};
#define ALIVE UINT64_C(0x11febe11a11fe5ed)

static struct head *head_of(const void *block)
{
    return (struct head *)((uintptr_t)block - sizeof(struct head));
}

static void *block_of(struct head *head)
{
    if (!head)
        return NULL;
    head->alive = ALIVE;
    return head + 1;
}

static void *take(void *data, size_t size)
{
    (void)data;
    return block_of(calloc(1, sizeof(struct head) + size));
}

static void give(void *data, void *block)
{
    (void)data;
    if (!block)
        return;
    head_of(block)->alive = 0;
    free(head_of(block));
}

static void *take_array(void *data, size_t count, size_t size)
{
    size_t bytes;
    return __builtin_mul_overflow(count, size, &bytes) ? NULL : take(data, bytes);
}

static void *resize(void *data, void *block, size_t size)
{
    (void)data;
    return block_of(realloc(block ? head_of(block) : NULL, sizeof(struct head) + size));
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

void craft_memory_check(const struct raft_entry *entries, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        const struct raft_entry *entry = &entries[i];
        const void *block = entry->batch ? entry->batch : entry->buf.base;
        sm_always(!block || head_of(block)->alive == ALIVE, "no entry is used after it was freed",
                  sm_u64("term", entry->term));
    }
}

void craft_memory_use(void)
{
    static struct raft_heap heap = {
        NULL, take, give, take_array, resize, take_aligned, give_aligned,
    };
    raft_heap_set(&heap);
}
