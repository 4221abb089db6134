/* SPDX-License-Identifier: MIT */
/* The simulated disk: what calls do, what a crash leaves, and that it is the seed that decides. */
#include "sim/disk.h"
#include "sim/disk_image.h"
#include "tests/core/world.h"

#include <steelmill/steelmill.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* ---- the image: crashes by a script of draws ---- */

struct script {
    const uint64_t *draws;
    size_t count, next;
};

static uint64_t scripted(void *arg, uint64_t bound)
{
    struct script *script = arg;

    ck_assert_uint_lt(script->next, script->count);
    const uint64_t draw = script->draws[script->next++];
    ck_assert_uint_lt(draw, bound);
    return draw;
}

/* Crashes with these draws, all of which must be used. */
#define CRASH_IMAGE(image, ...)                                              \
    do {                                                                     \
        const uint64_t draws_[] = {__VA_ARGS__};                             \
        struct script script_ = {draws_, sizeof draws_ / sizeof *draws_, 0}; \
        sim_image_crash((image), scripted, &script_);                        \
        ck_assert_uint_eq(script_.next, script_.count);                      \
    } while (0)
#define CRASH_IMAGE_UNDRAWN(image)                    \
    do {                                              \
        struct script script_ = {NULL, 0, 0};         \
        sim_image_crash((image), scripted, &script_); \
    } while (0)
enum { LOSE = 0, KEEP = 1, FIRST = 2 };

static struct sim_image *new_image(void)
{
    return sim_image_create(1000);
}

/* Appends text to a file, which is made if it is missing. */
static void append(struct sim_image *image, const char *path, const char *text)
{
    struct sim_inode *inode;

    ck_assert_int_eq(sim_image_open(image, path, true, false, &inode), 0);
    ck_assert_int_eq(sim_inode_write(image, inode, text, strlen(text), sim_inode_size(inode)), 0);
    sim_image_release(image, inode);
}

static void sync_file(struct sim_image *image, const char *path)
{
    struct sim_inode *inode;

    ck_assert_int_eq(sim_image_open(image, path, false, false, &inode), 0);
    sim_inode_sync(image, inode, sim_image_now(image));
    sim_image_release(image, inode);
}

/* What the file holds; "(none)" if it is not there. */
static const char *contents(struct sim_image *image, const char *path)
{
    static char text[256];
    struct sim_inode *inode;

    if (sim_image_open(image, path, false, false, &inode))
        return "(none)";
    text[sim_inode_read(inode, text, sizeof text - 1, 0)] = '\0';
    sim_image_release(image, inode);
    return text;
}

/* Synced bytes outlive a crash; of the rest the draws keep all, none, or some first writes. */
START_TEST(unsynced_writes)
{
    static const char *const expected[] = {"ab", "abcdef", "ab", "abcd", "abcdef"};
    struct sim_image *image;

    for (uint64_t i = 0; i < 5; i++) {
        image = new_image();
        append(image, "log", "ab");
        sync_file(image, "log");
        append(image, "log", "cd");
        append(image, "log", "ef");
        if (i < FIRST)
            CRASH_IMAGE(image, i);
        else
            CRASH_IMAGE(image, FIRST, i - FIRST);
        ck_assert_str_eq(contents(image, "log"), expected[i]);
        CRASH_IMAGE_UNDRAWN(image);
        ck_assert_str_eq(contents(image, "log"), expected[i]);
        sim_image_destroy(image);
    }
}
END_TEST

/* Each file has a fate of its own, drawn in the order of names. */
START_TEST(files_apart)
{
    struct sim_image *image = new_image();

    append(image, "b", "1");
    append(image, "a", "1");
    sync_file(image, "a");
    sync_file(image, "b");
    append(image, "b", "2");
    append(image, "a", "2");
    CRASH_IMAGE(image, KEEP, LOSE);
    ck_assert_str_eq(contents(image, "a"), "12");
    ck_assert_str_eq(contents(image, "b"), "1");
    sim_image_destroy(image);
}
END_TEST

