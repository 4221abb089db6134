/* SPDX-License-Identifier: MIT */
/* The machine's heap on AddressSanitizer's allocator: what daemons see of it is as without. */
#include "tests/core/suite.h"

#include <steelmill/steelmill.h>

#include <errno.h>
#include <malloc.h>
#include <stdio.h>

/* Hides from the compiler what it knows of a pointer: the tests misuse some on purpose. */
static void *plain(void *memory)
{
    __asm__ volatile("" : "+r"(memory));
    return memory;
}

/* ---- blocks ---- */

static int allocates(void *arg, struct sim_machine *machine)
{
    char *blocks[] = {malloc(100), calloc(10, 10),     memalign(512, 100),
                      NULL,        strdup("12345678"), strndup("12345678", 3)};
    char **kept = arg;

    ck_assert(asprintf(&blocks[3], "%d", 1234567) == 7);
    ck_assert_uint_eq(machine->heap.used_bytes, 100 + 100 + 100 + 8 + 9 + 4);
    ck_assert_uint_eq(machine->heap.block_count, 6);
    ck_assert_uint_eq((uintptr_t)blocks[2] % 512, 0);
    ck_assert(blocks[0][0] == '\xa5' && blocks[0][99] == '\xa5' && blocks[1][99] == 0);
    ck_assert_str_eq(blocks[5], "123");
    blocks[0] = realloc(blocks[0], 5000);
    ck_assert(blocks[0][99] == '\xa5' && malloc_usable_size(blocks[0]) == 5000);
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++)
        free(blocks[i]);
    ck_assert_uint_eq(machine->heap.used_bytes, 0);
    for (int i = 0; i < 5000; i++)
        *kept = malloc(10); /* nobody frees these */
    ck_assert_uint_eq(machine->heap.block_count, 5000);
    return 0;
}

/* What a machine allocates, by whatever function, is counted in requested bytes, filled, and gone
 * when the machine crashes: nothing is left for the leak checker. */
START_TEST(blocks_of_a_machine)
{
    static struct tw tw;
    char *kept = NULL;

    tw_create(&tw, 2, NULL, allocates, &kept);
    ck_assert_int_eq(tw_run(&tw, SM_S), SIM_IDLE);
    ck_assert_msg(tw.failure.kind == 0, "%s", tw.failure.text);
    sim_machine_crash(tw.world->machines[0]);
    ck_assert_uint_eq(tw.world->machines[0]->heap.block_count, 0);
    ck_assert_uint_eq(tw.world->machines[1]->heap.block_count, 5000);
    tw_destroy(&tw);
}
END_TEST

/* Each of these must fail with ENOMEM, beside a block that leaves 10 bytes. */
static bool fails(int which, void *kept)
{
    void *memory = NULL;

    errno = 0;
    switch (which) {
    case 0:
        memory = plain(malloc(11));
        break;
    case 1:
        memory = plain(strdup("more than ten"));
        break;
    case 2:
        memory = plain(realloc(kept, (size_t)64 << 20));
        break;
    case 3:
        memory = plain(memalign(SIZE_MAX / 2 + 1, 1));
        break;
    default:
        errno = posix_memalign(&memory, 64, 11);
        break;
    }
    return !memory && errno == ENOMEM;
}

static int runs_out(void *arg, struct sim_machine *machine)
{
    char *kept = malloc(machine->heap.limit_bytes - 10);
    bool as_expected = kept != NULL;

    (void)arg;
    for (int i = 0; i < 5 && as_expected; i++) /* no assertion now: it would allocate */
        as_expected = fails(i, kept);
    free(kept);
    ck_assert(as_expected);
    return 0;
}

/* The limit is the usual one, and not fatal. */
START_TEST(out_of_memory)
{
    tw_once(runs_out, NULL);
}
END_TEST

static int host_memory(void *arg, struct sim_machine *machine)
{
    char **blocks = arg;

    free(blocks[0]);
    blocks[1] = realloc(blocks[1], 3000);
    ck_assert_uint_eq(machine->heap.used_bytes, 3000);
    ck_assert_str_eq(blocks[1], "from the host");
    free(blocks[1]);
    return 0;
}

/* A task may free and resize what the host has allocated. */
START_TEST(blocks_of_the_host)
{
    char *blocks[2] = {calloc(1, 100), calloc(1, 20)};

    strcpy(blocks[1], "from the host");
    tw_once(host_memory, blocks);
}
END_TEST

/* ---- misuse ---- */

static int frees_foreign(void *arg, struct sim_machine *machine)
{
    void **shared = arg;

    shared[machine->index - 1] = malloc(10);
    sm_sleep(SM_MS);
    free(shared[2 - machine->index]);
    return 0;
}

/* Another machine's block is not to be freed. */
START_TEST(foreign_block)
{
    void *shared[2] = {NULL, NULL};

    suite_bug(frees_foreign, shared, "the block belongs to another machine's heap");
}
END_TEST

static char *stale;

static int leaves_pointer(void *arg, struct sim_machine *machine)
{
    (void)arg, (void)machine;
    stale = malloc(10);
    return 0;
}

/* What was on a crashed machine's heap is no more: the sanitizer ends the process. */
START_TEST(use_after_crash)
{
    static struct tw tw;

    tw_create(&tw, 1, NULL, leaves_pointer, NULL);
    tw_run(&tw, SM_S);
    sim_machine_crash(tw.world->machines[0]);
    fclose(stderr); /* its report is expected */
    stale[0] = 1;
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("heap_asan");
    TCase *tc = tcase_create("heap_asan");

    tcase_add_test(tc, blocks_of_a_machine);
    tcase_add_test(tc, out_of_memory);
    tcase_add_test(tc, blocks_of_the_host);
    tcase_add_test(tc, foreign_block);
    tcase_add_exit_test(tc, use_after_crash, 1);
    suite_add_tcase(suite, tc);
    return suite_run(suite);
}
