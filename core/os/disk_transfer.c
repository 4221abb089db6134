/* SPDX-License-Identifier: MIT */
/* Calls on files. */
#include "core/os/disk_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- handles ---- */

static void check_file(const struct sm_file *file)
{
    SM_ASSERT_MSG(file, "a call on a file that is NULL");
    os_disk_check(file->disk);
    SM_ASSERT_MSG(sm__current->home == &file->worker->home,
                  "a file is used by another worker than the one that has opened it");
}

static int run_file_job(struct sm_file *file, os_disk_job_fn fn, struct os_disk_job *job)
{
    job->fd = file->fd;
    job->flags = file->flags;
    file->calls++;
    const int result = os_disk_run(file->disk, fn, job);
    file->calls--;
    return result;
}

void os_file_close(struct sm_file *file)
{
    os_file_drop_locks(file);
    close(file->fd);
    pthread_mutex_lock(&file->disk->lock);
    sm__list_remove(&file->link);
    pthread_mutex_unlock(&file->disk->lock);
    free(file);
}

/* Locks the file that is to be used alone, and only then drops its contents. */
static int take_alone(struct sm_file *file, uint32_t flags)
{
    const int error = sm_file_lock(file, SM_FILE_LOCK_EXCLUSIVE, 0, 0, 0);

    if (error)
        return error == -ETIMEDOUT ? -EBUSY : error;
    return flags & SM_FILE_TRUNC ? sm_file_truncate(file, 0) : 0;
}

int sm_file_open(struct sm_disk *disk, struct sm_file **out, const char *path, uint32_t flags)
{
    const uint32_t unsafe = flags & SM_FILE_ALONE ? SM_FILE_TRUNC : 0;
    struct os_disk_job job = {.fd = -1, .path = path, .flags = flags & ~unsafe};

    os_disk_check(disk);
    *out = NULL;
    int error = sm__file_flags_valid(flags) ? sm__disk_path_check(path, false) : -EINVAL;
    if (error)
        return error;
    struct sm_file *file = calloc(1, sizeof *file);
    if (!file)
        return -ENOMEM;
    error = os_disk_run(disk, os_disk_job_open, &job);
    if (error) {
        if (job.fd >= 0)
            close(job.fd); /* opened, but the caller was cancelled meanwhile */
        free(file);
        return error;
    }
    *file = (struct sm_file){.disk = disk,
                             .worker = os_worker_of(sm__current->home),
                             .device = job.device,
                             .id = job.id,
                             .fd = job.fd,
                             .flags = flags};
    pthread_mutex_lock(&disk->lock);
    sm__list_append(&disk->files, &file->link);
    pthread_mutex_unlock(&disk->lock);
    if (flags & SM_FILE_ALONE)
        error = take_alone(file, flags);
    if (error)
        os_file_close(file);
    else
        *out = file;
    return error;
}

void sm_file_close(struct sm_file *file)
{
    if (!file)
        return;
    check_file(file);
    SM_ASSERT_MSG(file->calls == 0, "a file is closed while a call on it is under way");
    os_file_close(file);
}

int64_t sm_file_size(struct sm_file *file)
{
    struct stat status;

    check_file(file);
    return fstat(file->fd, &status) == 0 ? status.st_size : -errno;
}

/* ---- transfers ---- */

static int transfer(struct sm_file *file, uint32_t right, const struct iovec *pieces, int count,
                    int64_t offset, os_disk_job_fn fn)
{
    struct os_disk_job job = {
        .pieces = (struct iovec *)(uintptr_t)pieces, .count = count, .offset = offset};

    check_file(file);
    const int error = sm__transfer_check(file->flags, right, pieces, count, offset);
    return error ? error : run_file_job(file, fn, &job);
}

int sm_file_pread(struct sm_file *file, void *buffer, size_t size, int64_t offset_bytes)
{
    const struct iovec piece = {buffer, size};
    return transfer(file, SM_FILE_READ, &piece, 1, offset_bytes, os_disk_job_read);
}

int sm_file_pwrite(struct sm_file *file, const void *data, size_t size, int64_t offset_bytes)
{
    const struct iovec piece = {(void *)(uintptr_t)data, size};
    return transfer(file, SM_FILE_WRITE, &piece, 1, offset_bytes, os_disk_job_write);
}

int sm_file_preadv(struct sm_file *file, const struct iovec *pieces, int count,
                   int64_t offset_bytes)
{
    return transfer(file, SM_FILE_READ, pieces, count, offset_bytes, os_disk_job_readv);
}

int sm_file_pwritev(struct sm_file *file, const struct iovec *pieces, int count,
                    int64_t offset_bytes)
{
    return transfer(file, SM_FILE_WRITE, pieces, count, offset_bytes, os_disk_job_writev);
}

/* ---- size, space, sync ---- */

static int change(struct sm_file *file, bool is_valid, os_disk_job_fn fn, int64_t offset,
                  int64_t size)
{
    struct os_disk_job job = {.offset = offset, .size = size};

    check_file(file);
    if (!is_valid)
        return -EINVAL;
    return file->flags & SM_FILE_WRITE ? run_file_job(file, fn, &job) : -EBADF;
}

int sm_file_truncate(struct sm_file *file, int64_t size_bytes)
{
    return change(file, size_bytes >= 0, os_disk_job_truncate, 0, size_bytes);
}

int sm_file_allocate(struct sm_file *file, int64_t offset_bytes, int64_t size_bytes)
{
    return change(file, offset_bytes >= 0 && size_bytes > 0, os_disk_job_allocate, offset_bytes,
                  size_bytes);
}

int sm_file_fsync(struct sm_file *file)
{
    struct os_disk_job job = {0};

    check_file(file);
    return run_file_job(file, os_disk_job_fsync, &job);
}

int sm_file_fdatasync(struct sm_file *file)
{
    struct os_disk_job job = {0};

    check_file(file);
    return run_file_job(file, os_disk_job_fdatasync, &job);
}
