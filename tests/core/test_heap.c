/* SPDX-License-Identifier: MIT */
/* A machine's heap from the inside: blocks, limits, reuse, damage. */
#include "core/address_map.h"
#include "core/random.h"
#include "core/sanitize.h"
#include "sim/heap.h"
#include "tests/core/suite.h"

#include <stdio.h>

#if SM__ASAN
int main(void)
{
    puts("1..0 # SKIP with AddressSanitizer the heap is another one");
    return EXIT_SUCCESS;
}
#else

#define LIMIT_BYTES ((size_t)4 << 20)

static struct sim_heap heap;

static void set_up(void)
{
    ck_assert_int_eq(sim_heaps_reserve(3, LIMIT_BYTES, 0), 0);
    sim_heap_init(&heap, 1, "m2", LIMIT_BYTES, 0);
}

static bool is_filled(const void *memory, uint8_t byte, size_t size)
{
    const uint8_t *at = memory;

    for (size_t i = 0; i < size; i++) {
        if (at[i] != byte)
            return false;
    }
    return true;
}

/* A heap lies at a fixed place, apart from the others; every byte of the region is some machine's.
 */
START_TEST(fixed_place)
{
    struct sim_heap first;

    ck_assert(!sim_heaps_contain((void *)SM__MAP_HEAPS)); // NOLINT
    set_up();
    sim_heap_init(&first, 0, "m1", LIMIT_BYTES, 0);
    ck_assert_uint_eq((uintptr_t)first.parts[0].low, SM__MAP_HEAPS);
    ck_assert_ptr_eq(first.parts[0].high, heap.parts[0].low);
    ck_assert_ptr_eq(first.parts[1].high, heap.parts[1].low);
    ck_assert_ptr_eq(sim_heap_alloc(&first, 100, 16), first.parts[0].low + 16);
    ck_assert_ptr_eq(sim_heap_alloc(&heap, 100, 16), heap.parts[0].low + 16);
    ck_assert_ptr_eq(sim_heap_alloc(&first, 100000, 16), first.parts[1].low + 16);
    ck_assert(sim_heaps_contain(first.parts[0].low));
    ck_assert(sim_heaps_contain(first.parts[1].low));
    ck_assert(!sim_heaps_contain(first.parts[0].low - 1));
    ck_assert(!sim_heaps_contain(&heap));
    ck_assert(!sim_heaps_contain(NULL));
    sim_heaps_release();
    ck_assert(!sim_heaps_contain(first.parts[0].low));
}
END_TEST

/* Two regions cannot lie at one place, and a shift moves it. */
START_TEST(shifted_place)
{
    const uintptr_t shift = (uintptr_t)16 << 20;

    ck_assert_int_eq(sim_heaps_reserve(1, LIMIT_BYTES, shift), 0);
    sim_heap_init(&heap, 0, "m1", LIMIT_BYTES, 0);
    ck_assert_uint_eq((uintptr_t)heap.parts[1].low, SM__MAP_HEAPS + shift);
    sim_heaps_release();
}
END_TEST

/* A million machines fit, each with its own range that holds its limit. */
START_TEST(many_heaps)
{
    const size_t limit_bytes = (size_t)64 << 20;
    struct sim_heap last;

    if (getenv("TW_STACKS_MAX")) /* an emulator keeps books on each page: that would take minutes */
        return;
    ck_assert_int_eq(sim_heaps_reserve(1000000, limit_bytes, 0), 0);
    sim_heap_init(&heap, 999998, "m", limit_bytes, 0);
    sim_heap_init(&last, 999999, "n", limit_bytes, 0);
    ck_assert_ptr_eq(heap.parts[1].high, last.parts[1].low);
    ck_assert_uint_ge((size_t)(last.parts[1].high - last.parts[1].low), limit_bytes);
    ck_assert(sim_heaps_contain(last.parts[1].high - 1));
    ck_assert(!sim_heaps_contain(last.parts[1].high));
    ck_assert_ptr_nonnull(sim_heap_alloc(&last, limit_bytes / 2, 16));
    sim_heaps_release();
}
END_TEST

/* Blocks of every size around the classes' borders are aligned, filled, whole, and keep their size.
 */