/* A name that was never synced may be lost with its file, also one with durable neighbours. */
START_TEST(unsynced_names)
{
    struct sim_image *image = new_image();

    append(image, "old", "1");
    sync_file(image, "old");
    append(image, "new", "2");
    CRASH_IMAGE(image, LOSE);
    ck_assert_str_eq(contents(image, "new"), "(none)");
    append(image, "new", "2");
    CRASH_IMAGE(image, KEEP, LOSE);
    ck_assert_str_eq(contents(image, "new"), "");
    append(image, "new", "3");
    CRASH_IMAGE(image, KEEP);
    ck_assert_str_eq(contents(image, "new"), "3");
    ck_assert_str_eq(contents(image, "old"), "1");
    sim_image_destroy(image);
}
END_TEST

/* A rename is atomic: after a crash the target is the old file or the new one, never neither. */
START_TEST(rename_over)
{
    for (uint64_t fate = LOSE; fate <= KEEP; fate++) {
        struct sim_image *image = new_image();
        append(image, "state", "old");
        sync_file(image, "state");
        append(image, "state.new", "new");
        sync_file(image, "state.new");
        ck_assert_int_eq(sim_image_rename(image, "state.new", "state"), 0);
        ck_assert_str_eq(contents(image, "state"), "new");
        ck_assert_str_eq(contents(image, "state.new"), "(none)");
        CRASH_IMAGE(image, fate);
        ck_assert_str_eq(contents(image, "state"), fate == KEEP ? "new" : "old");
        ck_assert_str_eq(contents(image, "state.new"), fate == KEEP ? "(none)" : "new");
        sim_image_destroy(image);
    }
}
END_TEST

/* Syncing names makes creations, renames and removals durable, and leaves the bytes alone. */
START_TEST(sync_names)
{
    struct sim_image *image = new_image();

    append(image, "a", "1");
    append(image, "b", "2");
    append(image, "c", "3");
    ck_assert_int_eq(sim_image_rename(image, "a", "d"), 0);
    ck_assert_int_eq(sim_image_unlink(image, "b"), 0);
    sim_image_sync_names(image, sim_image_now(image));
    ck_assert_int_eq(sim_image_unlink(image, "c"), 0);
    CRASH_IMAGE(image, LOSE, LOSE, KEEP);
    ck_assert_str_eq(contents(image, "a"), "(none)");
    ck_assert_str_eq(contents(image, "b"), "(none)");
    ck_assert_str_eq(contents(image, "c"), "");
    ck_assert_str_eq(contents(image, "d"), "1");
    sim_image_destroy(image);
}
END_TEST

/* A sync covers what was done before it began, not what came while it ran. */
START_TEST(sync_up_to)
{
    struct sim_image *image = new_image();
    struct sim_inode *inode;

    append(image, "f", "1");
    const uint64_t begun = sim_image_now(image);
    append(image, "f", "2");
    ck_assert_int_eq(sim_image_open(image, "f", false, false, &inode), 0);
    sim_inode_sync(image, inode, begun);
    sim_image_release(image, inode);
    CRASH_IMAGE(image, LOSE);
    ck_assert_str_eq(contents(image, "f"), "1");
    sim_image_destroy(image);
}
END_TEST

/* Truncation drops bytes, growing again shows zeros, and both are lost as writes are. */
START_TEST(truncation)
{
    struct sim_image *image = new_image();
    struct sim_inode *inode;
    char text[8];

    append(image, "f", "abcdef");
    sync_file(image, "f");
    ck_assert_int_eq(sim_image_open(image, "f", false, false, &inode), 0);
    ck_assert_int_eq(sim_inode_truncate(image, inode, 2), 0);
    ck_assert_int_eq(sim_inode_truncate(image, inode, 4), 0);
    ck_assert_uint_eq(sim_inode_read(inode, text, sizeof text, 0), 4);
    ck_assert_mem_eq(text, "ab\0\0", 4);
    ck_assert_uint_eq(sim_inode_read(inode, text, sizeof text, 9), 0);
    sim_image_release(image, inode);
    CRASH_IMAGE(image, FIRST, 1);
    ck_assert_str_eq(contents(image, "f"), "ab");
    sim_image_destroy(image);
}
END_TEST

