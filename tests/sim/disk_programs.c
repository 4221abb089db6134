/* SPDX-License-Identifier: MIT */
#include "tests/sim/disk_programs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define READ_WRITE (SM_FILE_READ | SM_FILE_WRITE)
#define PERCENT    10000u /* parts per million */

static void expect(struct life *life, bool holds)
{
    life->is_broken = life->is_broken || !holds;
}

/* Opens a file, made with a durable name. NULL: it cannot. */
static struct sm_file *open_file(struct life *life, const char *path)
{
    struct sm_file *file;

    if (sm_file_open(life->disk, &file, path, READ_WRITE | SM_FILE_CREATE))
        return NULL;
    while (sm_disk_sync_dir(life->disk, ".") == -EIO)
        continue; /* names are not forgotten by a sync that fails */
    return file;
}

/* The number at a place; 0: none yet. */
static uint64_t get(struct sm_file *file, int64_t offset)
{
    uint64_t number = 0;
    return sm_file_pread(file, &number, sizeof number, offset) == sizeof number ? number : 0;
}

static int put(struct sm_file *file, uint64_t number, int64_t offset)
{
    return sm_file_pwrite(file, &number, sizeof number, offset);
}

/* ---- one number, in place ---- */

static void sync_file(struct life *life)
{
    struct sm_file *file = open_file(life, "n");

    expect(life, get(file, 0) >= life->acked);
    for (uint64_t n = life->acked + 1;; n++) {
        int error = put(file, n, 0);
        if (!error && life->is_right)
            error = sm_file_fsync(file);
        if (error)
            return;
        life->acked = n;
    }
}

/* What a sync that failed has not written must be written anew. */
static void sync_again(struct life *life)
{
    struct sm_file *file = open_file(life, "n");

    expect(life, get(file, 0) >= life->acked);
    for (uint64_t n = life->acked + 1;; n++) {
        int error = put(file, n, 0);
        while (!error && (error = sm_file_fsync(file)) == -EIO)
            error = life->is_right ? put(file, n, 0) : 0;
        if (error)
            return;
        life->acked = n;
    }
}

static void heed_errors(struct life *life)
{
    struct sm_file *file;

    if (sm_file_open(life->disk, &file, "n", SM_FILE_READ) == 0) {
        expect(life, get(file, 0) >= life->acked);
        sm_file_close(file);
    } else {
        expect(life, life->acked == 0);
    }
    file = open_file(life, "n");
    for (uint64_t n = life->acked + 1; file; n++) {
        int error = put(file, n, 0);
        while (life->is_right && error == -EIO)
            error = put(file, n, 0);
        const int sync_error = sm_file_fsync(file);
        if (sync_error == -ECANCELED || (life->is_right && (error || sync_error)))
            return;
        life->acked = n;
    }
}

/* Reads that fail are tried again. */
static void read_again(struct life *life)
{
    struct sm_file *file = open_file(life, "n");
    uint64_t number = 0;
    int count;

    do
        count = sm_file_pread(file, &number, sizeof number, 0);
    while (count == -EIO && life->is_right);
    expect(life, number >= life->acked);
    for (uint64_t n = life->acked + 1; put(file, n, 0) == 0 && sm_file_fsync(file) == 0; n++)
        life->acked = n;
}

/* Reads that are short are gone on with. */
static void read_on(struct life *life)
{
    struct sm_file *file = open_file(life, "n");
    uint64_t numbers[3] = {0};
    size_t done = 0;
    int count;

    do {
        count = sm_file_pread(file, (char *)numbers + done, sizeof numbers - done, (int64_t)done);
        done += count > 0 ? (size_t)count : 0;
    } while (life->is_right && count > 0 && done < sizeof numbers);
    for (size_t i = 0; i < 3; i++)
        expect(life, numbers[i] >= life->acked);
    for (uint64_t n = life->acked + 1;; n++) {
        numbers[0] = numbers[1] = numbers[2] = n;
        if (sm_file_pwrite(file, numbers, sizeof numbers, 0) || sm_file_fsync(file))
            return;
        life->acked = n;
    }
}

static int sync_in_task(void *file)
{
    return sm_file_fsync(file);
}

