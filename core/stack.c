/* SPDX-License-Identifier: MIT */
/* The pool of stacks: one reservation, a free list, guards. */
#include "core/assert.h"
#include "core/fiber.h"
#include "core/sanitize.h"
#include "core/seam.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

#define PAGE_BYTES 4096u
/* Each mprotect splits a mapping, and the kernel allows 65,530 of them: half of that for guards. */
#define MPROTECT_GUARDS_MAX 16000u
/* Stack tops start at 32 different cache lines, so that they do not share a set of the L1 cache;
 * 2 KiB of spread leave the rest of the top page for the frames. */
#define COLOURS      32u
#define COLOUR_BYTES 64u
#define CANARY       0x5afec0de5afec0deu
/* Filling all of a stack would make all of it resident. */
#define FILL_BYTES ((ptrdiff_t)32 * 1024)
/* A refill looks for what was written, block by block, and ends where for so long nothing was: a
 * frame may hold an array that is written at its far end only. */
#define BLOCK_BYTES ((ptrdiff_t)512)
#define CLEAN_BYTES ((ptrdiff_t)9 * 1024)
#define QUICK_BYTES ((ptrdiff_t)1024) /* the same for most refills that are to be quick */
#define QUICK_TIMES 8u                /* that many but one */

struct sm__stack_pool {
    char *base;
    size_t stack_bytes;
    uint32_t count_max;
    uint32_t fresh;   /* stacks 0 .. fresh - 1 have been used */
    uint32_t guarded; /* stacks 0 .. guarded - 1 have their guards */
    uint32_t free_count, used_count, used_peak;
    uint32_t *free_list; /* most recently returned last: warm in the cache */
    bool guard_by_madvise;
    bool mirrored; /* stack 0 is the uppermost */
    uint32_t fill; /* its low byte; 0: stacks are handed out as they are */
    uint32_t refills;
    char filled[BLOCK_BYTES];
};

