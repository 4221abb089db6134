/* SPDX-License-Identifier: MIT */
/*
 * bench-disk: what the simulated disk costs. Calls go through everything that a daemon's do: a
 * task that waits, an event, a record in the digest. Power cuts are the disk's own part: 20 pages
 * of two files and a name are dirty, the power goes, the next round finds what is left.
 */
#include "sim/disk.h"
#include "core/random.h"

#include <steelmill/steelmill.h>

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BLOCK        4096
#define FILE_BLOCKS  4096 /* 16 MiB */
#define SYNCS        200000u
#define READS        2000000u
#define CUTS         20000u
#define CUT_PAGES    20u
#define LARGE_BYTES  ((int64_t)256 << 20)
#define SMALL_FILES  10000u
#define SMALL_BYTES  100u
#define SPARSE_STEP  ((int64_t)1 << 20)
#define SPARSE_COUNT 256

static char block[BLOCK];

static double now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void check(int64_t result)
{
    if (result >= 0)
        return;
    fprintf(stderr, "bench-disk: a call fails: %lld\n", (long long)result);
    exit(1);
}

/* ---- calls ---- */

static struct sm_file *open_file(const struct sim_machine *machine)
{
    struct sm_file *file;

    check(sm_file_open(sim_disk_of(machine), &file, "f",
                       SM_FILE_READ | SM_FILE_WRITE | SM_FILE_CREATE));
    return file;
}

static int write_and_sync(void *arg, struct sim_machine *machine)
{
    struct sm_file *file = open_file(machine);

    (void)arg;
    for (uint32_t i = 0; i < SYNCS; i++) {
        check(sm_file_pwrite(file, block, BLOCK, (int64_t)(i % FILE_BLOCKS) * BLOCK));
        check(sm_file_fsync(file));
    }
    return 0;
}

static int read_at_random(void *arg, struct sim_machine *machine)
{
    struct sm_file *file = open_file(machine);

    (void)arg;
    for (int64_t i = 0; i < FILE_BLOCKS; i++)
        check(sm_file_pwrite(file, block, BLOCK, i * BLOCK));
    for (uint32_t i = 0; i < READS; i++) {
        const uint64_t at = sm__random_scale(sm__random_draw(1, i), FILE_BLOCKS);
        check(sm_file_pread(file, block, BLOCK, (int64_t)at * BLOCK));
    }
    return 0;
}

static void failed(void *arg, struct sim_world *world, const struct sim_failure *failure)
{
    (void)arg, (void)world;
    fprintf(stderr, "bench-disk: %s\n", failure->text);
    exit(1);
}

/* Returns the seconds that a body takes on a machine. */
static double run(int (*body)(void *arg, struct sim_machine *machine))
{
    const struct sim_options options = {
        .seed = 1, .machine_count_max = 1, .failed = failed, .log_level = -1};
    struct sim_world *world;

    if (sim_world_create(&world, &options))
        exit(1);
    world->program = (struct sim_program){.start = body};
    struct sim_machine *machine = sim_machine_add(world, "m", 0);
    struct sim_disks *disks = sim_disk_create(world);
    sim_machine_start(machine);
    const double begun = now_s();
    sim_world_run(world, INT64_MAX / 2);
    const double seconds = now_s() - begun;
    sim_world_destroy(world);
    sim_disk_destroy(disks);
    return seconds;
}

/* ---- the disk alone ---- */

static struct sim_inode *make(struct sim_image *image, const char *path)
{
    struct sim_inode *inode;

    check(sim_image_open(image, path, true, false, &inode));
    return inode;
}

static uint64_t draw(void *arg, uint64_t bound)
{
    uint64_t *draws = arg;
    return sm__random_scale(sm__random_draw(7, (*draws)++), bound);
}

static double cut_power(void)
{
    static const char *const paths[] = {"db", "journal"};
    struct sim_image *image = sim_image_create(SIM_DISK_CAPACITY_BYTES);
    uint64_t draws = 0;
    const double begun = now_s();

    for (uint32_t i = 0; i < CUTS; i++) {
        for (uint32_t k = 0; k < CUT_PAGES; k++) {
            struct sim_inode *inode = make(image, paths[k % 2]);
            check(sim_inode_write(image, inode, block, BLOCK, (int64_t)draw(&draws, 256) * BLOCK));
            sim_image_release(image, inode);
        }
        (void)sim_image_rename(image, "journal", "old");
        sim_image_crash(image, draw, &draws, NULL);
    }
    const double seconds = now_s() - begun;
    sim_image_destroy(image);
    return seconds;
}

/* ---- memory ---- */

static double taken(void)
{
    const struct mallinfo2 info = mallinfo2();
    return (double)info.uordblks + (double)info.hblkhd;
}

static void memory_row(const char *what, void (*fill)(struct sim_image *image))
{
    const double before = taken();
    struct sim_image *image = sim_image_create(2 * LARGE_BYTES);

    fill(image);
    sim_image_sync_names(image, UINT64_MAX);
    const double stored = (double)sim_image_used_bytes(image), bytes = taken() - before;
    printf("%-44s %9.3f bytes of memory per byte of its pages\n", what, bytes / stored);
    sim_image_destroy(image);
}

static void fill_large(struct sim_image *image)
{
    struct sim_inode *inode = make(image, "f");

    for (int64_t at = 0; at < LARGE_BYTES; at += BLOCK)
        check(sim_inode_write(image, inode, block, BLOCK, at));
    sim_inode_sync(image, inode, UINT64_MAX, NULL, NULL);
    sim_image_release(image, inode);
}

static void fill_sparse(struct sim_image *image)
{
    struct sim_inode *inode = make(image, "f");

    for (int64_t i = 0; i < SPARSE_COUNT; i++)
        check(sim_inode_write(image, inode, block, BLOCK, i * SPARSE_STEP));
    sim_inode_sync(image, inode, UINT64_MAX, NULL, NULL);
    sim_image_release(image, inode);
}

static void fill_small(struct sim_image *image)
{
    char path[32];

    for (uint32_t i = 0; i < SMALL_FILES; i++) {
        snprintf(path, sizeof path, "f%u", i);
        struct sim_inode *inode = make(image, path);
        check(sim_inode_write(image, inode, block, SMALL_BYTES, 0));
        sim_inode_sync(image, inode, UINT64_MAX, NULL, NULL);
        sim_image_release(image, inode);
    }
}

int main(void)
{
    memset(block, 'x', sizeof block);
    printf("%-44s %9.0f per second\n", "4 KiB written and synced", SYNCS / run(write_and_sync));
    printf("%-44s %9.0f per second\n", "4 KiB read at random, of 16 MiB",
           READS / run(read_at_random));
    printf("%-44s %9.0f per second\n", "power cut, 20 pages and a name dirty", CUTS / cut_power());
    memory_row("one file of 256 MiB", fill_large);
    memory_row("a page in each MiB of a file of 256 MiB", fill_sparse);
    memory_row("10,000 files of 100 bytes, a page each", fill_small);
    return 0;
}
