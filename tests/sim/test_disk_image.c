/* SPDX-License-Identifier: MIT */
/*
 * What a crash may leave of a disk. Each test makes changes that are not durable, enumerates all
 * states that a crash can choose from, and compares what a reader then finds with what it may find;
 * sampled crashes find nothing else.
 */
#include "core/random.h"
#include "sim/disk_image.h"
#include "tests/suite.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CAPACITY ((int64_t)1 << 30)

/* ---- making ---- */

/* Writes text at a place of a file, which is made if it is missing. */
static void put(struct sim_image *image, const char *path, int64_t offset, const char *text)
{
    struct sim_inode *inode;

    ck_assert_int_eq(sim_image_open(image, path, true, false, &inode), 0);
    ck_assert_int_eq(sim_inode_write(image, inode, text, strlen(text), offset),
                     (int64_t)strlen(text));
    sim_image_release(image, inode);
}

static struct sim_inode *find(struct sim_image *image, const char *path)
{
    struct sim_inode *inode;

    ck_assert_int_eq(sim_image_find(image, path, &inode), 0);
    return inode;
}

static void sync_file(struct sim_image *image, const char *path)
{
    sim_inode_sync(image, find(image, path), sim_image_now(image), NULL, NULL);
}

static void sync_all(struct sim_image *image)
{
    sim_image_sync_names(image, sim_image_now(image));
}

/* ---- looking ---- */

#define TEXT_BYTES 64
#define TEXTS_MAX  64

/* Adds "path=contents " for a file: zeros as '0'. Of a long one, the first byte of each sector. */
static void describe(void *arg, const char *path, struct sim_inode *inode)
{
    const size_t size = (size_t)sim_inode_size(inode), step = size > 16 ? SIM_SECTOR_BYTES : 1;
    char *text = arg, *end = text + strlen(text);

    end += sprintf(end, "%s=", path);
    for (size_t at = 0; at < size; at += step) {
        ck_assert_uint_eq(sim_inode_read(inode, end, 1, (int64_t)at), 1);
        *end = *end ? *end : '0';
        end++;
    }
    strcpy(end, " ");
}

/* What was found, without repeats. */
struct texts {
    size_t count;
    char texts[TEXTS_MAX][TEXT_BYTES];
};

static void note(struct texts *texts, struct sim_image *image)
{
    char text[512] = "";

    sim_image_each(image, describe, text);
    ck_assert_uint_lt(strlen(text), TEXT_BYTES);
    for (size_t i = 0; i < texts->count; i++) {
        if (strcmp(texts->texts[i], text) == 0)
            return;
    }
    ck_assert_uint_lt(texts->count, TEXTS_MAX);
    strcpy(texts->texts[texts->count++], text);
}

static bool has(const struct texts *texts, const char *text)
{
    for (size_t i = 0; i < texts->count; i++) {
        if (strcmp(texts->texts[i], text) == 0)
            return true;
    }
    return false;
}

struct draws {
    uint64_t key, count;
};

static uint64_t draw(void *arg, uint64_t bound)
{
    struct draws *draws = arg;

    ck_assert_uint_gt(bound, 1);
    return sm__random_scale(sm__random_draw(draws->key, draws->count++), bound);
}

typedef void (*make_fn)(struct sim_image *image);

static void enumerate(make_fn make, struct texts *found)
{
    uint64_t states = 1;

    found->count = 0;
    for (uint64_t state = 0; state < states; state++) {
        struct sim_image *image = sim_image_create(CAPACITY);
        make(image);
        states = sim_image_crash_states(image);
        ck_assert_uint_lt(states, 100000);
        sim_image_crash_into(image, state, NULL);
        ck_assert_uint_eq(sim_image_crash_states(image), 1);
        note(found, image);
        sim_image_destroy(image);
    }
}

