/* SPDX-License-Identifier: MIT */
/*
 * The machine's heap in builds with AddressSanitizer: its allocator, for the sake of its redzones
 * and its quarantine, and beside it a table of which machine owns which block. So a crash drops the
 * machine's blocks here, too, the limit counts requested bytes, and a block is filled as usual:
 * runs are the same as without, but for the addresses.
 *
 * The blocks' entries lie in a table of the host's, keyed by address (in buckets; nothing depends
 * on their order), and are linked per heap.
 */
#include "core/assert.h"
#include "sim/heap.h"
#include "sim/host.h"
#include "sim/libc_malloc.h"

#include <string.h>

#define FILL_ALLOCATED 0xa5
#define BUCKETS_MIN    ((size_t)1024)
#define BYTES_MAX      UINT32_MAX /* as for the usual heap, alignment included */

struct sim_heap_block {
    void *memory;
    size_t size;    /* as asked for */
    uintptr_t site; /* who asked; 0: not kept */
    struct sim_heap *heap;
    struct sim_heap_block *bucket_next;
    struct sim_heap_block *next, *prev; /* of the same heap */
};

static struct sim_heap_block **buckets;
static size_t bucket_count, block_count;

int sim_heaps_reserve(uint32_t count, size_t limit_bytes, uintptr_t shift)
{
    (void)count, (void)limit_bytes, (void)shift;
    SM_ASSERT(!buckets);
    bucket_count = BUCKETS_MIN;
    block_count = 0;
    buckets = sim_host_alloc(bucket_count * sizeof *buckets);
    return 0;
}

void sim_heaps_release(void)
{
    SM_ASSERT(block_count == 0);
    sim_host_free(buckets);
    buckets = NULL;
}

/* ---- the table ---- */

static struct sim_heap_block **bucket_of(const void *memory)
{
    const uint64_t mixed = ((uint64_t)(uintptr_t)memory >> 4) * 0x9e3779b97f4a7c15u;
    return &buckets[(mixed >> 32) & (bucket_count - 1)];
}

static struct sim_heap_block *find(const void *memory)
{
    struct sim_heap_block *block = buckets ? *bucket_of(memory) : NULL;

    while (block && block->memory != memory)
        block = block->bucket_next;
    return block;
}

static void enter(struct sim_heap_block *block)
{
    struct sim_heap_block **bucket = bucket_of(block->memory);

    block->bucket_next = *bucket;
    *bucket = block;
}

static void grow(void)
{
    struct sim_heap_block **old = buckets;
    const size_t old_count = bucket_count;

    bucket_count *= 2;
    buckets = sim_host_alloc(bucket_count * sizeof *buckets);
    for (size_t i = 0; i < old_count; i++) {
        while (old[i]) {
            struct sim_heap_block *block = old[i];
            old[i] = block->bucket_next;
            enter(block);
        }
    }
    sim_host_free(old);
}

static void add(struct sim_heap *heap, void *memory, size_t size)
{
    struct sim_heap_block *block = sim_host_alloc(sizeof *block);

    *block =
        (struct sim_heap_block){.memory = memory, .size = size, .heap = heap, .next = heap->blocks};
    if (heap->keep_sites)
        block->site = heap->site;
    if (heap->blocks)
        heap->blocks->prev = block;
    heap->blocks = block;
    if (++block_count > bucket_count)
        grow();
    enter(block);
    heap->block_count++;
    heap->used_bytes += size;
    if (heap->used_bytes > heap->peak_bytes)
        heap->peak_bytes = heap->used_bytes;
}

static void drop(struct sim_heap_block *block)
{
    struct sim_heap *heap = block->heap;
    struct sim_heap_block **link = bucket_of(block->memory);

    while (*link != block)
        link = &(*link)->bucket_next;
    *link = block->bucket_next;
    if (block->prev)
        block->prev->next = block->next;
    else
        heap->blocks = block->next;
    if (block->next)
        block->next->prev = block->prev;
    block_count--;
    heap->block_count--;
    heap->used_bytes -= block->size;
    sim_libc_free(block->memory);
    sim_host_free(block);
}

/* ---- the heap ---- */

bool sim_heaps_contain(const void *memory)
{
    return find(memory) != NULL;
}

void sim_heap_init(struct sim_heap *heap, uint32_t number, const char *name, size_t limit_bytes,
                   uint32_t fill)
{
    (void)number;
    memset(heap, 0, sizeof *heap);
    heap->limit_bytes = limit_bytes;
    heap->fill = fill ? (uint8_t)fill : FILL_ALLOCATED;
    heap->name = name;
}

void sim_heap_reset(struct sim_heap *heap)
{
    while (heap->blocks)
        drop(heap->blocks);
}

void sim_heap_finish(struct sim_heap *heap)
{
    SM_ASSERT(!heap->blocks);
}

static void *alloc(struct sim_heap *heap, size_t size, size_t alignment, uint8_t fill)
{
    if (size > heap->limit_bytes || heap->used_bytes + size > heap->limit_bytes)
        return NULL;
    if (alignment > BYTES_MAX || size + alignment > BYTES_MAX)
        return NULL;
    void *memory = sim_libc_memalign(alignment, size);
    if (!memory)
        return NULL;
    memset(memory, fill, size);
    add(heap, memory, size);
    return memory;
}

void *sim_heap_alloc(struct sim_heap *heap, size_t size, size_t alignment)
{
    return alloc(heap, size, alignment, heap->fill);
}

void *sim_heap_alloc_zeros(struct sim_heap *heap, size_t size)
{
    return alloc(heap, size, 16, 0);
}

size_t sim_heap_size(const void *memory)
{
    return find(memory)->size;
}

void *sim_heap_resize(struct sim_heap *heap, void *memory, size_t size)
{
    const size_t old = sim_heap_size(memory);
    void *moved = sim_heap_alloc(heap, size, 16);

    if (!moved)
        return NULL;
    memcpy(moved, memory, old < size ? old : size);
    sim_heap_free(heap, memory);
    return moved;
}

void sim_heap_free(struct sim_heap *heap, void *memory)
{
    struct sim_heap_block *block = find(memory);

    SM_ASSERT_MSG(block && block->heap == heap,
                  "free(%p): the block belongs to another machine's heap", memory);
    drop(block);
}

void sim_heap_visit(const struct sim_heap *heap,
                    void (*visit)(void *arg, uintptr_t site, size_t size), void *arg)
{
    for (const struct sim_heap_block *block = heap->blocks; block; block = block->next)
        visit(arg, block->site, block->size);
}

bool sim_heap_holds(const struct sim_heap *heap, const void *memory)
{
    const struct sim_heap_block *block = find(memory);
    return block && block->heap == heap;
}

/* The sanitizer has seen each access; there is nothing left to look for. */
const void *sim_heap_check(const struct sim_heap *heap)
{
    (void)heap;
    return NULL;
}