int sm__stack_pool_create(struct sm__stack_pool **out, void *base, size_t stack_bytes,
                          uint32_t count_max)
{
    if (stack_bytes < 16384 || (stack_bytes & (stack_bytes - 1)) || count_max == 0)
        return -EINVAL;
    const size_t bytes = stack_bytes * count_max;
    const int flags =
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (base ? MAP_FIXED_NOREPLACE : 0);
    char *memory = mmap(base, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (memory == MAP_FAILED)
        return errno == EEXIST ? -EEXIST : -ENOMEM;
    if (base && memory != base) {
        munmap(memory, bytes);
        return -EEXIST;
    }
    const size_t list_bytes = sizeof(uint32_t) * count_max;
    void *list = mmap(NULL, list_bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    struct sm__stack_pool *pool = list == MAP_FAILED ? NULL : calloc(1, sizeof *pool);
    if (!pool) {
        munmap(memory, bytes);
        if (list != MAP_FAILED)
            munmap(list, list_bytes);
        return -ENOMEM;
    }
    pool->base = memory;
    pool->stack_bytes = stack_bytes;
    pool->count_max = count_max;
    pool->free_list = list;
    pool->guard_by_madvise = true;
    *out = pool;
    return 0;
}

void sm__stack_pool_destroy(struct sm__stack_pool *pool)
{
    if (!pool)
        return;
    SM_ASSERT(pool->used_count == 0);
    munmap(pool->base, pool->stack_bytes * pool->count_max);
    munmap(pool->free_list, sizeof(uint32_t) * pool->count_max);
    free(pool);
}

bool sm__stack_pool_renew(struct sm__stack_pool *pool)
{
    SM_ASSERT(pool->used_count == 0);
    SM_ASSERT(!pool->mirrored && !pool->fill);
    if (pool->fresh > 0 && madvise(pool->base, pool->fresh * pool->stack_bytes, MADV_DONTNEED))
        return false;
    pool->fresh = pool->free_count = pool->used_peak = 0;
    return true;
}

bool sm__stack_pool_is(const struct sm__stack_pool *pool, const void *base, size_t stack_bytes,
                       uint32_t count_max)
{
    return pool->base == base && pool->stack_bytes == stack_bytes && pool->count_max == count_max;
}

/* The same both ways: a stack's index from its place, and its place from its index. */
static uint32_t place_of(const struct sm__stack_pool *pool, uint32_t index)
{
    return pool->mirrored ? pool->count_max - 1 - index : index;
}

static char *start_of(const struct sm__stack_pool *pool, uint32_t index)
{
    return pool->base + place_of(pool, index) * pool->stack_bytes;
}

static uint64_t *canary_of(const struct sm__stack_pool *pool, uint32_t index)
{
    return (uint64_t *)(void *)(start_of(pool, index) + PAGE_BYTES);
}

static bool has_canary(const struct sm__stack_pool *pool, uint32_t index)
{
    return !pool->guard_by_madvise && index >= MPROTECT_GUARDS_MAX;
}

/* An emulator of user programs says yes to any advice: see if the kernel can write there. */
static bool is_guarded(char *page)
{
    return syscall(SYS_getcpu, page, NULL, NULL) < 0;
}

static void install_guard(struct sm__stack_pool *pool, uint32_t index)
{
    char *page = start_of(pool, index);

    if (pool->guard_by_madvise) {
        if (madvise(page, PAGE_BYTES, MADV_GUARD_INSTALL) == 0 && (index > 0 || is_guarded(page)))
            return;
        SM_ASSERT(index == 0); /* the kernel has it from the first stack on, or not at all */
        pool->guard_by_madvise = false;
    }
    if (index < MPROTECT_GUARDS_MAX)
        SM_ASSERT(mprotect(page, PAGE_BYTES, PROT_NONE) == 0);
}

static void guard_fresh(struct sm__stack_pool *pool, uint32_t index)
{
    if (index == pool->guarded) {
        install_guard(pool, index);
        pool->guarded++;
    }
    if (has_canary(pool, index))
        *canary_of(pool, index) = CANARY;
}

void sm__stack_bounds(const struct sm__stack_pool *pool, uint32_t index, char **low, char **high)
{
    char *start = start_of(pool, index);
    const uint32_t colour = (pool->mirrored ? index + COLOURS / 2 : index) % COLOURS;

    *low = start + PAGE_BYTES + (has_canary(pool, index) ? COLOUR_BYTES : 0);
    *high = start + pool->stack_bytes - colour * COLOUR_BYTES;
}

/* The part of a stack that is filled. */
static char *fill_begin(char *low, char *high)
{
    return high - low > FILL_BYTES ? high - FILL_BYTES : low;
}

void sm__stack_refill(struct sm__stack_pool *pool, uint32_t index, void *sp)
{
    const bool is_quick = pool->fill & SM__STACK_FILL_QUICK && ++pool->refills % QUICK_TIMES != 0;
    const ptrdiff_t clean_enough = is_quick ? QUICK_BYTES : CLEAN_BYTES;
    ptrdiff_t clean_bytes = 0;
    char *low, *high, *at = sp;

    sm__stack_bounds(pool, index, &low, &high);
    SM_ASSERT(at > low && at <= high);
    low = fill_begin(low, high);
    if (at > low)
        ASAN_UNPOISON_MEMORY_REGION(low, (size_t)(at - low)); /* a dropped task's frames */
    while (at - low >= BLOCK_BYTES && clean_bytes < clean_enough) {
        at -= BLOCK_BYTES;
        clean_bytes += BLOCK_BYTES;
        if (memcmp(at, pool->filled, BLOCK_BYTES) != 0) {
            memcpy(at, pool->filled, BLOCK_BYTES);
            clean_bytes = 0;
        }
    }
}

/* A fresh stack holds zeros. */
static void fill_taken(struct sm__stack_pool *pool, uint32_t index, bool is_fresh)
{
    char *low, *high;

    sm__stack_bounds(pool, index, &low, &high);
    low = fill_begin(low, high);
    if (!is_fresh)
        sm__stack_refill(pool, index, high);
    else if ((uint8_t)pool->fill != 0)
        memset(low, (uint8_t)pool->fill, (size_t)(high - low));
}

int sm__stack_take(struct sm__stack_pool *pool, uint32_t *index, char **low, char **high)
{
    const bool is_fresh = pool->free_count == 0;

    if (!is_fresh) {
        *index = pool->free_list[--pool->free_count];
    } else {
        if (pool->fresh == pool->count_max)
            return -ENOMEM;
        *index = pool->fresh++;
        void *context = sm__kernel_begin();
        guard_fresh(pool, *index);
        sm__kernel_end(context);
    }
    if (++pool->used_count > pool->used_peak)
        pool->used_peak = pool->used_count;
    sm__stack_bounds(pool, *index, low, high);
    ASAN_UNPOISON_MEMORY_REGION(*low, (size_t)(*high - *low)); /* frames of who had it before */
    if (SM_UNLIKELY(pool->fill))
        fill_taken(pool, *index, is_fresh);
    return 0;
}

void sm__stack_give(struct sm__stack_pool *pool, uint32_t index)
{
    SM_ASSERT(pool->used_count > 0);
    SM_ASSERT_MSG(!has_canary(pool, index) || *canary_of(pool, index) == CANARY,
                  "a task has overflowed its stack");
    pool->used_count--;
    pool->free_list[pool->free_count++] = index;
}

bool sm__stack_find(const struct sm__stack_pool *pool, const void *address, uint32_t *index,
                    bool *in_guard)
{
    const char *p = address;

    if (p < pool->base || p >= pool->base + pool->stack_bytes * pool->count_max)
        return false;
    const size_t offset = (size_t)(p - pool->base);
    *index = place_of(pool, (uint32_t)(offset / pool->stack_bytes));
    *in_guard = offset % pool->stack_bytes < PAGE_BYTES;
    return true;
}

void sm__stack_fill(struct sm__stack_pool *pool, uint32_t fill)
{
    pool->fill = fill;
    memset(pool->filled, (uint8_t)fill, sizeof pool->filled);
}

void sm__stack_mirror(struct sm__stack_pool *pool)
{
    SM_ASSERT(pool->fresh == 0);
    pool->mirrored = true;
}

uint32_t sm__stack_peak(const struct sm__stack_pool *pool)
{
    return pool->used_peak;
}
