/* SPDX-License-Identifier: MIT */
/*
 * What the thread pool does for the disk: plain system calls, relative to the disk's folder. No
 * task, no loop: these functions run on a thread of the pool.
 */
#ifndef STEELMILL_CORE_OS_DISK_JOB_H
#define STEELMILL_CORE_OS_DISK_JOB_H

#include <steelmill/base.h>

struct os_disk_job {
    int folder_fd;
    int fd;           /* of the file; open: out */
    const char *path; /* rename: from */
    const char *to;
    void *buffer;
    const void *data;
    size_t size;
    int64_t offset;
    uint32_t flags; /* open: SM_FILE_...;  fsync: whether its name is to be synced, too */
};

/* True for a relative path of 1 to 255 bytes without empty, "." and ".." parts. */
bool os_disk_path_valid(const char *path);

/* Each returns 0, or a count (read), or -errno. */
int os_disk_job_open(struct os_disk_job *job);
int os_disk_job_read(struct os_disk_job *job);
int os_disk_job_write(struct os_disk_job *job);
int os_disk_job_truncate(struct os_disk_job *job); /* to `offset` bytes */
int os_disk_job_fsync(struct os_disk_job *job);
int os_disk_job_unlink(struct os_disk_job *job);
int os_disk_job_rename(struct os_disk_job *job);
int os_disk_job_sync_names(struct os_disk_job *job);

#endif
