/* SPDX-License-Identifier: MIT */
/*
 * Memory of the network: buffers in classes of powers of two, and objects that programs hold.
 */
#ifndef STEELMILL_NET_LOOPBACK_POOL_H
#define STEELMILL_NET_LOOPBACK_POOL_H

#include "core/list.h"

#include <stddef.h>
#include <stdint.h>

#define LO_POOL_SMALLEST_BITS 6u
#define LO_POOL_CLASSES       12u /* 64 bytes to 128 KiB */

struct lo_pool {
    void *free_lists[LO_POOL_CLASSES];
    void *chunks;
    char *next, *end; /* what is left of the newest chunk */
    size_t live;
};

/* A buffer of at least `size` bytes, not zeroed; at most 128 KiB. The class is for giving it back.
 */
void *lo_pool_take(struct lo_pool *pool, size_t size, uint8_t *class);
void lo_pool_give(struct lo_pool *pool, void *buffer, uint8_t class);
/* The bytes that a buffer of this class has. */
static inline size_t lo_pool_bytes(uint8_t class)
{
    return (size_t)1 << (class + LO_POOL_SMALLEST_BITS);
}
void lo_pool_finish(struct lo_pool *pool);

/*
 * Objects of one size. One that was given back is not used again for a while, so that a program
 * that uses a closed handle is told so.
 */
struct lo_objects {
    size_t bytes;
    size_t link_offset; /* of a struct sm__list in the object */
    struct sm__list free;
    uint32_t free_count;
    void *all;
    size_t live;
};

void lo_objects_init(struct lo_objects *objects, size_t bytes, size_t link_offset);
void *lo_objects_take(struct lo_objects *objects); /* zeroed */
void lo_objects_give(struct lo_objects *objects, void *object);
void lo_objects_finish(struct lo_objects *objects);

#endif