static void sample(make_fn make, struct texts *found)
{
    found->count = 0;
    for (uint64_t seed = 1; seed <= 1000; seed++) {
        struct sim_image *image = sim_image_create(CAPACITY);
        struct draws draws = {sm__random_mix(seed), 0};
        make(image);
        sim_image_crash(image, draw, &draws, NULL);
        note(found, image);
        sim_image_destroy(image);
    }
}

/* Both ways to crash find exactly these. The list ends with NULL. */
static void expect(make_fn make, const char *const *expected)
{
    static struct texts all, some;
    size_t count = 0;

    enumerate(make, &all);
    sample(make, &some);
    for (; expected[count]; count++) {
        ck_assert_msg(has(&all, expected[count]), "never found: '%s'", expected[count]);
        ck_assert_msg(has(&some, expected[count]), "never drawn: '%s'", expected[count]);
    }
    for (size_t i = 0; i < all.count; i++) {
        bool is_expected = false;
        for (size_t k = 0; k < count; k++)
            is_expected = is_expected || strcmp(all.texts[i], expected[k]) == 0;
        ck_assert_msg(is_expected, "found: '%s'", all.texts[i]);
    }
    for (size_t i = 0; i < some.count; i++)
        ck_assert_msg(has(&all, some.texts[i]), "drawn, but not enumerated: '%s'", some.texts[i]);
}

#define EXPECT(make, ...) expect(make, (const char *const[]){__VA_ARGS__, NULL})

/* ---- bytes ---- */

static void make_synced(struct sim_image *image)
{
    put(image, "f", 0, "ab");
    sync_file(image, "f");
    sync_all(image);
}

/* What is synced, bytes and name, is all that a crash leaves. */
START_TEST(synced)
{
    EXPECT(make_synced, "f=ab ");
}
END_TEST

static void make_appended(struct sim_image *image)
{
    make_synced(image);
    put(image, "f", 2, "cd");
    put(image, "f", 4, "ef");
}

/* Appended bytes come or go, and so does the size, apart from them; a size alone shows zeros. */
START_TEST(appended)
{
    EXPECT(make_appended, "f=ab ", "f=ab00 ", "f=abcd ", "f=ab0000 ", "f=abcd00 ", "f=abcdef ");
}
END_TEST

static void make_torn(struct sim_image *image)
{
    static char text[2 * SIM_SECTOR_BYTES + 1];

    memset(text, 'o', sizeof text - 1);
    put(image, "f", 0, text);
    sync_file(image, "f");
    sync_all(image);
    memset(text, 'n', sizeof text - 1);
    put(image, "f", 0, text);
}

/* One write is torn between its sectors, either way round. */
START_TEST(torn)
{
    EXPECT(make_torn, "f=oo ", "f=on ", "f=no ", "f=nn ");
}
END_TEST

static void make_pages(struct sim_image *image)
{
    put(image, "f", 0, "a");
    put(image, "f", SIM_PAGE_BYTES, "b");
    sync_file(image, "f");
    sync_all(image);
    put(image, "f", 0, "A");
    put(image, "f", SIM_PAGE_BYTES, "B");
}

/* A later write may reach the disk before an earlier one. */
START_TEST(out_of_order)
{
    EXPECT(make_pages, "f=a0000000b ", "f=A0000000b ", "f=a0000000B ", "f=A0000000B ");
}
END_TEST

static void make_rewritten(struct sim_image *image)
{
    make_synced(image);
    put(image, "f", 0, "12");
    put(image, "f", 0, "34");
}

/* Any of the writes to one place may be the last that the disk has seen. */
START_TEST(rewritten)
{
    EXPECT(make_rewritten, "f=ab ", "f=12 ", "f=34 ");
}
END_TEST

static void make_cut(struct sim_image *image)
{
    make_synced(image);
    put(image, "f", 0, "12");
    ck_assert_int_eq(sim_inode_truncate(image, find(image, "f"), 1), 0);
    put(image, "f", 0, "345");
}

