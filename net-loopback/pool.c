/* SPDX-License-Identifier: MIT */
#include "net-loopback/pool.h"

#include "core/assert.h"
#include "sim/host.h"

#include <string.h>

#define CHUNK_BYTES      ((size_t)256 * 1024)
#define HEADER_BYTES     64u /* of chunks and of objects: the link to the one before, and padding */
#define QUARANTINE_COUNT 64u

/* ---- buffers ---- */

static void chunk_add(struct lo_pool *pool)
{
    char *chunk = sim_host_alloc_aligned(64, CHUNK_BYTES + HEADER_BYTES);

    *(void **)(void *)chunk = pool->chunks;
    pool->chunks = chunk;
    pool->next = chunk + HEADER_BYTES;
    pool->end = pool->next + CHUNK_BYTES;
}

/* What is left of a chunk that is too small for the next buffer becomes smaller buffers. */
static void use_up_chunk(struct lo_pool *pool)
{
    while (pool->end - pool->next >= 1 << LO_POOL_SMALLEST_BITS) {
        const size_t left = (size_t)(pool->end - pool->next);
        const uint8_t class = (uint8_t)(63 - __builtin_clzll(left) - (int)LO_POOL_SMALLEST_BITS);
        char *buffer = pool->next;
        pool->next += lo_pool_bytes(class);
        *(void **)(void *)buffer = pool->free_lists[class];
        pool->free_lists[class] = buffer;
    }
}

void *lo_pool_take(struct lo_pool *pool, size_t size, uint8_t *class)
{
    const size_t smallest = (size_t)1 << LO_POOL_SMALLEST_BITS;
    const unsigned bits =
        size <= smallest ? LO_POOL_SMALLEST_BITS : 64 - (unsigned)__builtin_clzll(size - 1);

    *class = (uint8_t)(bits - LO_POOL_SMALLEST_BITS);
    SM_ASSERT(*class < LO_POOL_CLASSES);
    pool->live++;
    void *buffer = pool->free_lists[*class];
    if (SM_LIKELY(buffer)) {
        pool->free_lists[*class] = *(void **)buffer;
        return buffer;
    }
    const size_t bytes = lo_pool_bytes(*class);
    if ((size_t)(pool->end - pool->next) < bytes) {
        use_up_chunk(pool);
        chunk_add(pool);
    }
    buffer = pool->next;
    pool->next += bytes;
    return buffer;
}

void lo_pool_give(struct lo_pool *pool, void *buffer, uint8_t class)
{
    SM_ASSERT(pool->live > 0);
    pool->live--;
    *(void **)buffer = pool->free_lists[class];
    pool->free_lists[class] = buffer;
}

static void free_chain(void *first)
{
    while (first) {
        void *next = *(void **)first;
        sim_host_free(first);
        first = next;
    }
}

void lo_pool_finish(struct lo_pool *pool)
{
    free_chain(pool->chunks);
    memset(pool, 0, sizeof *pool);
}

/* ---- objects ---- */

void lo_objects_init(struct lo_objects *objects, size_t bytes, size_t link_offset)
{
    memset(objects, 0, sizeof *objects);
    objects->bytes = bytes;
    objects->link_offset = link_offset;
    sm__list_init(&objects->free);
}

void *lo_objects_take(struct lo_objects *objects)
{
    objects->live++;
    if (objects->free_count > QUARANTINE_COUNT) {
        struct sm__list *link = objects->free.next;
        void *object = (char *)link - objects->link_offset;
        sm__list_remove(link);
        objects->free_count--;
        return memset(object, 0, objects->bytes);
    }
    char *memory = sim_host_alloc_aligned(64, HEADER_BYTES + objects->bytes);
    *(void **)(void *)memory = objects->all;
    objects->all = memory;
    return memset(memory + HEADER_BYTES, 0, objects->bytes);
}

void lo_objects_give(struct lo_objects *objects, void *object)
{
    SM_ASSERT(objects->live > 0);
    objects->live--;
    objects->free_count++;
    sm__list_append(&objects->free,
                    (struct sm__list *)(void *)((char *)object + objects->link_offset));
}

void lo_objects_finish(struct lo_objects *objects)
{
    free_chain(objects->all);
    lo_objects_init(objects, objects->bytes, objects->link_offset);
}
