/* SPDX-License-Identifier: MIT */
/*
 * The parts of a machine's disk in production, between disk.c (jobs, names, lives),
 * disk_transfer.c (calls on files) and disk_locks.c (their locks).
 *
 *   1. A job lies on the stack of the task that waits for it. The wait is shielded: whatever
 *      happens, the task stays until the job is done.
 *   2. A file is in `files` until it is closed.
 *   3. Each worker of the machine hands jobs of its tasks to the pool. The locks of files are the
 *      first worker's: others have it do what they want with them.
 */
#ifndef STEELMILL_CORE_OS_DISK_PARTS_H
#define STEELMILL_CORE_OS_DISK_PARTS_H

#include "core/disk_lock.h"
#include "core/disk_path.h"
#include "core/os/disk.h"
#include "core/os/disk_job.h"
#include "core/os/worker.h"

struct sm_disk {
    struct os_worker *worker; /* the machine's first */
    int folder_fd;
    pthread_mutex_t lock;
    struct sm__list files;       /* locked */
    struct sm__lock_table locks; /* of the worker's tasks */
};

struct sm_file {
    struct sm__list link;
    struct sm_disk *disk;
    struct os_worker *worker;      /* that has opened it, and alone uses it */
    struct sm__locked_file *locks; /* NULL: it never had any */
    uint64_t device, id;
    int fd;
    uint32_t flags;
    uint32_t calls; /* under way */
};

typedef int (*os_disk_job_fn)(struct os_disk_job *job);

/* Asserts that the calling task may use it. */
void os_disk_check(const struct sm_disk *disk);
/*
 * Does a job while the caller is parked. Returns what it returned; -ECANCELED where the caller was
 * cancelled before it was done: it may or may not have had an effect then.
 */
int os_disk_run(const struct sm_disk *disk, os_disk_job_fn fn, struct os_disk_job *job);
/* Drops its locks, too. */
void os_file_close(struct sm_file *file);
/* ---- disk_locks.c ---- */
void os_file_drop_locks(struct sm_file *file);

#endif