/* A cut that happened is not undone by older bytes; one that did not has no newer ones. */
START_TEST(cut)
{
    EXPECT(make_cut, "f=ab ", "f=12 ", "f=1 ", "f=3 ", "f=100 ", "f=345 ");
}
END_TEST

static void make_two_files(struct sim_image *image)
{
    put(image, "a", 0, "1");
    put(image, "b", 0, "1");
    sync_file(image, "a");
    sync_file(image, "b");
    sync_all(image);
    put(image, "a", 0, "2");
    put(image, "b", 0, "2");
    sync_file(image, "b");
}

/* Syncing one file leaves another as it was. */
START_TEST(files_apart)
{
    EXPECT(make_two_files, "a=1 b=2 ", "a=2 b=2 ");
}
END_TEST

static void make_sync_up_to(struct sim_image *image)
{
    put(image, "f", 0, "1");
    sync_all(image);
    const uint64_t begun = sim_image_now(image);
    put(image, "f", 0, "2");
    sim_inode_sync(image, find(image, "f"), begun, NULL, NULL);
}

/* A sync covers what was done before it began, and maybe more. */
START_TEST(sync_up_to)
{
    EXPECT(make_sync_up_to, "f=1 ", "f=2 ");
}
END_TEST

/* ---- syncs that go wrong ---- */

static enum sim_fate always(void *arg, const struct sim_dirty *dirty)
{
    (void)dirty;
    return *(const enum sim_fate *)arg;
}

static void make_stuck(struct sim_image *image)
{
    enum sim_fate fate = SIM_FATE_STUCK;

    make_synced(image);
    put(image, "f", 0, "12");
    sim_inode_sync(image, find(image, "f"), sim_image_now(image), always, &fate);
    sync_file(image, "f");
    sync_file(image, "f");
}

/* What a failed sync has not written, no later sync writes; the cache shows it until the crash. */
START_TEST(stuck)
{
    struct sim_image *image = sim_image_create(CAPACITY);
    struct texts found = {0};

    EXPECT(make_stuck, "f=ab ");
    make_stuck(image);
    note(&found, image);
    ck_assert_str_eq(found.texts[0], "f=12 ");
    put(image, "f", 1, "3"); /* the whole page is dirty again */
    sync_file(image, "f");
    sim_image_crash_into(image, 0, NULL);
    note(&found, image);
    ck_assert_str_eq(found.texts[1], "f=13 ");
    sim_image_destroy(image);
}
END_TEST

/* A write that was lost and dropped from the cache is seen to be lost at once. */
START_TEST(dropped)
{
    struct sim_image *image = sim_image_create(CAPACITY);
    enum sim_fate fate = SIM_FATE_DROPPED;
    struct texts found = {0};

    make_synced(image);
    put(image, "f", 0, "12");
    sim_inode_sync(image, find(image, "f"), sim_image_now(image), always, &fate);
    note(&found, image);
    ck_assert_str_eq(found.texts[0], "f=ab ");
    sim_image_destroy(image);
}
END_TEST

/* ---- names ---- */

static void make_name(struct sim_image *image)
{
    put(image, "f", 0, "1");
    sync_file(image, "f");
}

/* A file that is synced, but not its directory, may be gone. */
START_TEST(name_not_synced)
{
    EXPECT(make_name, "", "f=1 ");
}
END_TEST

static void make_names(struct sim_image *image)
{
    put(image, "a", 0, "");
    put(image, "b", 0, "");
    sync_file(image, "a");
}

/* Each name has a fate of its own. */
START_TEST(names_apart)
{
    EXPECT(make_names, "", "a= ", "b= ", "a= b= ");
}
END_TEST

static void make_replaced(struct sim_image *image)
{
    put(image, "state", 0, "old");
    sync_file(image, "state");
    sync_all(image);
    put(image, "new", 0, "new");
    sync_file(image, "new");
    ck_assert_int_eq(sim_image_rename(image, "new", "state"), 0);
}

