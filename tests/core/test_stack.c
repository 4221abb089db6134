/* SPDX-License-Identifier: MIT */
/* The pool of stacks: limits, reuse, guards, the fixed address. */
#include "core/address_map.h"
#include "core/fiber.h"
#include "tests/core/suite.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>

#define STACK_BYTES 16384u
#define BASE        ((void *)SM__MAP_STACKS) // NOLINT: an address of our own

static struct sm__stack_pool *make(uint32_t count_max)
{
    struct sm__stack_pool *pool = NULL;

    ck_assert_int_eq(sm__stack_pool_create(&pool, BASE, STACK_BYTES, count_max), 0);
    return pool;
}

/* Sizes that are no powers of two or too small, and no stacks at all, are refused. */
START_TEST(arguments)
{
    struct sm__stack_pool *pool = NULL;

    ck_assert_int_eq(sm__stack_pool_create(&pool, BASE, 8192, 1), -EINVAL);
    ck_assert_int_eq(sm__stack_pool_create(&pool, BASE, 20000, 1), -EINVAL);
    ck_assert_int_eq(sm__stack_pool_create(&pool, BASE, 16384, 0), -EINVAL);
    ck_assert_int_eq(sm__stack_pool_create(&pool, BASE, 16384, 1), 0);
    sm__stack_pool_destroy(pool);
    sm__stack_pool_destroy(NULL);
}
END_TEST

/* Stacks lie side by side from the base on, do not overlap, and come back last in, first out. The
 * pool ends at its limit; a returned stack can be taken again. */
START_TEST(limits_and_reuse)
{
    struct sm__stack_pool *pool = make(100);
    uint32_t index;
    char *low, *high, *floor = BASE;

    for (uint32_t i = 0; i < 100; i++) {
        ck_assert_int_eq(sm__stack_take(pool, &index, &low, &high), 0);
        ck_assert_uint_eq(index, i);
        ck_assert(low >= floor + 4096);
        floor = (char *)BASE + (size_t)(i + 1) * STACK_BYTES;
        ck_assert(high <= floor);
        ck_assert_int_ge(high - low, STACK_BYTES - 4096 - 2048);
        ck_assert_uint_eq((uintptr_t)high % 64, 0);
        memset(low, 0x11, (size_t)(high - low));
    }
    ck_assert_int_eq(sm__stack_take(pool, &index, &low, &high), -ENOMEM);
    ck_assert_uint_eq(sm__stack_peak(pool), 100);
    sm__stack_give(pool, 7);
    sm__stack_give(pool, 50);
    ck_assert_int_eq(sm__stack_take(pool, &index, &low, &high), 0);
    ck_assert_uint_eq(index, 50);
    ck_assert_int_eq(sm__stack_take(pool, &index, &low, &high), 0);
    ck_assert_uint_eq(index, 7);
    for (uint32_t i = 0; i < 100; i++)
        sm__stack_give(pool, i);
    ck_assert_uint_eq(sm__stack_peak(pool), 100);
    sm__stack_pool_destroy(pool);
}
END_TEST

/* Neighbours start at different cache lines, so that they do not fight for one set of the cache. */
START_TEST(tops_are_coloured)
{
    struct sm__stack_pool *pool = make(64);
    bool seen[STACK_BYTES / 64] = {false};
    uint32_t index, colours = 0;
    char *low, *high;

    for (uint32_t i = 0; i < 64; i++) {
        ck_assert_int_eq(sm__stack_take(pool, &index, &low, &high), 0);
        const size_t colour = (uintptr_t)high % STACK_BYTES / 64;
        colours += !seen[colour];
        seen[colour] = true;
    }
    ck_assert_uint_eq(colours, 32);
    for (uint32_t i = 0; i < 64; i++)
        sm__stack_give(pool, i);
    sm__stack_pool_destroy(pool);
}
END_TEST

