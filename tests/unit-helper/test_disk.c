/* SPDX-License-Identifier: MIT */
/* Crashes that leave each state in turn, and bad disks. */
#include <steelmill/sim.h>
#include <steelmill/steelmill.h>

#include <errno.h>
#include <string.h>

#define SECTOR 512
#define FLAGS  (SM_FILE_READ | SM_FILE_WRITE | SM_FILE_CREATE)

/* Writes two sectors of 'o' that are durable, then of 'n' that are not; then sleeps. */
static int writer_run(void *self)
{
    char bytes[2 * SECTOR];
    struct sm_disk *disk = sm_disk_get(sm_factory_self());
    struct sm_file *file;
    int error = sm_file_open(disk, &file, "f", FLAGS);

    (void)self;
    if (!error && sm_file_size(file) > 0) {
        error = sm_file_pread(file, bytes, sizeof bytes, 0);
        const bool first = bytes[0] == 'n', second = bytes[SECTOR] == 'n';
        sm_sometimes(first && second, "both are kept");
        sm_sometimes(!first && !second, "both are lost");
        sm_sometimes(first && !second, "the first is kept");
        sm_sometimes(!first && second, "the second is kept");
        sm_file_close(file);
        return error < 0 ? error : sm_sleep_until(SM_FOREVER);
    }
    memset(bytes, 'o', sizeof bytes);
    error = error ? error : sm_file_pwrite(file, bytes, sizeof bytes, 0);
    error = error ? error : sm_file_fsync(file);
    error = error ? error : sm_disk_sync(disk);
    memset(bytes, 'n', sizeof bytes);
    error = error ? error : sm_file_pwrite(file, bytes, sizeof bytes, 0);
    return error ? error : sm_sleep_until(SM_FOREVER);
}

static const struct sm_daemon_type writer = {sizeof writer, .name = "writer", .run = writer_run};

/* One seed is run for each of the four states that a torn write can leave. */
SIM_TEST(each_state, .seeds = 1, .machines = {{"db", .daemons = {&writer}}},
         .sometimes = {"both are kept", "both are lost", "the first is kept", "the second is kept"})
{
    sm_sleep(SM_S);
    sim_crash_each(env, "db");
    sim_start(env, "db");
    sm_sleep(SM_S);
}

struct tester {
    int write, sync, read;
};

/* Writes, syncs and reads each 10 ms. */
static int tester_run(void *arg)
{
    struct tester *self = arg;
    struct sm_file *file;
    char byte = 'x';
    int error = sm_file_open(sm_disk_get(sm_factory_self()), &file, "f", FLAGS);

    while (!error) {
        self->write = sm_file_pwrite(file, &byte, 1, 0);
        self->sync = sm_file_fsync(file);
        self->read = sm_file_pread(file, &byte, 1, 0);
        error = sm_sleep(10 * SM_MS);
    }
    return error == -ECANCELED ? 0 : error;
}

static const struct sm_daemon_type tester_daemon = {SM_DAEMON_HEAD(tester), .run = tester_run};

static void expect(struct sim_env *env, int write, int sync, int read)
{
    sm_sleep(200 * SM_MS);
    const struct tester *result = sim_daemon(env, "db", &tester_daemon);
    ck_assert_int_eq(result->write, write);
    ck_assert_int_eq(result->sync, sync);
    ck_assert_int_eq(result->read, read);
}

#define ALWAYS 1000000

/* A disk is bad in the way that was asked for, for the files that were named, until it is mended.
 */
SIM_TEST(bad_disks, .seeds = 5, .machines = {{"db", .daemons = {&tester_daemon}}})
{
    expect(env, 0, 0, 1);
    sim_spoil(env, "db", &(struct sim_bad_disk){.write_error_ppm = ALWAYS});
    expect(env, -EIO, 0, 1);
    sim_spoil(env, "db", &(struct sim_bad_disk){.sync_error_ppm = ALWAYS, .files = "f*"});
    expect(env, 0, -EIO, 1);
    sim_spoil(env, "db", &(struct sim_bad_disk){.read_error_ppm = ALWAYS, .files = "?"});
    expect(env, 0, 0, -EIO);
    sim_spoil(env, "db", &(struct sim_bad_disk){.read_error_ppm = ALWAYS, .files = "g"});
    expect(env, 0, 0, 1);
    sim_spoil(env, "db", &(struct sim_bad_disk){.read_only = true});
    sm_sleep(200 * SM_MS); /* a sync says so, too, if it comes between a write and it */
    ck_assert_int_eq(((struct tester *)sim_daemon(env, "db", &tester_daemon))->write, -EROFS);
    sim_mend(env, "db");
    expect(env, 0, 0, 1);
}

SIM_MAIN(each_state, bad_disks)