/* A rename is whole or not at all, and needs the name that it moves. */
START_TEST(replaced)
{
    EXPECT(make_replaced, "state=old ", "new=new state=old ", "state=new ");
}
END_TEST

static void make_replaced_unsynced(struct sim_image *image)
{
    put(image, "state", 0, "old");
    sync_file(image, "state");
    sync_all(image);
    put(image, "new", 0, "new");
    ck_assert_int_eq(sim_image_rename(image, "new", "state"), 0);
    sync_all(image);
}

/* The classic mistake: the name is durable, and the bytes are not. */
START_TEST(replaced_unsynced)
{
    EXPECT(make_replaced_unsynced, "state= ", "state=000 ", "state=new ");
}
END_TEST

static void make_directories(struct sim_image *image)
{
    ck_assert_int_eq(sim_image_mkdir(image, "d"), 0);
    ck_assert_int_eq(sim_image_mkdir(image, "e"), 0);
    sync_all(image);
    put(image, "d/f", 0, "");
    put(image, "e/g", 0, "");
    ck_assert_int_eq(sim_image_sync_dir(image, "d", sim_image_now(image)), 0);
    ck_assert_int_eq(sim_image_sync_dir(image, "d/f", sim_image_now(image)), -ENOTDIR);
    ck_assert_int_eq(sim_image_sync_dir(image, "x", sim_image_now(image)), -ENOENT);
}

/* Syncing a directory makes its own names durable, and no other's. */
START_TEST(directories_apart)
{
    EXPECT(make_directories, "d/f= ", "d/f= e/g= ");
}
END_TEST

static void make_nested(struct sim_image *image)
{
    ck_assert_int_eq(sim_image_mkdir(image, "d"), 0);
    put(image, "d/f", 0, "");
    ck_assert_int_eq(sim_image_sync_dir(image, "d", sim_image_now(image)), 0);
}

/* A directory's own name is in the directory above it. */
START_TEST(nested)
{
    EXPECT(make_nested, "", "d/f= ");
}
END_TEST

static void make_removed(struct sim_image *image)
{
    put(image, "a", 0, "1");
    put(image, "b", 0, "1");
    sync_file(image, "a");
    sync_file(image, "b");
    sync_all(image);
    ck_assert_int_eq(sim_image_unlink(image, "a"), 0);
    ck_assert_int_eq(sim_image_link(image, "b", "c"), 0);
}

/* What was removed may come back, with what was in it. */
START_TEST(removed)
{
    EXPECT(make_removed, "a=1 b=1 ", "b=1 ", "a=1 b=1 c=1 ", "b=1 c=1 ");
}
END_TEST

/* ---- a file that is moved about is never lost ---- */

static void move_about(struct sim_image *image, struct draws *draws)
{
    static const char *const directories[] = {"a", "b", "a/c", "b/c", "a/b", "b/a"};
    static const char *const files[] = {"keep", "a/keep", "b/keep", "a/c/keep", "b/c/keep"};
    const char *from = directories[draw(draws, 6)], *to = directories[draw(draws, 6)];

    switch (draw(draws, 5)) {
    case 0:
        (void)sim_image_mkdir(image, to);
        break;
    case 1:
        (void)sim_image_rmdir(image, to);
        break;
    case 2:
        (void)sim_image_rename(image, from, to);
        break;
    case 3:
        (void)sim_image_sync_dir(image, draw(draws, 2) ? to : ".", sim_image_now(image));
        break;
    default:
        for (int i = 0; i < 5; i++) {
            if (sim_image_rename(image, files[i], files[draw(draws, 5)]) == 0)
                break;
        }
    }
}

static void count_kept(void *arg, const char *path, struct sim_inode *inode)
{
    (void)path, (void)inode;
    ++*(int *)arg;
}

