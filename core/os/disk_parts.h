/* SPDX-License-Identifier: MIT */
/*
 * The parts of a machine's disk in production, between disk.c (jobs, names, lives) and
 * disk_transfer.c (calls on files).
 *
 *   1. A job lies on the stack of the task that waits for it. The wait is shielded: whatever
 *      happens, the task stays until the job is done.
 *   2. A file is in `files` until it is closed.
 */
#ifndef STEELMILL_CORE_OS_DISK_PARTS_H
#define STEELMILL_CORE_OS_DISK_PARTS_H

#include "core/disk_lock.h"
#include "core/disk_path.h"
#include "core/os/disk.h"
#include "core/os/disk_job.h"
#include "core/os/worker.h"

struct sm_disk {
    struct os_worker *worker;
    int folder_fd;
    struct sm__list files;
    struct sm__lock_table locks;
};

struct sm_file {
    struct sm__list link;
    struct sm_disk *disk;
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

#endif