/* A full disk refuses what does not fit, changes nothing, and takes more once a file is gone. */
START_TEST(full_disk)
{
    struct sim_image *image = new_image();
    struct sim_inode *inode;

    append(image, "f", "x");
    ck_assert_int_eq(sim_image_open(image, "f", false, false, &inode), 0);
    ck_assert_int_eq(sim_inode_write(image, inode, "y", 1, 1000), -ENOSPC);
    ck_assert_int_eq(sim_inode_write(image, inode, "y", 1, INT64_MAX), -ENOSPC);
    ck_assert_int_eq(sim_inode_truncate(image, inode, 1001), -ENOSPC);
    ck_assert_int_eq(sim_inode_size(inode), 1);
    ck_assert_int_eq(sim_inode_truncate(image, inode, 1000), 0);
    sim_image_release(image, inode);
    append(image, "g", "");
    ck_assert_int_eq(sim_image_unlink(image, "f"), 0);
    sim_image_sync_names(image, sim_image_now(image));
    append(image, "g", "fits");
    sim_image_destroy(image);
}
END_TEST

/* Without any sync, old changes reach the disk all the same once there are many. */
START_TEST(write_back)
{
    struct sim_image *image = sim_image_create((int64_t)1 << 30);
    static char block[1 << 20];
    struct sim_inode *inode;

    memset(block, 'x', sizeof block);
    append(image, "f", "");
    ck_assert_int_eq(sim_image_open(image, "f", false, false, &inode), 0);
    sim_image_sync_names(image, sim_image_now(image));
    for (int64_t i = 0; i < 20; i++)
        ck_assert_int_eq(sim_inode_write(image, inode, block, sizeof block, i << 20), 0);
    sim_image_release(image, inode);
    CRASH_IMAGE(image, LOSE);
    ck_assert_int_eq(sim_image_open(image, "f", false, false, &inode), 0);
    ck_assert_int_eq(sim_inode_size(inode), 5 << 20);
    sim_image_release(image, inode);
    sim_image_destroy(image);
}
END_TEST