/* Whatever is moved, made and removed, and whatever of it a crash keeps, the file is there once. */
START_TEST(never_lost)
{
    for (uint64_t seed = 1; seed <= 5000; seed++) {
        struct sim_image *image = sim_image_create(CAPACITY);
        struct draws draws = {sm__random_mix(seed), 0};
        put(image, "keep", 0, "1");
        sync_file(image, "keep");
        sync_all(image);
        for (uint64_t i = 0; i < 5 + seed % 30; i++)
            move_about(image, &draws);
        sim_image_crash(image, draw, &draws, NULL);
        int kept = 0;
        sim_image_each(image, count_kept, &kept);
        ck_assert_msg(kept == 1, "seed %llu: %d", (unsigned long long)seed, kept);
        sim_image_destroy(image);
    }
}
END_TEST

/* ---- space ---- */

/* A full disk takes what still fits, and more once a file is gone; holes take nothing. */
START_TEST(space)
{
    struct sim_image *image = sim_image_create((int64_t)4 * SIM_PAGE_BYTES);
    static char block[6 * SIM_PAGE_BYTES];
    struct sim_inode *inode;

    ck_assert_int_eq(sim_image_open(image, "f", true, false, &inode), 0);
    ck_assert_int_eq(sim_inode_truncate(image, inode, CAPACITY), 0);
    ck_assert_int_eq(sim_image_used_bytes(image), 0);
    ck_assert_int_eq(sim_inode_write(image, inode, block, sizeof block, 0), 4 * SIM_PAGE_BYTES);
    ck_assert_int_eq(sim_inode_write(image, inode, block, 1, 5 * SIM_PAGE_BYTES), -ENOSPC);
    ck_assert_int_eq(sim_inode_write(image, inode, block, 1, 1), 1);
    ck_assert_int_eq(sim_inode_write(image, inode, block, 1, SIM_FILE_BYTES_MAX), -EFBIG);
    ck_assert_int_eq(sim_inode_allocate(image, inode, 0, 5 * SIM_PAGE_BYTES), -ENOSPC);
    ck_assert_int_eq(sim_image_unlink(image, "f"), 0);
    ck_assert_int_eq(sim_image_used_bytes(image), 4 * SIM_PAGE_BYTES);
    sim_image_release(image, inode);
    ck_assert_int_eq(sim_image_used_bytes(image), 0);
    ck_assert_int_eq(sim_image_open(image, "g", true, false, &inode), 0);
    ck_assert_int_eq(sim_inode_allocate(image, inode, 0, 3 * SIM_PAGE_BYTES), 0);
    ck_assert_int_eq(sim_image_used_bytes(image), 3 * SIM_PAGE_BYTES);
    sim_image_release(image, inode);
    sim_image_destroy(image);
}
END_TEST

/* Without any sync, changes reach the disk all the same once there are many. */
START_TEST(write_back)
{
    struct sim_image *image = sim_image_create(CAPACITY);
    static char block[1 << 20];

    memset(block, 'x', sizeof block - 1);
    for (int64_t i = 0; i < 20; i++)
        put(image, "f", i << 20, block);
    for (int i = 0; i < 1100; i++) {
        ck_assert_int_eq(sim_image_mkdir(image, "d"), 0);
        ck_assert_int_eq(sim_image_rmdir(image, "d"), 0);
    }
    sim_image_crash_into(image, 0, NULL);
    ck_assert_int_gt(sim_inode_size(find(image, "f")), 10 << 20);
    sim_image_destroy(image);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {synced,       appended,          torn,
                                  out_of_order, rewritten,         cut,
                                  files_apart,  sync_up_to,        stuck,
                                  dropped,      name_not_synced,   names_apart,
                                  replaced,     replaced_unsynced, directories_apart,
                                  nested,       removed,           never_lost,
                                  space,        write_back};
    Suite *suite = suite_create("disk image");
    TCase *tc = tcase_create("image");

    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_test(tc, tests[i]);
    suite_add_tcase(suite, tc);
    return suite_run(suite);
}
