/* SPDX-License-Identifier: MIT */
/* Allocation failures as a fault, and what a machine that stops had not freed. */
#include "tests/core/suite.h"

#include "sim/heap_fault.h"

#include <steelmill/steelmill.h>

#include <errno.h>
#include <malloc.h>

static struct sim_heap_fault fault;
static char outcome[256]; /* a character per allocation: o, X, or ? for NULL without ENOMEM */

/* Keeps the compiler from leaving an allocation out, or from knowing how it ends. */
static void *volatile kept;

static void note(void *memory)
{
    kept = memory;
    memory = kept;
    /* No ck_assert in here, nor in any body: it allocates. */
    outcome[strlen(outcome)] = memory ? 'o' : errno == ENOMEM ? 'X' : '?';
    free(memory);
    errno = 0;
}

static void run(tw_body body, const struct sim_heap_fault *with)
{
    static struct tw tw;

    fault = *with;
    memset(outcome, 0, sizeof outcome);
    tw_create(&tw, 1, NULL, body, NULL);
    sim_heap_fault_add(&tw.world->machines[0]->heap, &fault);
    ck_assert_int_eq(tw_run(&tw, SM_S), SIM_IDLE);
    ck_assert_msg(tw.failure.kind == 0, "%s", tw.failure.text);
    sim_heap_fault_remove(&tw.world->machines[0]->heap, &fault);
    tw_destroy(&tw);
}

/* ---- which calls fail ---- */

static int allocates_10(void *arg, struct sim_machine *machine)
{
    (void)arg, (void)machine;
    for (int i = 0; i < 10; i++)
        note(malloc(100));
    return 0;
}

/* The n-th call fails, counted from the fault's beginning, and no other. */
START_TEST(nth)
{
    run(allocates_10, &(struct sim_heap_fault){.nth = 4});
    ck_assert_str_eq(outcome, "oooXoooooo");
    ck_assert_uint_eq(fault.calls, 10);
    ck_assert_uint_eq(fault.failures, 1);
    run(allocates_10, &(struct sim_heap_fault){.nth = 11});
    ck_assert_str_eq(outcome, "oooooooooo");
    ck_assert_uint_eq(fault.failures, 0);
}
END_TEST

static int allocates_sizes(void *arg, struct sim_machine *machine)
{
    (void)arg, (void)machine;
    note(malloc(1024));
    note(malloc(1025));
    note(malloc(1));
    note(malloc(5000));
    return 0;
}

/* Smaller allocations than the fault is about never fail, and are not counted. */
START_TEST(by_size)
{
    run(allocates_sizes, &(struct sim_heap_fault){.share_ppm = 1000000, .above_bytes = 1024});
    ck_assert_str_eq(outcome, "oXoX");
    run(allocates_sizes, &(struct sim_heap_fault){.nth = 2, .above_bytes = 1024});
    ck_assert_str_eq(outcome, "oooX");
}
END_TEST

static int allocates_10000(void *arg, struct sim_machine *machine)
{
    (void)arg, (void)machine;
    for (int i = 0; i < 10000; i++) {
        kept = malloc(100);
        free(kept);
    }
    return 0;
}

/* A share fails as often as it says; another key fails other calls, the same key the same. */
START_TEST(by_share)
{
    char first[sizeof outcome];

    run(allocates_10000, &(struct sim_heap_fault){.share_ppm = 50000, .key = 1});
    ck_assert_uint_gt(fault.failures, 400);
    ck_assert_uint_lt(fault.failures, 600);
    run(allocates_10, &(struct sim_heap_fault){.share_ppm = 500000, .key = 1});
    memcpy(first, outcome, sizeof first);
    run(allocates_10, &(struct sim_heap_fault){.share_ppm = 500000, .key = 1});
    ck_assert_str_eq(outcome, first);
    run(allocates_10, &(struct sim_heap_fault){.share_ppm = 500000, .key = 3});
    ck_assert_str_ne(outcome, first);
}
END_TEST

