/* SPDX-License-Identifier: MIT */
/*
 * Layout of a chunk (from the chunk's start, 16-aligned):
 *
 *   [header 16][block: size bytes as asked][tail 8][site 8][unused up to the class's size]
 *
 * The site is there if the heap keeps them. A block with a larger alignment has a second header
 * right before it. In both headers `back` is the way between them, 0 where there is one only. A
 * free chunk keeps the list's link behind its own header, out of the way of a second one: a block
 * that is freed twice is told from one that is none.
 */
#include "sim/heap.h"

#include "core/address_map.h"
#include "core/assert.h"
#include "sim/host.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

struct header {
    uint32_t size;  /* as asked for */
    uint32_t back;  /* bytes to the chunk's own header */
    uint16_t class; /* of the chunk */
    uint16_t state;
    uint32_t check; /* over the fields above and the address */
};
_Static_assert(sizeof(struct header) == 16, "blocks are 16-aligned behind their header");

struct sim_heap_free {
    struct sim_heap_free *next;
};

/* Where a second header is, the link of a free chunk fits before it. */
#define SECOND_HEADER (sizeof(struct header) + sizeof(struct sim_heap_free) + 8)

#define ALIGNMENT      16u
#define TAIL_BYTES     8u
#define SITE_BYTES     sizeof(uintptr_t)
#define TAIL           0xfeedfacecafebeefu
#define STATE_USED     0xa110u
#define STATE_FREE     0xf4eeu
#define SMALL_MAX      1024u /* classes of 16 bytes up to here, then four per doubling */
#define SMALL_CLASSES  (SMALL_MAX / ALIGNMENT)
#define FILL_ALLOCATED 0xa5
#define FILL_FREED     0x5a
#define FIRST_BYTES    ((size_t)64 << 10)  /* of a heap's first part */
#define KEEP_BYTES     ((size_t)256 << 10) /* of each part: stays resident over a reset */
#define KEEP_HEAPS     256u /* with more, too much would stay resident from world to world */
#define BIG_BYTES      ((size_t)256 << 10) /* blocks from here on are not resident once freed */
#define PAGE_BYTES     ((uintptr_t)4096)
/* The address range, as a multiple of the limit. Chunks of one class are never used for another,
 * and a resized block moves: a buffer that grows in small steps to half of the limit passes through
 * two chunks of each class, 13 times its last size in all. */
#define RANGE_FACTOR 8u
/* Of all heaps together: what lies free between them and where Linux puts programs. Very many
 * machines share it, with less room each. */
#define REGION_BYTES_MAX ((size_t)64 << 40)

static char *region, *kept_region; /* kept: of the world before, as fresh, for the next one */
static size_t region_bytes, span_bytes;
static bool downwards;         /* heaps grow from their ends */
static uint32_t unclean_count; /* heaps that have begun and have not finished */

static void drop_kept(void)
{
    if (kept_region)
        munmap(kept_region, region_bytes);
    kept_region = NULL;
}

