/* SPDX-License-Identifier: MIT */
/* Opening files, and what is done to open ones. */
#include "core/os/disk_job.h"

#include <steelmill/disk.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MODE 0600

int os_disk_failure(void)
{
    return errno == EDQUOT ? -ENOSPC : -errno;
}

/* ---- opening ---- */

static int open_flags(uint32_t flags)
{
    static const int access[] = {[SM_FILE_READ] = O_RDONLY,
                                 [SM_FILE_WRITE] = O_WRONLY,
                                 [SM_FILE_READ | SM_FILE_WRITE] = O_RDWR};
    return access[flags & (SM_FILE_READ | SM_FILE_WRITE)] | O_CLOEXEC | O_NOCTTY |
           (flags & SM_FILE_CREATE ? O_CREAT : 0) | (flags & SM_FILE_EXCL ? O_EXCL : 0) |
           (flags & SM_FILE_TRUNC ? O_TRUNC : 0) | (flags & SM_FILE_DIRECT ? O_DIRECT : 0);
}

/* Only plain files are the machine's. */
static int look_at_opened(struct os_disk_job *job)
{
    struct stat status;
    const int error = fstat(job->fd, &status) == 0 ? 0 : os_disk_failure();

    if (!error && S_ISREG(status.st_mode)) {
        job->device = status.st_dev;
        job->id = status.st_ino;
        return 0;
    }
    close(job->fd);
    job->fd = -1;
    return error ? error : S_ISDIR(status.st_mode) ? -EISDIR : -ENOENT;
}

int os_disk_job_open(struct os_disk_job *job)
{
    const int flags = open_flags(job->flags);

    job->fd = openat(job->folder_fd, job->path, flags, FILE_MODE);
    if (job->fd < 0 && errno == EINVAL && flags & O_DIRECT) /* this file system has no such thing */
        job->fd = openat(job->folder_fd, job->path, flags & ~(O_DIRECT | O_EXCL), FILE_MODE);
    return job->fd < 0 ? os_disk_failure() : look_at_opened(job);
}

/* ---- bytes ---- */

int os_disk_job_read(struct os_disk_job *job)
{
    const struct iovec *piece = job->pieces;
    size_t done = 0;

    while (done < piece->iov_len) {
        const ssize_t count = pread(job->fd, (char *)piece->iov_base + done, piece->iov_len - done,
                                    job->offset + (int64_t)done);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return os_disk_failure();
        done += (size_t)count;
        if (count == 0 || job->flags & SM_FILE_DIRECT)
            break;
    }
    return (int)done;
}

int os_disk_job_write(struct os_disk_job *job)
{
    const struct iovec *piece = job->pieces;
    size_t done = 0;

    while (done < piece->iov_len) {
        const ssize_t count = pwrite(job->fd, (const char *)piece->iov_base + done,
                                     piece->iov_len - done, job->offset + (int64_t)done);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return os_disk_failure();
        done += (size_t)count;
    }
    return 0;
}

int os_disk_job_readv(struct os_disk_job *job)
{
    ssize_t count;

    do
        count = preadv(job->fd, job->pieces, job->count, job->offset);
    while (count < 0 && errno == EINTR);
    return count < 0 ? os_disk_failure() : (int)count;
}

int os_disk_job_writev(struct os_disk_job *job)
{
    ssize_t count;

    do
        count = pwritev(job->fd, job->pieces, job->count, job->offset);
    while (count < 0 && errno == EINTR);
    return count < 0 ? os_disk_failure() : (int)count;
}

int os_disk_job_truncate(struct os_disk_job *job)
{
    return ftruncate(job->fd, job->size) == 0 ? 0 : os_disk_failure();
}

int os_disk_job_allocate(struct os_disk_job *job)
{
    int error;

    do
        error = posix_fallocate(job->fd, job->offset, job->size);
    while (error == EINTR);
    return error == EDQUOT ? -ENOSPC : -error;
}

int os_disk_job_fsync(struct os_disk_job *job)
{
    return fsync(job->fd) == 0 ? 0 : os_disk_failure();
}

int os_disk_job_fdatasync(struct os_disk_job *job)
{
    return fdatasync(job->fd) == 0 ? 0 : os_disk_failure();
}
