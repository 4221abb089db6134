/* SPDX-License-Identifier: MIT */
/* The simulated disk: what calls do, what a crash leaves, and that it is the seed that decides. */
#include "sim/disk.h"
#include "tests/core/world.h"
#include "tests/suite.h"

#include <steelmill/steelmill.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>

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

static int failing_sync(void *arg, struct sim_machine *machine)
{
    struct sm_disk *disk = sim_disk_of(machine);
    struct sim_disk_fault fault = {.files = "", .sync_error_ppm = 1000000};
    struct sm_file *writer, *syncer, *later;

    (void)arg;
    ck_assert_int_eq(sm_file_open(disk, &writer, "f", SM_FILE_WRITE | SM_FILE_CREATE), 0);
    ck_assert_int_eq(sm_file_open(disk, &syncer, "f", SM_FILE_READ), 0);
    ck_assert_int_eq(sm_file_pwrite(writer, "hello", 5, 0), 0);
    sim_disk_fault_begin(disk, &fault);
    ck_assert_int_eq(sm_file_fsync(syncer), -EIO);
    sim_disk_fault_end(disk, &fault);
    ck_assert_int_eq(sm_file_open(disk, &later, "f", SM_FILE_READ), 0);
    ck_assert_int_eq(sm_file_fsync(later), 0);
    ck_assert_int_eq(sm_file_fsync(writer), -EIO);
    ck_assert_int_eq(sm_file_fsync(writer), 0);
    ck_assert_int_eq(sm_file_fsync(syncer), 0);
    sm_file_close(writer);
    sm_file_close(syncer);
    sm_file_close(later);
    return 0;
}

/* A sync that fails on one handle is told to the others that there were, once: what they have
 * written is not durable. */
START_TEST(failing_syncs)
{
    struct fixture *f = setup(1, failing_sync, NULL);
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
    ck_assert_int_eq(sm_file_pwrite(file, &byte, 1, SIM_FILE_BYTES_MAX), -EFBIG);
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
    ck_assert_int_eq(sm_disk_sync(disk), 0);
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
        const size_t length = strlen(probe.seen); /* a size without its bytes: zeros */
        ck_assert_msg(strncmp("s1234", probe.seen, length) == 0, "%s", probe.seen);
        ck_assert_uint_ge(length, 1);
        outcomes |= 1u << length;
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

static TCase *call_cases(void)
{
    TCase *tc = tcase_create("calls");

    tcase_add_test(tc, calls);
    tcase_add_test(tc, failing_syncs);
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

    suite_add_tcase(suite, call_cases());
    return suite_run(suite);
}