/* A sync is done when it says so, not when it should be. */
static void wait_for_sync(struct life *life)
{
    struct sm_file *file = open_file(life, "n");

    expect(life, get(file, 0) >= life->acked);
    for (uint64_t n = life->acked + 1;; n++) {
        struct sm_task *task;
        int result;
        if (put(file, n, 0) || sm_task_spawn(&task, "sync", sync_in_task, file))
            return;
        if (!life->is_right && sm_task_join(task, &result, sm_now() + 15 * SM_MS) == 0) {
            life->acked = n;
            continue;
        }
        if (!life->is_right)
            life->acked = n;
        if (sm_task_join(task, &result, SM_FOREVER) || result)
            return;
        life->acked = n;
    }
}

/* ---- names ---- */

/* A file for each number. */
static void sync_names(struct life *life)
{
    struct sm_file *file;
    char path[16];

    for (uint64_t n = 1; n <= life->acked; n++) {
        snprintf(path, sizeof path, "n%u", (unsigned)n);
        if (sm_file_open(life->disk, &file, path, SM_FILE_READ) == 0)
            expect(life, get(file, 0) == n);
        else
            expect(life, false);
    }
    for (uint64_t n = life->acked + 1;; n++) {
        snprintf(path, sizeof path, "n%u", (unsigned)n);
        if (sm_file_open(life->disk, &file, path, READ_WRITE | SM_FILE_CREATE) || put(file, n, 0) ||
            sm_file_fsync(file))
            return;
        sm_file_close(file);
        if (life->is_right && sm_disk_sync_dir(life->disk, "."))
            return;
        life->acked = n;
    }
}

/* A new file takes the place of the old one once it is complete. */
static void replace_file(struct life *life)
{
    struct sm_file *file;

    if (sm_file_open(life->disk, &file, "n", SM_FILE_READ) == 0)
        expect(life, get(file, 0) >= life->acked && get(file, 0) > 0);
    else
        expect(life, life->acked == 0);
    for (uint64_t n = life->acked + 1;; n++) {
        if (sm_file_open(life->disk, &file, "new",
                         SM_FILE_WRITE | SM_FILE_CREATE | SM_FILE_TRUNC) ||
            put(file, n, 0) || (life->is_right && sm_file_fsync(file)))
            return;
        sm_file_close(file);
        if (sm_disk_rename(life->disk, "new", "n") || sm_disk_sync_dir(life->disk, "."))
            return;
        life->acked = n;
    }
}

/* ---- records ---- */

#define RECORD_BYTES 1504

struct record {
    uint64_t number, sum;
    uint8_t filler[RECORD_BYTES - 16];
};

static uint64_t sum_of(const struct record *record)
{
    uint64_t sum = record->number * 0x9e3779b97f4a7c15u + 1;

    for (size_t i = 0; i < sizeof record->filler; i++)
        sum = (sum ^ record->filler[i]) * 0x100000001b3u;
    return sum;
}

/* A record of several sectors may be there in part: its sum says so. */
static void sum_records(struct life *life)
{
    struct sm_file *file = open_file(life, "log");
    struct record record;
    uint64_t n = 1;

    for (;; n++) {
        const int64_t at = (int64_t)(n - 1) * RECORD_BYTES;
        if (sm_file_pread(file, &record, sizeof record, at) != sizeof record ||
            record.number != n || (life->is_right && record.sum != sum_of(&record)))
            break;
        for (size_t i = 0; i < sizeof record.filler; i++)
            expect(life, record.filler[i] == (uint8_t)n);
    }
    expect(life, n > life->acked);
    for (;; n++) {
        record.number = n;
        memset(record.filler, (int)(uint8_t)n, sizeof record.filler);
        record.sum = sum_of(&record);
        if (sm_file_pwrite(file, &record, sizeof record, (int64_t)(n - 1) * RECORD_BYTES) ||
            sm_file_fsync(file))
            return;
        life->acked = n;
    }
}

/* What says that the bytes are there is written after they are. */
static void keep_order(struct life *life)
{
    struct sm_file *file = open_file(life, "n");

    const uint64_t said = get(file, 0), there = get(file, SIM_PAGE_BYTES);
    expect(life, there >= said && said >= life->acked);
    for (uint64_t n = life->acked + 1;; n++) {
        if (put(file, n, SIM_PAGE_BYTES) || (life->is_right && sm_file_fsync(file)) ||
            put(file, n, 0) || sm_file_fsync(file))
            return;
        life->acked = n;
    }
}

/* ---- numbers that know themselves, in one file or two ---- */

struct page {
    uint64_t index, number, sum;
};

static uint64_t page_sum(const struct page *page)
{
    return (page->index + 3) * 0x9e3779b97f4a7c15u ^ page->number * 0xbf58476d1ce4e5b9u;
}