/* The pool lies where it is asked to, or not at all; after it is gone the place is free again. */
START_TEST(fixed_address)
{
    struct sm__stack_pool *first = make(10), *second = NULL;
    uint32_t index;
    char *low, *high;

    ck_assert_int_eq(sm__stack_pool_create(&second, BASE, STACK_BYTES, 10), -EEXIST);
    ck_assert_ptr_null(second);
    ck_assert_int_eq(
        sm__stack_pool_create(&second, (char *)BASE + 9 * STACK_BYTES, STACK_BYTES, 10), -EEXIST);
    ck_assert_int_eq(
        sm__stack_pool_create(&second, (char *)BASE + 10 * STACK_BYTES, STACK_BYTES, 1), 0);
    ck_assert_int_eq(sm__stack_take(second, &index, &low, &high), 0);
    ck_assert_ptr_eq(low, (char *)BASE + 10 * STACK_BYTES + 4096);
    sm__stack_give(second, index);
    sm__stack_pool_destroy(second);
    sm__stack_pool_destroy(first);
    char *mine =
        mmap(BASE, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    ck_assert_ptr_eq(mine, BASE);
    ck_assert_int_eq(sm__stack_pool_create(&first, BASE, STACK_BYTES, 10), -EEXIST);
    munmap(mine, 4096);
    sm__stack_pool_destroy(make(10));
}
END_TEST

/* An address leads to its stack, and to whether it lies in the guard. */
START_TEST(addresses_are_found)
{
    struct sm__stack_pool *pool = make(4);
    const char *start = BASE;
    uint32_t index = 99;
    bool in_guard;

    ck_assert(!sm__stack_find(pool, start - 1, &index, &in_guard));
    ck_assert(!sm__stack_find(pool, start + 4 * STACK_BYTES, &index, &in_guard));
    ck_assert(!sm__stack_find(pool, NULL, &index, &in_guard));
    ck_assert_uint_eq(index, 99);
    for (uint32_t i = 0; i < 4; i++, start += STACK_BYTES) {
        ck_assert(sm__stack_find(pool, start, &index, &in_guard) && in_guard && index == i);
        ck_assert(sm__stack_find(pool, start + 4095, &index, &in_guard) && in_guard);
        ck_assert(sm__stack_find(pool, start + 4096, &index, &in_guard) && !in_guard);
        ck_assert(sm__stack_find(pool, start + STACK_BYTES - 1, &index, &in_guard) && !in_guard);
        ck_assert_uint_eq(index, i);
    }
    sm__stack_pool_destroy(pool);
}
END_TEST

/* Where it is asked for, a stack is filled anew before each use, from end to end. */
START_TEST(filled_stacks)
{
    struct sm__stack_pool *pool = make(2);
    uint32_t index;
    char *low, *high;

    sm__stack_fill(pool, 0x5c);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(sm__stack_take(pool, &index, &low, &high), 0);
        for (const char *at = low; at < high; at++) {
            if (*at != 0x5c)
                ck_abort_msg("byte %td is not filled", at - low);
        }
        memset(low, 0, (size_t)(high - low));
        sm__stack_give(pool, index);
    }
    sm__stack_pool_destroy(pool);
}
END_TEST

/* What a stack that does not run has not in use can be filled again; what it uses stays. */
START_TEST(refilled_stacks)
{
    struct sm__stack_pool *pool = make(1);
    uint32_t index;
    char *low, *high;

    sm__stack_fill(pool, 0x100); /* zero is a fill, too */
    ck_assert_int_eq(sm__stack_take(pool, &index, &low, &high), 0);
    memset(low, 7, (size_t)(high - low));
    sm__stack_refill(pool, index, high - 512);
    for (const char *at = low; at < high; at++)
        ck_assert_int_eq(*at, at < high - 512 ? 0 : 7);
    high[-512 - 8192] = 7; /* the far end of an array, and nothing in between */
    sm__stack_refill(pool, index, high - 512);
    ck_assert_int_eq(high[-512 - 8192], 0);
    sm__stack_give(pool, index);
    sm__stack_pool_destroy(pool);
}
END_TEST

/* Where that is to be quick, what lies beyond a gap is filled by one of eight. */
START_TEST(quickly_refilled_stacks)
{
    struct sm__stack_pool *pool = make(1);
    uint32_t index, times = 0;
    char *low, *high;

    sm__stack_fill(pool, SM__STACK_FILL_QUICK | 0x100);
    ck_assert_int_eq(sm__stack_take(pool, &index, &low, &high), 0);
    high[-512] = high[-1024] = high[-4096] = 7;
    do {
        sm__stack_refill(pool, index, high);
        ck_assert_int_eq(high[-512] | high[-1024], 0);
    } while (high[-4096] != 0 && ++times < 8);
    ck_assert_uint_gt(times, 0);
    ck_assert_int_eq(high[-4096], 0);
    sm__stack_give(pool, index);
    sm__stack_pool_destroy(pool);
}
END_TEST

/* A mirrored pool is as good as another one, but its stacks lie in the opposite order. */
START_TEST(mirrored_stacks)
{
    struct sm__stack_pool *pool = make(40);
    uint32_t index, found;
    char *low, *high, *above = (char *)BASE + (size_t)40 * STACK_BYTES;
    bool in_guard;

    sm__stack_mirror(pool);
    for (uint32_t i = 0; i < 40; i++) {
        ck_assert_int_eq(sm__stack_take(pool, &index, &low, &high), 0);
        ck_assert_uint_eq(index, i);
        ck_assert(high <= above);
        above -= STACK_BYTES;
        ck_assert(low >= above + 4096);
        memset(low, 0x11, (size_t)(high - low));
        ck_assert(sm__stack_find(pool, low, &found, &in_guard) && found == i && !in_guard);
        ck_assert(sm__stack_find(pool, above, &found, &in_guard) && found == i && in_guard);
    }
    ck_assert_int_eq(sm__stack_take(pool, &index, &low, &high), -ENOMEM);
    for (uint32_t i = 0; i < 40; i++)
        sm__stack_give(pool, i);
    sm__stack_pool_destroy(pool);
}
END_TEST

/* ---- running over the end ---- */

