/* SPDX-License-Identifier: MIT */
/*
 * What the thread pool does for the disk: plain system calls, relative to the disk's folder. No
 * task, no loop: these functions run on a thread of the pool.
 */
#ifndef STEELMILL_CORE_OS_DISK_JOB_H
#define STEELMILL_CORE_OS_DISK_JOB_H

#include <steelmill/base.h>

#include <sys/uio.h>

struct sm_file_info;

struct os_disk_job {
    int folder_fd;
    int fd;           /* of the file; open: out */
    const char *path; /* rename, link: from */
    const char *to;
    struct iovec *pieces; /* open, read, write: whose memory is the caller's */
    int count;
    int64_t offset, size;
    uint32_t flags; /* open: SM_FILE_... */
    /* out */
    uint64_t device, id; /* open */
    struct sm_file_info *info;
    char **names; /* list: sorted; freed by os_disk_names_free */
    size_t name_count;
};

/* Each returns 0, or a count (transfers), or -errno. */
int os_disk_job_open(struct os_disk_job *job);
int os_disk_job_read(struct os_disk_job *job);     /* short at the end only */
int os_disk_job_readv(struct os_disk_job *job);    /* once */
int os_disk_job_write(struct os_disk_job *job);    /* of one piece: all of it, and returns 0 */
int os_disk_job_writev(struct os_disk_job *job);   /* once */
int os_disk_job_truncate(struct os_disk_job *job); /* to `size` bytes */
int os_disk_job_allocate(struct os_disk_job *job);
int os_disk_job_fsync(struct os_disk_job *job);
int os_disk_job_fdatasync(struct os_disk_job *job);
/* Names (disk_path.c). */
int os_disk_job_stat(struct os_disk_job *job);
int os_disk_job_unlink(struct os_disk_job *job);
int os_disk_job_rename(struct os_disk_job *job);
int os_disk_job_link(struct os_disk_job *job);
int os_disk_job_mkdir(struct os_disk_job *job);
int os_disk_job_rmdir(struct os_disk_job *job);
int os_disk_job_list(struct os_disk_job *job);
int os_disk_job_sync_dir(struct os_disk_job *job);
int os_disk_job_sync_names(struct os_disk_job *job);

void os_disk_names_free(char **names, size_t count);
/* -errno, in the words of the contract. */
int os_disk_failure(void);

#endif