START_TEST(sizes)
{
    set_up();
    for (size_t size = 0; size < 70000; size += size < 2100 ? 1 : 997) {
        char *memory = sim_heap_alloc(&heap, size, 16);
        ck_assert(memory && (uintptr_t)memory % 16 == 0);
        ck_assert_uint_eq(sim_heap_size(memory), size);
        ck_assert_msg(is_filled(memory, 0xa5, size), "%zu", size);
        memset(memory, 1, size);
        ck_assert_ptr_null(sim_heap_check(&heap));
        sim_heap_free(&heap, memory);
    }
    ck_assert_uint_eq(heap.used_bytes, 0);
    ck_assert_uint_eq(heap.block_count, 0);
    sim_heaps_release();
}
END_TEST

/* Any power of two is an alignment; an impossible one gets no block. */
START_TEST(alignments)
{
    set_up();
    for (size_t alignment = 16; alignment <= (size_t)1 << 20; alignment *= 2) {
        char *a = sim_heap_alloc(&heap, 1000, alignment), *b = sim_heap_alloc(&heap, 0, alignment);
        ck_assert(a && b && a != b);
        ck_assert_uint_eq((uintptr_t)a % alignment, 0);
        ck_assert_uint_eq((uintptr_t)b % alignment, 0);
        ck_assert_uint_eq(sim_heap_size(a), 1000);
        memset(a, 2, 1000);
        ck_assert_ptr_null(sim_heap_check(&heap));
        sim_heap_free(&heap, a);
        sim_heap_free(&heap, b);
        ck_assert_ptr_null(sim_heap_check(&heap));
    }
    ck_assert_ptr_null(sim_heap_alloc(&heap, 8, (size_t)1 << 40));
    ck_assert_ptr_null(sim_heap_alloc(&heap, 8, (size_t)1 << 63));
    ck_assert_uint_eq(heap.used_bytes, 0);
    sim_heaps_release();
}
END_TEST

/* The limit counts what was asked for, to the byte. Who gets nothing has changed nothing. */
START_TEST(limits)
{
    set_up();
    char *most = sim_heap_alloc(&heap, LIMIT_BYTES - 10, 16);
    ck_assert_ptr_nonnull(most);
    ck_assert_ptr_null(sim_heap_alloc(&heap, 11, 16));
    ck_assert_ptr_nonnull(sim_heap_alloc(&heap, 10, 16));
    ck_assert_uint_eq(heap.used_bytes, LIMIT_BYTES);
    ck_assert_ptr_null(sim_heap_alloc(&heap, 1, 16));
    ck_assert_ptr_null(sim_heap_alloc(&heap, SIZE_MAX, 16));
    ck_assert_ptr_null(sim_heap_resize(&heap, most, LIMIT_BYTES));
    ck_assert_uint_eq(sim_heap_size(most), LIMIT_BYTES - 10);
    ck_assert_uint_eq(heap.used_bytes, LIMIT_BYTES);
    sim_heap_free(&heap, most);
    ck_assert_uint_eq(heap.used_bytes, 10);
    ck_assert_uint_eq(heap.peak_bytes, LIMIT_BYTES);
    sim_heaps_release();
}
END_TEST

/* A buffer that grows in small steps, next to one of a fixed size, may take most of the limit: what
 * it leaves behind in smaller classes does not count. */
START_TEST(growing_buffer)
{
    set_up();
    char *fixed = sim_heap_alloc(&heap, LIMIT_BYTES / 8, 16);
    char *buffer = sim_heap_alloc(&heap, 1, 16);
    for (size_t size = 1; size < LIMIT_BYTES * 3 / 7; size += size / 50 + 1) {
        char *moved = sim_heap_resize(&heap, buffer, size);
        ck_assert_msg(moved, "at %zu bytes", size);
        buffer = moved;
    }
    sim_heap_free(&heap, buffer);
    sim_heap_free(&heap, fixed);
    sim_heaps_release();
}
END_TEST