static char *block;
static int error;
static bool stays;

static int allocates_all_ways(void *arg, struct sim_machine *machine)
{
    void *out = &out;

    (void)arg, (void)machine;
    block = strdup("kept");
    fault.share_ppm = 1000000;
    note(malloc(10));
    note(calloc(10, 10));
    note(realloc(NULL, 10));
    note(aligned_alloc(64, 64));
    note(memalign(64, 10));
    note(valloc(10));
    note(strdup("text"));
    error = posix_memalign(&out, 64, 10);
    kept = out;
    if (kept != &out)
        error = -1; /* it must not be touched */
    note(realloc(block, 1000));
    stays = strcmp(block, "kept") == 0;
    free(block);
    return 0;
}

/* Every way to get memory fails with ENOMEM; a block that cannot grow stays; freeing works. */
START_TEST(all_ways)
{
    run(allocates_all_ways, &(struct sim_heap_fault){.share_ppm = 0});
    ck_assert_str_eq(outcome, "XXXXXXXX");
    ck_assert_int_eq(error, ENOMEM);
    ck_assert(stays);
    ck_assert_uint_eq(fault.failures, 9);
}
END_TEST

/* ---- leaks ---- */

static __attribute__((noinline)) void leak(int count, size_t size)
{
    for (int i = 0; i < count; i++)
        kept = malloc(size);
}

/* Not known to the compiler, which else makes a copy of leak() for these values. */
static volatile int leak_count = 3;
static volatile size_t leak_bytes = 100;

static int leaks(void *arg, struct sim_machine *machine)
{
    (void)arg, (void)machine;
    leak(leak_count, leak_bytes);
    kept = malloc(50);
    kept = aligned_alloc(256, 20);
    free(malloc(5000));
    return 0;
}

static struct sim_heap_leak leak_of(tw_body body, bool sites, bool crash)
{
    static struct tw tw;
    const struct sim_options options = {.seed = 1, .leak_sites = sites};

    tw_create(&tw, 1, &options, body, NULL);
    tw_run(&tw, SM_S);
    if (crash)
        sim_machine_crash(tw.world->machines[0]);
    else
        sim_machine_stop(tw.world->machines[0], 2 * SM_S);
    tw_run(&tw, 3 * SM_S);
    ck_assert_int_eq(tw.world->machines[0]->state, SIM_MACHINE_OFF);
    const struct sim_heap_leak found = tw.world->machines[0]->leak;
    tw_destroy(&tw);
    return found;
}

/* A machine that stops reports what it had not freed; one that crashes has leaked nothing. */
START_TEST(leaks_are_counted)
{
    const struct sim_heap_leak found = leak_of(leaks, false, false);

    ck_assert_uint_eq(found.block_count, 5);
    ck_assert_uint_eq(found.bytes, 370);
    ck_assert_uint_eq(found.site, 0);
    ck_assert_uint_eq(leak_of(leaks, false, true).block_count, 0);
}
END_TEST

/* Where places are kept, the one that has leaked the most is named. */
START_TEST(leaks_have_places)
{
    const struct sim_heap_leak found = leak_of(leaks, true, false);
    const uintptr_t begin = (uintptr_t)leak;

    ck_assert_uint_eq(found.block_count, 5);
    ck_assert_uint_eq(found.site_block_count, 3);
    ck_assert_uint_eq(found.site_bytes, 300);
    ck_assert_msg(found.site > begin && found.site < begin + 200, "not within leak()");
}
END_TEST

static int frees_all(void *arg, struct sim_machine *machine)
{
    (void)arg, (void)machine;
    kept = malloc(100);
    free(kept);
    return 0;
}

/* Nothing is reported where nothing was left. */
START_TEST(no_leak)
{
    ck_assert_uint_eq(leak_of(frees_all, true, false).block_count, 0);
}
END_TEST

SUITE_MAIN("memory", nth, by_size, by_share, all_ways, leaks_are_counted, leaks_have_places,
           no_leak)
