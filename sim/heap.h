/* SPDX-License-Identifier: MIT */
/*
 * A machine's heap: all that its daemons allocate, at addresses that depend on the run alone, and
 * gone as a whole when the machine crashes.
 *
 * Size classes with free lists over a bump pointer, in two address ranges of the machine's own: a
 * short one, among those of other machines, so that many small heaps need few page tables, and then
 * a long one. Each block has a header and a tail that are checked when it is freed, so an overrun
 * is a finding at the latest then, or when the heap is checked as a whole. Blocks are filled when
 * allocated and freed.
 */
#ifndef STEELMILL_SIM_HEAP_H
#define STEELMILL_SIM_HEAP_H

#include "sim/context.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_HEAP_CLASSES 160

struct sim_heap_part {
    char *low, *high; /* its range */
    char *top;        /* chunks lie below it; above it, where heaps grow downwards */
    char *touched;    /* farthest top, for giving memory back */
};
#define SIM_HEAP_PARTS 2u

struct sim_heap {
    struct sim_heap_part parts[SIM_HEAP_PARTS]; /* in the order in which they are used */
    uint32_t part; /* the one that new chunks come from: never back to the first */
    size_t used_bytes, peak_bytes, limit_bytes; /* as requested */
    size_t block_count;
    struct sim_heap_fault *faults; /* NULL: requests within the limit succeed */
    bool keep_sites;               /* set before the first block: each knows who asked for it */
    uintptr_t site;                /* of the call that runs */
    uint8_t fill, fill_freed;
    struct sim_heap_free **free_lists; /* by class; NULL: no block was freed since the reset */
    struct sim_heap_block *blocks;     /* heap_asan.c only: the live ones */
    const char *name;                  /* of the machine */
};

/*
 * Reserves the address range for `count` heaps. With a shift, which is how code that depends on
 * addresses is found, they lie elsewhere and grow from their ends downwards: so the numbers change,
 * their order, and their low digits. Returns 0, -ENOMEM, -EEXIST.
 */
int sim_heaps_reserve(uint32_t count, size_t limit_bytes, uintptr_t shift);
void sim_heaps_release(void);
/* True for an address that belongs to some machine's heap. */
bool sim_heaps_contain(const void *memory);

/* A fill byte that somebody asks for: 0x00 is one, too. */
#define SIM_FILL(byte) (0x100u | (byte))

/* fill: what new blocks hold, SIM_FILL(byte), and freed ones its complement; 0: as usual. */
void sim_heap_init(struct sim_heap *heap, uint32_t number, const char *name, size_t limit_bytes,
                   uint32_t fill);
/* Drops all blocks. */
void sim_heap_reset(struct sim_heap *heap);
/* After a reset: its memory becomes as in a fresh process, for the heap that takes its place. */
void sim_heap_finish(struct sim_heap *heap);

/* As malloc & co.; NULL when the limit is reached. alignment: a power of two, 16 or more. */
void *sim_heap_alloc(struct sim_heap *heap, size_t size, size_t alignment);
/* The same, 16-aligned, but it holds zeros. */
void *sim_heap_alloc_zeros(struct sim_heap *heap, size_t size);
void *sim_heap_resize(struct sim_heap *heap, void *memory, size_t size);
/* A block of this heap; another one, a bad or an overrun one is reported by sm__bug. */
void sim_heap_free(struct sim_heap *heap, void *memory);
size_t sim_heap_size(const void *memory);
/* Goes through the live blocks, in an order that depends on the run alone. site: 0 if not kept. */
void sim_heap_visit(const struct sim_heap *heap,
                    void (*visit)(void *arg, uintptr_t site, size_t size), void *arg);
/* True for the start of a live block of this heap's. */
bool sim_heap_holds(const struct sim_heap *heap, const void *memory);
/* The first damaged block, or NULL. */
const void *sim_heap_check(const struct sim_heap *heap);

#endif