/* The number in a page; 0: none, or it is damaged. Who does not look takes what is there. */
static uint64_t get_page(struct sm_file *file, uint64_t index, bool looks, bool *is_damaged)
{
    struct page page = {0};

    if (sm_file_pread(file, &page, sizeof page, (int64_t)index * SIM_PAGE_BYTES) != sizeof page ||
        (page.number == 0 && page.sum == 0 && page.index == 0))
        return 0;
    if (!looks || (page.index == index && page.sum == page_sum(&page)))
        return page.number;
    *is_damaged = true;
    return 0;
}

static int put_page(struct sm_file *file, uint64_t index, uint64_t number)
{
    struct page page = {.index = index, .number = number};

    page.sum = page_sum(&page);
    return sm_file_pwrite(file, &page, sizeof page, (int64_t)index * SIM_PAGE_BYTES);
}

/* Who has a sum knows that a number is rotten, and gives up. */
static void find_rot(struct life *life)
{
    struct sm_file *file = open_file(life, "n");
    bool is_damaged = false;

    const uint64_t number = get_page(file, 0, life->is_right, &is_damaged);
    if (is_damaged)
        return;
    expect(life, number == life->acked || number == life->acked + 1);
    life->acked = number;
    for (uint64_t n = number + 1;; n++) {
        if (put_page(file, 0, n) || sm_file_fsync(file) ||
            get_page(file, 0, life->is_right, &is_damaged) != n || is_damaged)
            return;
        life->acked = n;
    }
}

/* Two files, of which one is on a disk that loses writes or misplaces them: together they know. */
static void keep_two(struct life *life)
{
    struct sm_file *a = open_file(life, "a"), *b = open_file(life, "b");
    bool is_damaged;

    for (uint64_t i = 0; i < DISK_PAGES; i++) {
        uint64_t number = get_page(a, i, life->is_right, &is_damaged);
        const uint64_t other = life->is_right ? get_page(b, i, true, &is_damaged) : 0;
        number = other > number ? other : number;
        expect(life, number >= life->acked_pages[i] && (number == 0 || number % DISK_PAGES == i));
    }
    for (uint64_t n = life->acked + 1;; n++) {
        const uint64_t i = n % DISK_PAGES;
        if (put_page(a, i, n) || sm_file_fsync(a) ||
            (life->is_right && (put_page(b, i, n) || sm_file_fsync(b))))
            return;
        life->acked = life->acked_pages[i] = n;
    }
}

const struct disk_program disk_programs[] = {
    {"does not sync the file", .run = sync_file},
    {"does not sync the directory", .run = sync_names},
    {"renames before it syncs", .run = replace_file},
    {"trusts a torn record", .run = sum_records},
    {"trusts the order of its writes", .run = keep_order},
    {"syncs again after a sync that failed", .run = sync_again,
     .fault = {.sync_error_ppm = 30 * PERCENT}},
    {"ignores a write that failed", .run = heed_errors, .fault = {.write_error_ppm = 30 * PERCENT}},
    {"ignores that the disk is full", .run = heed_errors, .fault = {.is_full = true}, .files = "n",
     .begins_ns = 1},
    {"ignores that the disk is read-only", .run = heed_errors, .fault = {.is_read_only = true},
     .begins_ns = 15 * SM_MS},
    {"ignores a read that failed", .run = read_again, .fault = {.read_error_ppm = 30 * PERCENT},
     .files = "n"},
    {"takes a short read for a whole one", .run = read_on, .fault = {.short_ppm = 50 * PERCENT}},
    {"takes a slow sync for a done one", .run = wait_for_sync,
     .fault = {.latency_min_ns = 10 * SM_MS, .latency_max_ns = 40 * SM_MS}, .life_ns = 300 * SM_MS},
    {"takes a stalled sync for a done one", .run = wait_for_sync, .fault = {.stall = true},
     .begins_ns = 10 * SM_MS, .ends_ns = 120 * SM_MS, .life_ns = 150 * SM_MS},
    {"trusts a rotten number", .run = find_rot, .fault = {.bit_rot_ppm = 10 * PERCENT}},
    {"trusts that what is synced is written", .run = keep_two, .files = "a",
     .fault = {.lost_write_ppm = 10 * PERCENT}},
    {"trusts that what is written is in its place", .run = keep_two, .files = "a",
     .fault = {.misdirected_ppm = 10 * PERCENT}},
};
const size_t disk_program_count = sizeof disk_programs / sizeof *disk_programs;