/* Paths are relative, without parts that mean something else. */
START_TEST(paths)
{
    static const char *const good[] = {"a", "a/b", "..a", "a..", "...", ".hidden/x"};
    static const char *const bad[] = {"", "/", "/a", "a/", "a//b", ".", "..", "a/../b", "./a"};
    char text[257];

    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        ck_assert_msg(sim_image_path_valid(good[i]), "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(!sim_image_path_valid(bad[i]), "%s", bad[i]);
    memset(text, 'x', sizeof text);
    text[256] = '\0';
    ck_assert(!sim_image_path_valid(text));
    text[255] = '\0';
    ck_assert(sim_image_path_valid(text));
}
END_TEST

/* ---- the calls, in a world ---- */

struct fixture {
    struct tw tw;
    struct sim_disks *disks;
};
static struct fixture fixture;

static struct fixture *setup(uint64_t seed, tw_body body, void *arg)
{
    const struct sim_options options = {.seed = seed, .log_level = -1};

    tw_create(&fixture.tw, 1, &options, body, arg);
    fixture.disks = sim_disk_create(fixture.tw.world);
    return &fixture;
}

static void run_until(struct fixture *f, sm_time until)
{
    tw_run(&f->tw, until);
    ck_assert_msg(f->tw.failure.kind == 0, "%s", f->tw.failure.text);
}

static uint64_t teardown(struct fixture *f)
{
    const uint64_t digest = sim_world_digest(f->tw.world);

    tw_destroy(&f->tw);
    sim_disk_destroy(f->disks);
    return digest;
}

#define READ_WRITE (SM_FILE_READ | SM_FILE_WRITE)

static int basic_calls(void *arg, struct sim_machine *machine)
{
    struct sm_disk *disk = sim_disk_of(machine);
    struct sm_file *file;
    char text[16];

    (void)arg;
    ck_assert_int_eq(sm_file_open(disk, &file, "f", SM_FILE_READ), -ENOENT);
    ck_assert_ptr_null(file);
    ck_assert_int_eq(sm_file_open(disk, &file, "f", READ_WRITE | SM_FILE_CREATE), 0);
    ck_assert_int_eq(sm_file_pwrite(file, "hello", 5, 2), 0);
    ck_assert_int_eq(sm_file_size(file), 7);
    ck_assert_int_eq(sm_file_pread(file, text, sizeof text, 0), 7);
    ck_assert_mem_eq(text, "\0\0hello", 7);
    ck_assert_int_eq(sm_file_pread(file, text, 2, 5), 2);
    ck_assert_int_eq(sm_file_pread(file, text, 2, 7), 0);
    ck_assert_int_eq(sm_file_truncate(file, 3), 0);
    ck_assert_int_eq(sm_file_fsync(file), 0);
    ck_assert_int_eq(sm_disk_rename(disk, "f", "g"), 0);
    ck_assert_int_eq(sm_disk_rename(disk, "f", "g"), -ENOENT);
    ck_assert_int_eq(sm_disk_sync(disk), 0);
    ck_assert_int_eq(sm_disk_unlink(disk, "g"), 0);
    ck_assert_int_eq(sm_disk_unlink(disk, "g"), -ENOENT);
    ck_assert_int_eq(sm_file_size(file), 3);
    sm_file_close(file);
    sm_file_close(NULL);
    return 0;
}

/* The calls do what their header says, and a file that is open outlives its name. */
START_TEST(calls)
{
    struct fixture *f = setup(1, basic_calls, NULL);
    run_until(f, SM_S);
    teardown(f);
}
END_TEST

static int refused_calls(void *arg, struct sim_machine *machine)
{
    struct sm_disk *disk = sim_disk_of(machine);
    struct sm_file *file, *other;
    char byte = 0;

    (void)arg;
    ck_assert_int_eq(sm_file_open(disk, &file, "f", 0), -EINVAL);
    ck_assert_int_eq(sm_file_open(disk, &file, "f", SM_FILE_READ | 1u << 9), -EINVAL);
    ck_assert_int_eq(sm_file_open(disk, &file, "f", SM_FILE_READ | SM_FILE_TRUNC), -EINVAL);
    ck_assert_int_eq(sm_file_open(disk, &file, "f", SM_FILE_READ | SM_FILE_EXCL), -EINVAL);
    ck_assert_int_eq(sm_file_open(disk, &file, "../f", SM_FILE_READ), -EINVAL);
    ck_assert_int_eq(sm_file_open(disk, &file, "f", SM_FILE_WRITE | SM_FILE_CREATE), 0);
    ck_assert_int_eq(sm_file_open(disk, &other, "f", SM_FILE_READ | SM_FILE_CREATE | SM_FILE_EXCL),
                     -EEXIST);
    ck_assert_int_eq(sm_file_pread(file, &byte, 1, 0), -EBADF);
    ck_assert_int_eq(sm_file_pwrite(file, &byte, 1, -1), -EINVAL);
    ck_assert_int_eq(sm_file_pwrite(file, &byte, 1, SIM_DISK_CAPACITY_BYTES), -ENOSPC);
    ck_assert_int_eq(sm_file_truncate(file, -1), -EINVAL);
    ck_assert_int_eq(sm_disk_rename(disk, "f", "/f"), -EINVAL);
    ck_assert_int_eq(sm_file_pwrite(file, "abc", 3, 0), 0);
    ck_assert_int_eq(sm_file_open(disk, &other, "f", SM_FILE_READ), 0);
    ck_assert_int_eq(sm_file_pwrite(other, &byte, 1, 0), -EBADF);
    ck_assert_int_eq(sm_file_truncate(other, 0), -EBADF);
    sm_file_close(other);
    ck_assert_int_eq(sm_file_open(disk, &other, "f", SM_FILE_WRITE | SM_FILE_TRUNC), 0);
    ck_assert_int_eq(sm_file_size(file), 0);
    sm_file_close(other);
    sm_file_close(file);
    return 0;
}

/* Wrong flags, paths, offsets and rights are refused by the numbers that the header names. */
START_TEST(refusals)
{
    struct fixture *f = setup(1, refused_calls, NULL);
    run_until(f, SM_S);
    teardown(f);
}
END_TEST

static int timed_calls(void *arg, struct sim_machine *machine)
{
    struct sm_disk *disk = sim_disk_of(machine);
    struct sm_file *file;
    char byte = 0;

    (void)arg;
    for (int i = 0; i < 200; i++) {
        sm_time times[5] = {sm_now()};
        ck_assert_int_eq(sm_file_open(disk, &file, "f", READ_WRITE | SM_FILE_CREATE), 0);
        times[1] = sm_now();
        ck_assert_int_eq(sm_file_pwrite(file, &byte, 1, 0), 0);
        times[2] = sm_now();
        ck_assert_int_eq(sm_file_pread(file, &byte, 1, 0), 1);
        times[3] = sm_now();
        ck_assert_int_eq(sm_file_fsync(file), 0);
        times[4] = sm_now();
        static const sm_time low[] = {20 * SM_US, 10 * SM_US, 20 * SM_US, SM_MS};
        static const sm_time high[] = {100 * SM_US, 50 * SM_US, 100 * SM_US, 8 * SM_MS};
        for (int k = 0; k < 4; k++) {
            ck_assert_int_ge(times[k + 1] - times[k], low[k]);
            ck_assert_int_le(times[k + 1] - times[k], high[k]);
        }
        sm_file_close(file);
    }
    return 0;
}

/* Each kind of call takes a time from its own range. */
START_TEST(latencies)
{
    struct fixture *f = setup(1, timed_calls, NULL);
    run_until(f, 10 * SM_S);
    teardown(f);
}
END_TEST

static int sync_in_task(void *arg)
{
    return sm_file_fsync(arg);
}

static int cancelled_call(void *arg, struct sim_machine *machine)
{
    struct sm_file *file;
    struct sm_task *task;
    int result = 0;

    (void)arg;
    ck_assert_int_eq(sm_file_open(sim_disk_of(machine), &file, "f", SM_FILE_WRITE | SM_FILE_CREATE),
                     0);
    ck_assert_int_eq(sm_task_spawn(&task, "sync", sync_in_task, file), 0);
    ck_assert_int_eq(sm_sleep(100 * SM_US), 0);
    sm_task_cancel(task);
    ck_assert_int_eq(sm_task_join(task, &result, SM_FOREVER), 0);
    ck_assert_int_eq(result, -ECANCELED);
    sm_file_close(file);
    ck_assert_int_eq(sm_sleep(SM_S), 0);
    return 0;
}

/* A cancelled call returns at once, and the file can be closed then. */
START_TEST(cancellation)
{
    struct fixture *f = setup(1, cancelled_call, NULL);
    run_until(f, 2 * SM_S);
    teardown(f);
}
END_TEST

static int late_call(void *arg, struct sim_machine *machine)
{
    struct sm_file *file;
    char byte = 0;

    (void)arg;
    ck_assert_int_eq(sm_file_open(sim_disk_of(machine), &file, "f", SM_FILE_WRITE | SM_FILE_CREATE),
                     0);
    sm_file_close(file);
    return sm_file_pwrite(file, &byte, 1, 0);
}

/* A call on a closed file is a finding in words, not a crash of the simulator. */
START_TEST(use_after_close)
{
    struct fixture *f = setup(1, late_call, NULL);

    ck_assert_int_eq(tw_run(&f->tw, SM_S), SIM_FAILED);
    ck_assert_int_eq(f->tw.failure.kind, SIM_FAILURE_ASSERT);
    ck_assert_ptr_nonnull(strstr(f->tw.failure.text, "after it was closed"));
    teardown(f);
}
END_TEST

/* What passes between a body and the test that crashes it. */
struct probe {
    bool written;
    char seen[16];
};

/* Writes "s" and syncs it, then appends "1234" without a sync. After a restart: looks. */
static int write_then_look(void *arg, struct sim_machine *machine)
{
    struct sm_disk *disk = sim_disk_of(machine);
    struct probe *probe = arg;
    struct sm_file *file;

    if (machine->incarnation > 1) {
        if (sm_file_open(disk, &file, "f", SM_FILE_READ) == 0)
            (void)sm_file_pread(file, probe->seen, sizeof probe->seen - 1, 0);
        else
            strcpy(probe->seen, "(none)");
        return 0;
    }
    ck_assert_int_eq(sm_file_open(disk, &file, "f", READ_WRITE | SM_FILE_CREATE), 0);
    ck_assert_int_eq(sm_file_pwrite(file, "s", 1, 0), 0);
    ck_assert_int_eq(sm_file_fsync(file), 0);
    for (int i = 1; i <= 4; i++) {
        const char digit = (char)('0' + i);
        ck_assert_int_eq(sm_file_pwrite(file, &digit, 1, i), 0);
    }
    probe->written = true;
    return sm_file_fsync(file); /* the power goes meanwhile */
}

enum power { CRASH, STOP, WIPE };

static uint64_t lose_power(uint64_t seed, enum power how, struct probe *probe)
{
    *probe = (struct probe){0};
    struct fixture *f = setup(seed, write_then_look, probe);
    struct sim_machine *machine = f->tw.world->machines[0];

    while (!probe->written)
        run_until(f, f->tw.world->now + 500 * SM_US);
    if (how == STOP)
        sim_machine_stop(machine, SM_FOREVER);
    else
        sim_machine_crash(machine);
    run_until(f, f->tw.world->now + SM_S);
    if (how == WIPE)
        sim_disk_wipe(machine);
    sim_machine_start(machine);
    run_until(f, f->tw.world->now + SM_S);
    return teardown(f);
}

/* A crash in the midst of a sync keeps what was synced; over some seeds it loses all, a part, and
 * nothing of the rest; and the same seed loses the same. */
START_TEST(crash_loses)
{
    uint32_t outcomes = 0;

    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct probe probe, again;
        const uint64_t digest = lose_power(seed, CRASH, &probe);
        ck_assert_uint_eq(lose_power(seed, CRASH, &again), digest);
        ck_assert_str_eq(probe.seen, again.seen);
        ck_assert_msg(strncmp("s1234", probe.seen, strlen(probe.seen)) == 0, "%s", probe.seen);
        ck_assert_uint_ge(strlen(probe.seen), 1);
        outcomes |= 1u << strlen(probe.seen);
    }
    ck_assert_uint_eq(outcomes, 1u << 1 | 1u << 2 | 1u << 3 | 1u << 4 | 1u << 5);
}
END_TEST

