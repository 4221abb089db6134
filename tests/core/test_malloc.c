/* SPDX-License-Identifier: MIT */
/* malloc and its relatives, as the tasks of a machine see them. */
#include "core/address_map.h"
#include "core/sanitize.h"
#include "tests/core/suite.h"

#include <steelmill/steelmill.h>

#include <malloc.h>
#include <stdio.h>

#if SM__ASAN
int main(void)
{
    puts("1..0 # SKIP AddressSanitizer brings its own allocator");
    return EXIT_SUCCESS;
}
#else

/* Hides from the compiler what it knows of a pointer: the tests misuse some on purpose. */
static void *plain(void *memory)
{
    __asm__ volatile("" : "+r"(memory));
    return memory;
}

static size_t number(size_t value)
{
    __asm__ volatile("" : "+r"(value));
    return value;
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

/* ---- where blocks come from ---- */

#define BLOCKS 9

static void *addresses[2][BLOCKS]; /* [machine - 1] */

static int allocates(void *arg, struct sim_machine *machine)
{
    void **to = addresses[machine->index - 1];

    (void)arg;
    to[0] = malloc(100);
    to[1] = calloc(10, 10);
    to[2] = realloc(NULL, 50);
    to[3] = realloc(to[2], 5000);
    to[4] = memalign(512, 10);
    to[5] = aligned_alloc(64, 128);
    to[6] = strdup("a text of some length");
    if (asprintf((char **)&to[7], "%d%s", 12345, " and more") < 0 ||
        posix_memalign(&to[8], 4096, 3))
        return -ENOMEM;
    for (int i = 0; i < BLOCKS; i++) {
        if (!sim_heap_holds(&machine->heap, to[i]))
            ck_abort_msg("block %d lies outside of the machine's heap", i);
    }
    ck_assert_uint_eq((uintptr_t)to[4] % 512, 0);
    ck_assert_uint_eq((uintptr_t)to[8] % 4096, 0);
    ck_assert(is_filled(to[1], 0, 100));
    ck_assert_str_eq(to[7], "12345 and more");
    return 0;
}

/* Each machine has its blocks in its own heap, at the same places in every run and, but for the
 * heap's base, on every machine; the seed has no part in it. */
START_TEST(same_addresses)
{
    static struct tw tw;
    void *first[2][BLOCKS];

    for (uint64_t seed = 0; seed < 3; seed++) {
        const struct sim_options options = {.seed = seed, .policy = SIM_POLICY_FIFO};
        tw_create(&tw, 2, &options, allocates, NULL);
        ck_assert_int_eq(tw_run(&tw, SM_S), SIM_IDLE);
        ck_assert_uint_eq((uintptr_t)addresses[0][0], SM__MAP_HEAPS + 16);
        const ptrdiff_t apart =
            tw.world->machines[1]->heap.parts[0].low - tw.world->machines[0]->heap.parts[0].low;
        for (int i = 0; i < BLOCKS; i++)
            ck_assert_ptr_eq((char *)addresses[0][i] + apart, addresses[1][i]);
        if (seed > 0)
            ck_assert_mem_eq(first, addresses, sizeof first);
        memcpy(first, addresses, sizeof first);
        tw_destroy(&tw);
    }
}
END_TEST

static int restarts(void *arg, struct sim_machine *machine)
{
    void **seen = arg;

    seen[machine->incarnation - 1] = malloc(1000);
    ck_assert(is_filled(seen[machine->incarnation - 1], 0xa5, 1000));
    memset(seen[machine->incarnation - 1], 1, 1000);
    return 0;
}

/* A restart begins with an empty heap: the same address, nothing of the old contents. */
START_TEST(restart)
{
    static struct tw tw;
    void *seen[3] = {NULL};

    tw_create(&tw, 1, NULL, restarts, seen);
    for (int i = 0; i < 3; i++) {
        tw_run(&tw, SM_S);
        ck_assert_ptr_nonnull(seen[i]);
        ck_assert_ptr_eq(seen[i], seen[0]);
        sim_machine_crash(tw.world->machines[0]);
        if (i < 2)
            sim_machine_start(tw.world->machines[0]);
    }
    tw_destroy(&tw);
}
END_TEST

static int host_memory(void *arg, struct sim_machine *machine)
{
    char **blocks = arg;

    /* Blocks of the host's: one is freed here, one grows here and becomes the machine's. */
    ck_assert_uint_ge(malloc_usable_size(blocks[0]), 100);
    free(blocks[0]);
    blocks[1] = realloc(blocks[1], 3000);
    ck_assert(sim_heap_holds(&machine->heap, blocks[1]));
    ck_assert_str_eq(blocks[1], "from the host");
    free(blocks[1]);
    return 0;
}

/* A task may free and resize what the host has allocated (a constructor that ran before, say). */
START_TEST(blocks_of_the_host)
{
    char *blocks[2] = {calloc(1, 100), calloc(1, 20)};

    strcpy(blocks[1], "from the host");
    ck_assert(!sim_heaps_contain(blocks[0]));
    tw_once(host_memory, blocks);
}
END_TEST

/* ---- as libc's ---- */

static int like_libc(void *arg, struct sim_machine *machine)
{
    (void)arg;
    const size_t used = machine->heap.used_bytes;
    char *memory = malloc(0);
    ck_assert_ptr_nonnull(memory);
    ck_assert_ptr_nonnull(memory = realloc(memory, 10));
    ck_assert_uint_eq(malloc_usable_size(memory), 10);
    strcpy(memory, "123456789");
    memory = realloc(memory, 5);
    ck_assert(memcmp(memory, "12345", 5) == 0);
    ck_assert_ptr_null(plain(realloc(memory, 0)));
    free(NULL);
    ck_assert_uint_eq(malloc_usable_size(NULL), 0);
    void *odd = memalign(number(24), 100);
    ck_assert_uint_eq((uintptr_t)odd % 32, 0);
    free(odd);
    free(valloc(10));
    memory = pvalloc(10);
    ck_assert_uint_eq((uintptr_t)memory % 4096, 0);
    ck_assert_uint_eq(malloc_usable_size(memory), 4096);
    free(memory);
    ck_assert_int_eq(posix_memalign((void **)&memory, 24, 8), EINVAL);
    ck_assert_int_eq(posix_memalign((void **)&memory, 4, 8), EINVAL);
    ck_assert_uint_eq(machine->heap.used_bytes, used);
    return 0;
}

/* The corner cases are glibc's: a daemon must not see another allocator than in production. */
START_TEST(corner_cases)
{
    tw_once(like_libc, NULL);
}
END_TEST

/* Each of these must fail with ENOMEM. */
static void *impossible(int which, void *kept)
{
    const size_t most = number(SIZE_MAX);

    switch (which) {
    case 0:
        return malloc(most);
    case 1:
        return malloc((64u << 20) + 1);
    case 2:
        return calloc(most / 2, 3);
    case 3:
        return calloc(1, most);
    case 4:
        return realloc(kept, most);
    case 5:
        return memalign(4096, most - 4096);
    case 6:
        return memalign(most / 2 + 1, 1);
    case 7:
        return memalign(most, 1);
    case 8:
        return pvalloc(most);
    default:
        return reallocarray(kept, most / 2, 3);
    }
}

static int runs_out(void *arg, struct sim_machine *machine)
{
    char *kept = strdup("kept");

    (void)arg;
    for (int i = 0; i <= 9; i++) {
        errno = 0;
        ck_assert_msg(!impossible(i, kept), "case %d", i);
        ck_assert_msg(errno == ENOMEM, "case %d", i);
    }
    ck_assert_str_eq(kept, "kept");
    void *out = kept;
    errno = 0;
    ck_assert_int_eq(posix_memalign(&out, 64, 65u << 20), ENOMEM);
    ck_assert_int_eq(errno, 0);
    ck_assert_ptr_eq(out, kept);
    /* The rest of the limit, to the byte. */
    const size_t left = machine->heap.limit_bytes - machine->heap.used_bytes;
    void *rest = malloc(left + 1), *fits = malloc(left);
    const bool as_expected = !rest && fits;
    free(fits);
    ck_assert(as_expected);
    free(kept);
    return 0;
}

/* At the limit a machine is out of memory as a process is: NULL and ENOMEM, nothing else changes.
 */
START_TEST(out_of_memory)
{
    tw_once(runs_out, NULL);
}
END_TEST

/* ---- misuse ---- */

static int frees_twice(void *arg, struct sim_machine *machine)
{
    char *memory = malloc(*(size_t *)arg), *again = plain(memory);

    (void)machine;
    free(memory);
    free(again);
    return 0;
}

static int frees_aligned_twice(void *arg, struct sim_machine *machine)
{
    char *memory = memalign(*(size_t *)arg, 10), *again = plain(memory);

    (void)machine;
    free(memory);
    free(again);
    return 0;
}

static int overruns(void *arg, struct sim_machine *machine)
{
    const size_t size = *(size_t *)arg;
    char *memory = plain(malloc(size));

    (void)machine;
    memory[size] = 1;
    free(memory);
    return 0;
}

static int resizes_overrun(void *arg, struct sim_machine *machine)
{
    char *memory = plain(malloc(10));

    (void)arg, (void)machine;
    memory[10] = 1;
    free(realloc(memory, 20));
    return 0;
}

static int underruns(void *arg, struct sim_machine *machine)
{
    char *memory = plain(malloc(10));

    (void)arg, (void)machine;
    *(char *)plain(memory - 3) ^= 1;
    free(memory);
    return 0;
}

static int frees_inside(void *arg, struct sim_machine *machine)
{
    char *memory = malloc(1000);

    (void)machine;
    free(plain(memory + *(size_t *)arg));
    return 0;
}

/* Each machine frees what the other has allocated. */
static int frees_foreign(void *arg, struct sim_machine *machine)
{
    void **shared = arg;

    shared[machine->index - 1] = malloc(10);
    sm_sleep(SM_MS);
    free(shared[2 - machine->index]);
    return 0;
}

static int writes_freed(void *arg, struct sim_machine *machine)
{
    char *memory = malloc(40), *later = plain(memory);

    (void)arg, (void)machine;
    free(memory);
    memset(later, 0x41, 40);
    for (int i = 0; i < 2; i++)
        later = plain(malloc(40));
    return later != NULL;
}

/* Each misuse of a block ends the run with words that say which it was, on which machine. */
START_TEST(misuse)
{
    void *shared[2] = {NULL, NULL};
    size_t size = 0;

    suite_bug(frees_twice, &size, "on machine 'm1': the block is freed already");
    size = 100;
    suite_bug(frees_twice, &size, "on machine 'm1': the block is freed already");
    size = 100000;
    suite_bug(frees_twice, &size, "on machine 'm1': the block is freed already");
    size = 1 << 20;
    suite_bug(frees_twice, &size, "on machine 'm1': the block is freed already");
    for (size = 32; size <= 4096; size *= 2)
        suite_bug(frees_aligned_twice, &size, "on machine 'm1': the block is freed already");
    for (size = 0; size < 200; size++)
        suite_bug(overruns, &size, "on machine 'm1': written beyond the end of the block of");
    suite_bug(resizes_overrun, NULL, "realloc(0x");
    suite_bug(underruns, NULL, "the block's header is overwritten, or it is no block");
    size = 16;
    suite_bug(frees_inside, &size, "the block's header is overwritten, or it is no block");
    size = 5;
    suite_bug(frees_inside, &size, "not the start of a block of a machine's heap");
    suite_bug(frees_foreign, shared, "the block belongs to another machine's heap");
    suite_bug(writes_freed, NULL,
              "malloc on machine 'm1': the heap is damaged: a freed block was written to");
}
END_TEST

static int damages(void *arg, struct sim_machine *machine)
{
    char *memory = plain(malloc(10));

    (void)arg, (void)machine;
    memory[12] ^= 1;
    sm_sleep(SM_S);
    return 0;
}

/* What nobody freed is checked when the machine goes down. */
START_TEST(damage_is_found_at_a_crash)
{
    static struct tw tw;

    tw_create(&tw, 1, NULL, damages, NULL);
    tw_run(&tw, SM_MS);
    ck_assert_int_eq(tw.failure.kind, 0);
    sim_machine_crash(tw.world->machines[0]);
    ck_assert_int_eq(tw.failure.kind, SIM_FAILURE_HEAP);
    ck_assert_msg(
        strstr(tw.failure.text, "machine 'm1': the heap is damaged at the block of 10 bytes"), "%s",
        tw.failure.text);
    tw_destroy(&tw);
}
END_TEST

SUITE_MAIN("malloc", same_addresses, restart, blocks_of_the_host, corner_cases, out_of_memory,
           misuse, damage_is_found_at_a_crash)
#endif