/* A freed block is filled, and the last one freed is the first to be used again. */
START_TEST(reuse)
{
    set_up();
    char *a = sim_heap_alloc(&heap, 100, 16), *b = sim_heap_alloc(&heap, 100, 16);
    memset(a, 7, 100);
    sim_heap_free(&heap, b);
    sim_heap_free(&heap, a);
    ck_assert(is_filled(a + 16, 0x5a, 84));
    char *const top = heap.parts[0].top;
    ck_assert_ptr_eq(sim_heap_alloc(&heap, 99, 16), a);
    ck_assert_ptr_eq(sim_heap_alloc(&heap, 100, 16), b);
    ck_assert(is_filled(b, 0xa5, 100));
    ck_assert_ptr_eq(heap.parts[0].top, top);
    sim_heaps_release();
}
END_TEST

/* Another fill is used where it is asked for, zero too; freed blocks hold its complement. */
START_TEST(other_fill)
{
    set_up();
    sim_heap_init(&heap, 0, "m1", LIMIT_BYTES, SIM_FILL(0x33));
    ck_assert(is_filled(sim_heap_alloc(&heap, 500, 16), 0x33, 500));
    sim_heap_init(&heap, 0, "m1", LIMIT_BYTES, SIM_FILL(0));
    for (size_t size = 500; size < (1u << 20); size *= 800) { /* a small and a big one */
        char *memory = sim_heap_alloc(&heap, size, 16);
        ck_assert(is_filled(memory, 0, size));
        sim_heap_free(&heap, memory);
        ck_assert(is_filled(memory + 16, 0xff, size - 16));
    }
    sim_heaps_release();
}
END_TEST

/* A small heap is small in the page tables, too: the first blocks of all heaps lie close together,
 * and what has no room there does not spoil what comes after it. */
START_TEST(small_heaps_lie_close)
{
    struct sim_heap first;

    set_up();
    sim_heap_init(&first, 0, "m1", LIMIT_BYTES, 0);
    const char *a = sim_heap_alloc(&first, 40000, 16), *b = sim_heap_alloc(&heap, 40000, 16);
    ck_assert_int_eq(b - a, 65536);
    ck_assert_ptr_null(sim_heap_alloc(&first, LIMIT_BYTES, 16));
    const char *c = sim_heap_alloc(&first, 40000, 16), *d = sim_heap_alloc(&first, 10, 16);
    ck_assert(c >= first.parts[1].low && d > c && d < first.parts[1].high);
    sim_heap_free(&first, (void *)(uintptr_t)a);
    ck_assert_ptr_eq(sim_heap_alloc(&first, 40000, 16), a);
    ck_assert_ptr_null(sim_heap_check(&first));
    sim_heaps_release();
}
END_TEST

/* A shifted heap serves the same, but what is allocated later lies lower. */
START_TEST(downwards)
{
    char *blocks[200];

    ck_assert_int_eq(sim_heaps_reserve(1, LIMIT_BYTES, (uintptr_t)16 << 20), 0);
    sim_heap_init(&heap, 0, "m1", LIMIT_BYTES, 0);
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < 200; i++) {
            blocks[i] = sim_heap_alloc(&heap, 1 + i * i, i % 3 ? 16 : 64);
            ck_assert(is_filled(blocks[i], 0xa5, 1 + i * i));
            ck_assert(sim_heap_holds(&heap, blocks[i]) && sim_heap_holds(&heap, blocks[i] + i * i));
            ck_assert(i == 0 || blocks[i] < blocks[i - 1]);
        }
        ck_assert_ptr_null(sim_heap_check(&heap));
        sim_heap_free(&heap, blocks[150]);
        ck_assert_ptr_eq(sim_heap_alloc(&heap, 1 + 150 * 150, 64), blocks[150]);
        blocks[100][1 + 100 * 100] ^= 1;
        ck_assert_ptr_eq(sim_heap_check(&heap), blocks[100]);
        sim_heap_reset(&heap);
        ck_assert_ptr_null(sim_heap_check(&heap));
        ck_assert_ptr_eq(heap.parts[0].top, heap.parts[0].high);
        ck_assert_ptr_eq(heap.parts[1].top, heap.parts[1].high);
    }
    sim_heaps_release();
}
END_TEST

/* After a reset the heap is as new: the same blocks at the same addresses, little memory resident.
 */