static sigjmp_buf escape;
static void *volatile hit; /* the address that was touched */

static void on_fault(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)context;
    hit = info->si_addr;
    siglongjmp(escape, 1);
}

static void catch_faults(void)
{
    static char memory[65536];
    const stack_t stack = {.ss_sp = memory, .ss_size = sizeof memory};
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};

    ck_assert_int_eq(sigaltstack(&stack, NULL), 0);
    ck_assert_int_eq(sigaction(SIGSEGV, &action, NULL), 0);
}

static void touch(char *address)
{
    hit = NULL;
    if (sigsetjmp(escape, 1) == 0)
        *(volatile char *)address = 1;
}

/* Touching the guard of any stack is a fault at that address, before its stack is used and after it
 * was used again; the stack itself is writable to its ends. */
START_TEST(guards_fault)
{
    struct sm__stack_pool *pool = make(300);
    uint32_t index;
    char *low, *high;

    catch_faults();
    for (uint32_t i = 0; i < 300; i++) {
        ck_assert_int_eq(sm__stack_take(pool, &index, &low, &high), 0);
        touch(low - 1);
        ck_assert_ptr_eq(hit, low - 1);
        touch(low - 4096);
        ck_assert_ptr_eq(hit, low - 4096);
        touch(low);
        ck_assert_ptr_null(hit);
        touch(high - 1);
        ck_assert_ptr_null(hit);
        sm__stack_give(pool, index);
        if (i % 2)
            ck_assert_int_eq(sm__stack_take(pool, &index, &low, &high), 0);
    }
    for (uint32_t i = 0; i < 150; i++)
        sm__stack_give(pool, i);
    sm__stack_pool_destroy(pool);
}
END_TEST

/* Deeper than any stack here; the frame is used after the call, so that each needs its own. */
static int too_deep(volatile int *depth)
{
    volatile char frame[256];

    frame[0] = (char)*depth;
    return ++*depth < 1000000 ? too_deep(depth) + frame[0] : 0;
}

static _Noreturn void overflows(void *depth)
{
    exit(too_deep(depth));
}

/* A fiber whose calls go too deep hits the guard of its own stack, and only that. */
START_TEST(overflow_hits_the_guard)
{
    struct sm__stack_pool *pool = make(3);
    struct sm__fiber self, fiber;
    uint32_t index, found;
    volatile int depth = 0;
    char *low, *high;
    bool in_guard = false;

    catch_faults();
    for (uint32_t i = 0; i < 3; i++)
        ck_assert_int_eq(sm__stack_take(pool, &index, &low, &high), 0);
    sm__stack_bounds(pool, 1, &low, &high);
    sm__fiber_adopt_thread(&self);
    sm__fiber_init(&fiber, low, high, overflows, (void *)&depth);
    hit = NULL;
    if (sigsetjmp(escape, 1) == 0)
        sm__fiber_switch(&self, &fiber, false);
    ck_assert_int_gt(depth, 10);
    ck_assert(sm__stack_find(pool, hit, &found, &in_guard));
    ck_assert_uint_eq(found, 1);
    ck_assert(in_guard);
    for (uint32_t i = 0; i < 3; i++)
        sm__stack_give(pool, i);
    sm__stack_pool_destroy(pool);
}
END_TEST

/* A renewed pool is as a new one: the same stacks in the same order, all zeros, behind guards. */
START_TEST(renewed)
{
    struct sm__stack_pool *pool = make(300);
    uint32_t index;
    char *low, *high;

    catch_faults();
    ck_assert(sm__stack_pool_is(pool, BASE, STACK_BYTES, 300));
    ck_assert(!sm__stack_pool_is(pool, BASE, STACK_BYTES, 299));
    ck_assert(!sm__stack_pool_is(pool, BASE, 2 * STACK_BYTES, 300));
    ck_assert(!sm__stack_pool_is(pool, (char *)BASE + STACK_BYTES, STACK_BYTES, 300));
    for (uint32_t count = 100; count <= 300; count += 100) {
        for (uint32_t i = 0; i < count; i++) {
            ck_assert_int_eq(sm__stack_take(pool, &index, &low, &high), 0);
            ck_assert_uint_eq(index, i);
            ck_assert(*low == 0 && memcmp(low, low + 1, (size_t)(high - low) - 1) == 0);
            memset(low, 0x11, (size_t)(high - low));
            touch(low - 1);
            ck_assert_ptr_eq(hit, low - 1);
        }
        ck_assert_uint_eq(sm__stack_peak(pool), count);
        for (uint32_t i = 0; i < count; i++)
            sm__stack_give(pool, (i + 17) % count);
        ck_assert(sm__stack_pool_renew(pool));
    }
    sm__stack_pool_destroy(pool);
}
END_TEST

SUITE_MAIN("stack", arguments, limits_and_reuse, tops_are_coloured, fixed_address,
           addresses_are_found, filled_stacks, refilled_stacks, quickly_refilled_stacks,
           mirrored_stacks, guards_fault, overflow_hits_the_guard, renewed)