int sim_heaps_reserve(uint32_t count, size_t limit_bytes, uintptr_t shift)
{
    size_t span = (size_t)1 << 20;

    while (span < limit_bytes * RANGE_FACTOR)
        span *= 2;
    if (count == 0)
        count = 1;
    while (span > REGION_BYTES_MAX / count && span / 2 >= limit_bytes)
        span /= 2;
    SM_ASSERT(!region);
    const size_t bytes = (FIRST_BYTES + span) * count;
    void *base = (void *)(SM__MAP_HEAPS + shift); // NOLINT
    span_bytes = span;
    downwards = shift != 0;
    if (kept_region == base && region_bytes == bytes) {
        region = kept_region;
        kept_region = NULL;
        return 0;
    }
    drop_kept();
    char *memory = mmap(base, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (memory == MAP_FAILED)
        return errno == EEXIST ? -EEXIST : -ENOMEM;
    SM_ASSERT(memory == base);
    region = memory;
    region_bytes = bytes;
    return 0;
}

void sim_heaps_release(void)
{
    kept_region = region;
    region = NULL;
    if (unclean_count > 0 && kept_region && madvise(kept_region, region_bytes, MADV_DONTNEED))
        drop_kept();
    unclean_count = 0;
}

bool sim_heaps_contain(const void *memory)
{
    return region && (const char *)memory >= region && (const char *)memory < region + region_bytes;
}

static char *start_of(const struct sim_heap_part *part)
{
    return downwards ? part->high : part->low;
}

void sim_heap_init(struct sim_heap *heap, uint32_t number, const char *name, size_t limit_bytes,
                   uint32_t fill)
{
    memset(heap, 0, sizeof *heap);
    unclean_count++;
    const size_t firsts = region_bytes / (FIRST_BYTES + span_bytes) * FIRST_BYTES;
    char *first = downwards ? region + region_bytes - firsts : region;
    char *second = downwards ? region : region + firsts;
    heap->parts[0].low = first + number * FIRST_BYTES;
    heap->parts[0].high = heap->parts[0].low + FIRST_BYTES;
    heap->parts[1].low = second + number * span_bytes;
    heap->parts[1].high = heap->parts[1].low + span_bytes;
    for (uint32_t i = 0; i < SIM_HEAP_PARTS; i++)
        heap->parts[i].top = heap->parts[i].touched = start_of(&heap->parts[i]);
    heap->limit_bytes = limit_bytes;
    heap->fill = fill ? (uint8_t)fill : FILL_ALLOCATED;
    heap->fill_freed = fill ? (uint8_t)~fill : FILL_FREED;
    heap->name = name;
}

static const char *chunks_begin(const struct sim_heap_part *part)
{
    return downwards ? part->top : part->low;
}

static const char *chunks_end(const struct sim_heap_part *part)
{
    return downwards ? part->high : part->top;
}

/* Gives most of the memory back. */
static void drop_pages(struct sim_heap_part *part)
{
    if (downwards ? part->top < part->touched : part->top > part->touched)
        part->touched = part->top;
    if ((size_t)(part->high - part->low) <= KEEP_BYTES)
        return;
    char *kept = downwards ? part->high - KEEP_BYTES : part->low + KEEP_BYTES;
    char *from = downwards ? part->touched - (uintptr_t)part->touched % PAGE_BYTES : kept;
    char *to = downwards ? kept : part->touched;
    if (to > from) {
        madvise(from, (size_t)(to - from), MADV_DONTNEED);
        part->touched = kept;
    }
}

void sim_heap_reset(struct sim_heap *heap)
{
    for (uint32_t i = 0; i < SIM_HEAP_PARTS; i++) {
        drop_pages(&heap->parts[i]);
        heap->parts[i].top = start_of(&heap->parts[i]);
    }
    heap->part = 0;
    heap->used_bytes = 0;
    heap->block_count = 0;
    sim_host_free(heap->free_lists);
    heap->free_lists = NULL;
}

/* To clean what is resident is quicker than to have the kernel take and give pages. What a wild
 * pointer may have written to behind it goes, too. False: the kernel refuses. */
static bool clean(const struct sim_heap_part *part)
{
    const size_t used = (size_t)(part->touched - part->low);
    const size_t kept = (used + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
    const size_t rest = (size_t)(part->high - part->low) - kept;

    memset(part->low, 0, kept);
    return rest == 0 || madvise(part->low + kept, rest, MADV_DONTNEED) == 0;
}

void sim_heap_finish(struct sim_heap *heap)
{
    SM_ASSERT(heap->block_count == 0);
    if (!downwards && region_bytes / span_bytes <= KEEP_HEAPS && clean(&heap->parts[0]) &&
        clean(&heap->parts[1]))
        unclean_count--;
}

/* ---- size classes ---- */

static size_t class_bytes(uint32_t class)
{
    if (class < SMALL_CLASSES)
        return ((size_t) class + 1) * ALIGNMENT;
    const uint32_t above = class - SMALL_CLASSES;
    const size_t base = (size_t)SMALL_MAX << (above / 4);
    return base + base / 4 * (above % 4 + 1);
}

static uint32_t class_of(size_t bytes)
{
    if (bytes <= SMALL_MAX)
        return (uint32_t)((bytes + ALIGNMENT - 1) / ALIGNMENT) - 1;
    const uint32_t doublings = 63 - (uint32_t)__builtin_clzll((bytes - 1) / SMALL_MAX);
    const size_t base = (size_t)SMALL_MAX << doublings;
    return SMALL_CLASSES + doublings * 4 + (uint32_t)((bytes - 1 - base) / (base / 4));
}

/* ---- headers ---- */

static uint32_t check_of(const struct header *h)
{
    const uint64_t mixed = ((uint64_t)h->size << 32 | h->back) ^ (uint64_t)(uintptr_t)h ^
                           ((uint64_t)h->class << 48 | (uint64_t)h->state << 16);
    return (uint32_t)((mixed * 0x9e3779b97f4a7c15u) >> 32);
}

static void write_header(struct header *h, size_t size, uint32_t back, uint32_t class,
                         uint16_t state)
{
    h->size = (uint32_t)size;
    h->back = back;
    h->class = (uint16_t) class;
    h->state = state;
    h->check = check_of(h);
}

static struct header *header_of(const void *memory)
{
    return (struct header *)(uintptr_t)((const char *)memory - sizeof(struct header));
}

static bool tail_is_whole(const struct header *h)
{
    uint64_t tail;

    memcpy(&tail, (const char *)(h + 1) + h->size, sizeof tail);
    return tail == TAIL;
}

static bool lies_in(const struct sim_heap_part *part, const void *memory)
{
    return (const char *)memory >= part->low && (const char *)memory < part->high;
}

bool sim_heap_holds(const struct sim_heap *heap, const void *memory)
{
    return lies_in(&heap->parts[0], memory) || lies_in(&heap->parts[1], memory);
}

static const char *name_of_owner(const void *memory)
{
    return sim_heap_current && sim_heap_holds(sim_heap_current, memory) ? sim_heap_current->name
                                                                        : "another machine";
}

/* The header of a live block, or the end of the run. `call` is what the daemon called. */
static struct header *live_header(const void *memory, const char *call)
{
    struct header *h = header_of(memory);

    SM_ASSERT_MSG((uintptr_t)memory % ALIGNMENT == 0,
                  "%s(%p): not the start of a block of a machine's heap", call, memory);
    SM_ASSERT_MSG(h->check == check_of(h),
                  "%s(%p) on machine '%s': the block's header is overwritten, or it is no block",
                  call, memory, name_of_owner(memory));
    SM_ASSERT_MSG(h->state == STATE_USED, "%s(%p) on machine '%s': the block is freed already",
                  call, memory, name_of_owner(memory));
    SM_ASSERT_MSG(tail_is_whole(h),
                  "%s(%p) on machine '%s': written beyond the end of the block of %u bytes", call,
                  memory, name_of_owner(memory), h->size);
    return h;
}

/* ---- allocation ---- */

/* Whoever writes to a block that it has freed hits the list of free ones first. */
static void check_free(const struct sim_heap *heap, const struct sim_heap_free *chunk)
{
    const char *at = (const char *)chunk;
    const struct sim_heap_part *part = &heap->parts[lies_in(&heap->parts[1], chunk)];
    const bool inside =
        at > chunks_begin(part) && at < chunks_end(part) && (uintptr_t)at % ALIGNMENT == 0;
    const struct header *h = header_of(chunk);

    SM_ASSERT_MSG(inside && h->check == check_of(h) && h->state == STATE_FREE,
                  "malloc on machine '%s': the heap is damaged: a freed block was written to",
                  heap->name);
}

static size_t room_in(const struct sim_heap_part *part)
{
    return (size_t)(downwards ? part->top - part->low : part->high - part->top);
}

static char *advance(struct sim_heap_part *part, size_t bytes)
{
    if (downwards)
        return part->top -= bytes;
    char *memory = part->top;
    part->top += bytes;
    return memory;
}

static char *take_chunk(struct sim_heap *heap, uint32_t class)
{
    struct sim_heap_free *chunk = heap->free_lists ? heap->free_lists[class] : NULL;

    if (chunk) {
        check_free(heap, chunk);
        heap->free_lists[class] = chunk->next;
        return (char *)chunk - sizeof(struct header);
    }
    const size_t bytes = class_bytes(class);
    if (heap->part == 0 && bytes > room_in(&heap->parts[0]))
        heap->part = 1;
    struct sim_heap_part *part = &heap->parts[heap->part];
    return bytes > room_in(part) ? NULL : advance(part, bytes);
}

/* A block; what it holds is up to the caller. */
static char *take_block(struct sim_heap *heap, size_t size, size_t alignment)
{
    if (size > heap->limit_bytes || heap->used_bytes + size > heap->limit_bytes)
        return NULL;
    const size_t extra = alignment > ALIGNMENT ? alignment + SECOND_HEADER : 0;
    if (size + extra > UINT32_MAX) /* a header has no room for more */
        return NULL;
    const size_t behind = TAIL_BYTES + (heap->keep_sites ? SITE_BYTES : 0);
    const uint32_t class = class_of(sizeof(struct header) + size + behind + extra);
    if (class >= SIM_HEAP_CLASSES)
        return NULL;
    char *chunk = take_chunk(heap, class);
    if (!chunk)
        return NULL;
    char *memory = chunk + sizeof(struct header);
    if (extra) {
        memory += SECOND_HEADER + alignment - 1;
        memory -= (uintptr_t)memory % alignment;
    }
    const uint32_t back = (uint32_t)(memory - chunk - sizeof(struct header));
    const uint64_t tail = TAIL;
    write_header((struct header *)(void *)chunk, size, back, class, STATE_USED);
    if (back)
        write_header(header_of(memory), size, back, class, STATE_USED);
    memcpy(memory + size, &tail, sizeof tail);
    if (heap->keep_sites)
        memcpy(memory + size + TAIL_BYTES, &heap->site, SITE_BYTES);
    heap->used_bytes += size;
    heap->block_count++;
    if (heap->used_bytes > heap->peak_bytes)
        heap->peak_bytes = heap->used_bytes;
    return memory;
}

void *sim_heap_alloc(struct sim_heap *heap, size_t size, size_t alignment)
{
    char *memory = take_block(heap, size, alignment);
    return memory ? memset(memory, heap->fill, size) : NULL;
}

void *sim_heap_alloc_zeros(struct sim_heap *heap, size_t size)
{
    char *memory = take_block(heap, size, ALIGNMENT);
    return memory ? memset(memory, 0, size) : NULL;
}

size_t sim_heap_size(const void *memory)
{
    return header_of(memory)->size;
}

void *sim_heap_resize(struct sim_heap *heap, void *memory, size_t size)
{
    const struct header *h = live_header(memory, "realloc");
    const size_t keep = h->size < size ? h->size : size;
    char *moved = take_block(heap, size, ALIGNMENT);

    if (!moved)
        return NULL;
    memcpy(moved, memory, keep);
    memset(moved + keep, heap->fill, size - keep);
    sim_heap_free(heap, memory);
    return moved;
}

/* To the kernel, in a task, perhaps. */
static bool give_back(char *from, char *to)
{
    struct sim_heap *context = sim_context_leave();
    const int error = madvise(from, (size_t)(to - from), MADV_DONTNEED);

    sim_context_enter(context);
    return error == 0;
}

/* A freed block is filled, or its pages are given back where it is big. */
static void wipe(const struct sim_heap *heap, char *memory, size_t size)
{
    char *from = memory + (-(uintptr_t)memory & (PAGE_BYTES - 1));
    char *to = memory + size;

    to -= (uintptr_t)to & (PAGE_BYTES - 1);
    if (size < BIG_BYTES || heap->fill_freed != FILL_FREED || !give_back(from, to))
        memset(memory, heap->fill_freed, size);
}

void sim_heap_free(struct sim_heap *heap, void *memory)
{
    SM_ASSERT_MSG(sim_heap_holds(heap, memory),
                  "free(%p): the block belongs to another machine's heap", memory);
    struct header *h = live_header(memory, "free");
    struct header *own = (struct header *)(void *)((char *)h - h->back);
    const size_t size = h->size;
    const uint32_t class = own->class;

    wipe(heap, memory, size);
    if (h != own)
        write_header(h, 0, h->back, class, STATE_FREE);
    write_header(own, 0, 0, class, STATE_FREE);
    if (SM_UNLIKELY(!heap->free_lists))
        heap->free_lists = sim_host_alloc(SIM_HEAP_CLASSES * sizeof(struct sim_heap_free *));
    struct sim_heap_free *free_chunk = (struct sim_heap_free *)(void *)(own + 1);
    free_chunk->next = heap->free_lists[class];
    heap->free_lists[class] = free_chunk;
    heap->used_bytes -= size;
    heap->block_count--;
}

static void visit_part(const struct sim_heap *heap, const struct sim_heap_part *part,
                       void (*visit)(void *arg, uintptr_t site, size_t size), void *arg)
{
    for (const char *chunk = chunks_begin(part); chunk < chunks_end(part);) {
        const struct header *h = (const struct header *)(const void *)chunk;
        const char *memory = chunk + h->back + sizeof *h;
        uintptr_t site = 0;
        if (heap->keep_sites)
            memcpy(&site, memory + h->size + TAIL_BYTES, sizeof site);
        if (h->state == STATE_USED)
            visit(arg, site, h->size);
        chunk += class_bytes(h->class);
    }
}

void sim_heap_visit(const struct sim_heap *heap,
                    void (*visit)(void *arg, uintptr_t site, size_t size), void *arg)
{
    for (uint32_t i = 0; i < SIM_HEAP_PARTS; i++)
        visit_part(heap, &heap->parts[i], visit, arg);
}

static const void *check_part(const struct sim_heap_part *part)
{
    for (const char *chunk = chunks_begin(part); chunk < chunks_end(part);) {
        const struct header *h = (const struct header *)(const void *)chunk;
        if (h->check != check_of(h))
            return chunk + sizeof *h;
        if (h->state == STATE_USED) {
            const struct header *last = (const struct header *)(const void *)(chunk + h->back);
            if (last->check != check_of(last) || !tail_is_whole(last))
                return last + 1;
        }
        chunk += class_bytes(h->class);
    }
    return NULL;
}

const void *sim_heap_check(const struct sim_heap *heap)
{
    const void *damaged = NULL;

    for (uint32_t i = 0; i < SIM_HEAP_PARTS && !damaged; i++)
        damaged = check_part(&heap->parts[i]);
    return damaged;
}