START_TEST(reset)
{
    char *before[200];

    set_up();
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < 200; i++) {
            char *memory = sim_heap_alloc(&heap, i * i, i % 3 ? 16 : 64);
            ck_assert_ptr_nonnull(memory);
            ck_assert(is_filled(memory, 0xa5, i * i));
            memset(memory, 9, i * i);
            ck_assert(round == 0 || before[i] == memory);
            before[i] = memory;
        }
        sim_heap_free(&heap, before[round]);
        sim_heap_reset(&heap);
        ck_assert_uint_eq(heap.used_bytes, 0);
        ck_assert_uint_eq(heap.block_count, 0);
        ck_assert_ptr_eq(heap.parts[0].top, heap.parts[0].low);
        ck_assert_ptr_eq(heap.parts[1].top, heap.parts[1].low);
        ck_assert_ptr_null(sim_heap_check(&heap));
        ck_assert(is_filled(heap.parts[1].low + (256 << 10), 0, 4096));
    }
    sim_heaps_release();
}
END_TEST

/* ---- damage ---- */

/* Writes one wrong byte, expects the check to name the block, and repairs it. */
static void assert_found(char *at, const void *block)
{
    const char kept = *at;

    *at = (char)~kept;
    ck_assert_ptr_eq(sim_heap_check(&heap), block);
    *at = kept;
    ck_assert_ptr_null(sim_heap_check(&heap));
}

/* A check of the whole heap names the first block that was overrun or underrun, by a single byte.
 */
START_TEST(check_finds_damage)
{
    char *blocks[9];

    set_up();
    for (size_t i = 0; i < 9; i++)
        blocks[i] = sim_heap_alloc(&heap, 50 * i, i % 2 ? 16 : 128);
    sim_heap_free(&heap, blocks[4]);
    for (size_t i = 0; i < 9; i++) {
        if (i == 4)
            continue;
        for (size_t beyond = 0; beyond < 8; beyond++)
            assert_found(blocks[i] + 50 * i + beyond, blocks[i]);
        for (size_t before = 1; before <= 16; before++)
            assert_found(blocks[i] - before, blocks[i]);
    }
    blocks[2][100] ^= 1;
    blocks[7][350] ^= 1;
    ck_assert_ptr_eq(sim_heap_check(&heap), blocks[2]);
    sim_heaps_release();
}
END_TEST

/* ---- random operations against a shadow ---- */

#define SLOTS 400

static struct {
    uint8_t *memory; /* NULL: none */
    size_t size;
    uint8_t stamp;
} shadow[SLOTS];
static size_t shadow_bytes, shadow_count;
static uint64_t key, drawn_count;

static uint64_t below(uint64_t bound)
{
    return sm__random_scale(sm__random_draw(key, drawn_count++), bound);
}

/* Mostly small, now and then large. */
static size_t any_size(void)
{
    const uint64_t scale = below(12);
    return below((uint64_t)8 << scale);
}

static void stamp(size_t slot, uint8_t *memory, size_t size)
{
    shadow[slot].memory = memory;
    shadow[slot].size = size;
    shadow[slot].stamp = (uint8_t)below(256);
    memset(memory, shadow[slot].stamp, size);
}

static void take(size_t slot)
{
    const size_t size = any_size();
    const size_t alignment = (size_t)16 << (below(4) ? 0 : below(9));
    uint8_t *memory = sim_heap_alloc(&heap, size, alignment);

    if (!memory) {
        ck_assert_uint_gt(shadow_bytes + size, LIMIT_BYTES);
        return;
    }
    if ((uintptr_t)memory % alignment || !is_filled(memory, 0xa5, size))
        ck_abort_msg("a bad block of %zu bytes", size);
    shadow_bytes += size;
    shadow_count++;
    stamp(slot, memory, size);
}

static void resize(size_t slot)
{
    const size_t size = any_size(), old = shadow[slot].size;
    uint8_t *memory = sim_heap_resize(&heap, shadow[slot].memory, size);

    if (!memory)
        return;
    if (!is_filled(memory, shadow[slot].stamp, old < size ? old : size) ||
        (size > old && !is_filled(memory + old, 0xa5, size - old)))
        ck_abort_msg("the contents changed from %zu to %zu bytes", old, size);
    shadow_bytes += size - old;
    stamp(slot, memory, size);
}