/* A machine that stops properly finds its page cache as it was. */
START_TEST(stop_keeps)
{
    struct probe probe;

    for (uint64_t seed = 1; seed <= 10; seed++) {
        lose_power(seed, STOP, &probe);
        ck_assert_str_eq(probe.seen, "s1234");
    }
}
END_TEST

/* A wiped disk is empty. */
START_TEST(wipe)
{
    struct probe probe;

    lose_power(1, WIPE, &probe);
    ck_assert_str_eq(probe.seen, "(none)");
}
END_TEST

static TCase *image_cases(void)
{
    TCase *tc = tcase_create("image");

    tcase_add_test(tc, unsynced_writes);
    tcase_add_test(tc, files_apart);
    tcase_add_test(tc, unsynced_names);
    tcase_add_test(tc, rename_over);
    tcase_add_test(tc, sync_names);
    tcase_add_test(tc, sync_up_to);
    tcase_add_test(tc, truncation);
    tcase_add_test(tc, full_disk);
    tcase_add_test(tc, write_back);
    tcase_add_test(tc, paths);
    return tc;
}

static TCase *call_cases(void)
{
    TCase *tc = tcase_create("calls");

    tcase_add_test(tc, calls);
    tcase_add_test(tc, refusals);
    tcase_add_test(tc, latencies);
    tcase_add_test(tc, cancellation);
    tcase_add_test(tc, use_after_close);
    tcase_add_test(tc, crash_loses);
    tcase_add_test(tc, stop_keeps);
    tcase_add_test(tc, wipe);
    return tc;
}

int main(void)
{
    Suite *suite = suite_create("disk");

    suite_add_tcase(suite, image_cases());
    suite_add_tcase(suite, call_cases());
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