static void give(size_t slot)
{
    if (!is_filled(shadow[slot].memory, shadow[slot].stamp, shadow[slot].size))
        ck_abort_msg("a block of %zu bytes was written to", shadow[slot].size);
    sim_heap_free(&heap, shadow[slot].memory);
    shadow_bytes -= shadow[slot].size;
    shadow_count--;
    shadow[slot].memory = NULL;
}

/* Returns a hash of all addresses that were handed out. */
static uint64_t fuzz(int steps)
{
    uint64_t addresses = 0;

    memset(shadow, 0, sizeof shadow);
    shadow_bytes = shadow_count = drawn_count = 0;
    for (int i = 0; i < steps; i++) {
        const size_t slot = below(SLOTS);
        if (!shadow[slot].memory)
            take(slot);
        else if (below(3) == 0)
            resize(slot);
        else
            give(slot);
        addresses = sm__random_mix(addresses ^ (uintptr_t)shadow[slot].memory);
        if (heap.used_bytes != shadow_bytes || heap.block_count != shadow_count)
            ck_abort_msg("the counts are wrong after step %d", i);
        if (i % 1000 == 0)
            ck_assert_ptr_null(sim_heap_check(&heap));
    }
    ck_assert_ptr_null(sim_heap_check(&heap));
    return addresses;
}

/* 100,000 random operations agree with a shadow: contents, fill, alignment, counts; the same
 * operations after a reset get the same addresses. */
START_TEST(agrees_with_a_shadow)
{
    set_up();
    key = 11;
    const uint64_t addresses = fuzz(100000);
    ck_assert_uint_gt(shadow_count, 100);
    sim_heap_reset(&heap);
    ck_assert_uint_eq(fuzz(100000), addresses);
    for (size_t slot = 0; slot < SLOTS; slot++) {
        if (shadow[slot].memory)
            give(slot);
    }
    ck_assert_uint_eq(heap.used_bytes, 0);
    sim_heaps_release();
}
END_TEST

/* The next heap in a place finds zeros there, whatever the one before has written, within its
 * blocks and far beyond them, and whether it was finished properly or only released. */
START_TEST(memory_of_the_heap_before)
{
    for (int round = 0; round < 6; round++) {
        set_up();
        char *wild = heap.parts[1].low + ((size_t)20 << 20);
        ck_assert(is_filled(heap.parts[0].low, 0, 65536));
        ck_assert(is_filled(heap.parts[1].low, 0, (size_t)3 << 20));
        ck_assert_int_eq(wild[0] | heap.parts[1].high[-1], 0);
        memset(sim_heap_alloc(&heap, (size_t)300 << round, 16), 7, (size_t)300 << round);
        heap.parts[0].top[5000] = 7;
        memset(sim_heap_alloc(&heap, (size_t)30000 << round, 16), 7, (size_t)30000 << round);
        heap.parts[1].top[100000] = wild[0] = heap.parts[1].high[-1] = 7;
        sim_heap_reset(&heap);
        if (round % 2 == 0)
            sim_heap_finish(&heap);
        sim_heaps_release();
    }
}
END_TEST

/* What is kept of a region is no use for one of another size, and not in its way. */
START_TEST(another_region_than_before)
{
    set_up();
    memset(sim_heap_alloc(&heap, 5000, 16), 7, 5000);
    sim_heap_reset(&heap);
    sim_heap_finish(&heap);
    sim_heaps_release();
    ck_assert_int_eq(sim_heaps_reserve(2, 2 * LIMIT_BYTES, 0), 0);
    sim_heap_init(&heap, 1, "m2", 2 * LIMIT_BYTES, 0);
    ck_assert(is_filled(heap.parts[0].low - 60000, 0, 120000));
    sim_heaps_release();
    ck_assert_int_eq(sim_heaps_reserve(2, 2 * LIMIT_BYTES, (uintptr_t)16 << 20), 0);
    sim_heaps_release();
}
END_TEST

SUITE_MAIN("heap", fixed_place, small_heaps_lie_close, shifted_place, many_heaps, sizes, alignments,
           limits, growing_buffer, reuse, other_fill, downwards, reset, check_finds_damage,
           agrees_with_a_shadow, memory_of_the_heap_before, another_region_than_before)
#endif
