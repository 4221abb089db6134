/* SPDX-License-Identifier: MIT */
/*
 * Calls on the disk: each checks its arguments, hands a job to the thread pool, and waits for it.
 *
 *   1. A job lies on the stack of the task that waits for it. The wait is shielded: whatever
 *      happens, the task stays until the job is done.
 *   2. A file is in `files` until it is closed.
 */
#include "core/os/disk.h"

#include "core/factory.h"
#include "core/os/disk_job.h"
#include "core/os/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FLAGS_ACCESS (SM_FILE_READ | SM_FILE_WRITE)
#define FLAGS_KNOWN  (FLAGS_ACCESS | SM_FILE_CREATE | SM_FILE_EXCL | SM_FILE_TRUNC)

struct sm_disk {
    struct os_worker *worker;
    int folder_fd;
    struct sm__list files;
};

struct sm_file {
    struct sm__list link;
    struct sm_disk *disk;
    int fd;
    uint32_t flags;
    uint32_t calls;  /* under way */
    bool name_fresh; /* it may have been created by us, and its name was not synced since */
    char path[];
};

/* ---- jobs ---- */

typedef int (*job_fn)(struct os_disk_job *job);

struct pending {
    uv_work_t work;
    struct sm_waitable waitable;
    struct os_worker *worker;
    struct os_disk_job *job;
    job_fn fn;
    int result;
    bool done;
};

static uint32_t pending_ready(struct sm_waitable *self, uint32_t interest)
{
    return sm__container(self, struct pending, waitable)->done ? interest & SM_READ : 0;
}

static void do_work(uv_work_t *work)
{
    struct pending *pending = work->data;
    pending->result = pending->fn(pending->job);
}

static void work_done(uv_work_t *work, int status)
{
    struct pending *pending = work->data;

    (void)status; /* nobody cancels work */
    pending->worker->jobs--;
    pending->done = true;
    sm__wake_all(&pending->waitable);
}

/*
 * Does a job while the caller is parked. Returns what it returned; -ECANCELED where the caller was
 * cancelled before it was done: it may or may not have had an effect then.
 */
static int run_job(const struct sm_disk *disk, job_fn fn, struct os_disk_job *job)
{
    struct pending pending = {.worker = disk->worker, .job = job, .fn = fn};
    int error = sm__enter();

    if (error)
        return error;
    sm__waitable_init(&pending.waitable, pending_ready);
    pending.work.data = &pending;
    error = uv_queue_work(&disk->worker->loop, &pending.work, do_work, work_done);
    if (error)
        return error;
    disk->worker->jobs++;
    const bool shielded = sm__current->shielded;
    sm__current->shielded = true;
    while (!pending.done)
        (void)sm__wait(&pending.waitable, false, SM_FOREVER);
    sm__current->shielded = shielded;
    return sm_task_cancelled() ? -ECANCELED : pending.result;
}

static int run_file_job(struct sm_file *file, job_fn fn, struct os_disk_job *job)
{
    job->folder_fd = file->disk->folder_fd;
    job->fd = file->fd;
    file->calls++;
    const int result = run_job(file->disk, fn, job);
    file->calls--;
    return result;
}

/* ---- handles ---- */

static void check_disk(const struct sm_disk *disk)
{
    SM_ASSERT_MSG(sm__current, "a call on a disk outside of any task");
    SM_ASSERT_MSG(disk, "a call on a disk that is NULL: this factory has none");
    SM_ASSERT_MSG(sm__current->home == &disk->worker->home,
                  "a task of another worker uses a machine's disk");
}

static void check_file(const struct sm_file *file)
{
    SM_ASSERT_MSG(file, "a call on a file that is NULL");
    check_disk(file->disk);
}

static void file_close(struct sm_file *file)
{
    close(file->fd);
    sm__list_remove(&file->link);
    free(file);
}

/* ---- the contract ---- */

struct sm_disk *sm_disk_get(struct sm_factory *factory)
{
    return sm__factory_capability(factory, SM__CAPABILITY_DISK);
}

static bool flags_valid(uint32_t flags)
{
    if (flags & ~FLAGS_KNOWN || !(flags & FLAGS_ACCESS))
        return false;
    if (flags & SM_FILE_EXCL && !(flags & SM_FILE_CREATE))
        return false;
    return !(flags & SM_FILE_TRUNC) || flags & SM_FILE_WRITE;
}

static struct sm_file *file_create(struct sm_disk *disk, const char *path, uint32_t flags)
{
    const size_t size = strlen(path) + 1;
    struct sm_file *file = calloc(1, sizeof *file + size);

    if (!file)
        return NULL;
    memcpy(file->path, path, size);
    file->disk = disk;
    file->fd = -1;
    file->flags = flags;
    file->name_fresh = flags & SM_FILE_CREATE;
    return file;
}

int sm_file_open(struct sm_disk *disk, struct sm_file **out, const char *path, uint32_t flags)
{
    struct os_disk_job job = {.fd = -1, .path = path, .flags = flags};

    check_disk(disk);
    *out = NULL;
    if (!flags_valid(flags) || !os_disk_path_valid(path))
        return -EINVAL;
    struct sm_file *file = file_create(disk, path, flags);
    if (!file)
        return -ENOMEM;
    job.folder_fd = disk->folder_fd;
    const int error = run_job(disk, os_disk_job_open, &job);
    if (error) {
        if (job.fd >= 0)
            close(job.fd); /* opened, but the caller was cancelled meanwhile */
        free(file);
        return error;
    }
    file->fd = job.fd;
    sm__list_append(&disk->files, &file->link);
    *out = file;
    return 0;
}

int sm_file_pread(struct sm_file *file, void *buffer, size_t size, int64_t offset_bytes)
{
    struct os_disk_job job = {.buffer = buffer, .size = size, .offset = offset_bytes};

    check_file(file);
    if (offset_bytes < 0 || size > INT_MAX)
        return -EINVAL;
    if (!(file->flags & SM_FILE_READ))
        return -EBADF;
    return run_file_job(file, os_disk_job_read, &job);
}

int sm_file_pwrite(struct sm_file *file, const void *data, size_t size, int64_t offset_bytes)
{
    struct os_disk_job job = {.data = data, .size = size, .offset = offset_bytes};

    check_file(file);
    if (offset_bytes < 0)
        return -EINVAL;
    if (!(file->flags & SM_FILE_WRITE))
        return -EBADF;
    return run_file_job(file, os_disk_job_write, &job);
}

int sm_file_truncate(struct sm_file *file, int64_t size_bytes)
{
    struct os_disk_job job = {.offset = size_bytes};

    check_file(file);
    if (size_bytes < 0)
        return -EINVAL;
    if (!(file->flags & SM_FILE_WRITE))
        return -EBADF;
    return run_file_job(file, os_disk_job_truncate, &job);
}

int sm_file_fsync(struct sm_file *file)
{
    struct os_disk_job job = {.path = file->path, .flags = file->name_fresh};

    check_file(file);
    const int error = run_file_job(file, os_disk_job_fsync, &job);
    if (!error)
        file->name_fresh = false;
    return error;
}

int64_t sm_file_size(struct sm_file *file)
{
    struct stat status;

    check_file(file);
    return fstat(file->fd, &status) == 0 ? status.st_size : -errno;
}

void sm_file_close(struct sm_file *file)
{
    if (!file)
        return;
    check_file(file);
    SM_ASSERT_MSG(file->calls == 0, "a file is closed while a call on it is under way");
    file_close(file);
}

int sm_disk_unlink(struct sm_disk *disk, const char *path)
{
    struct os_disk_job job = {.path = path};

    check_disk(disk);
    job.folder_fd = disk->folder_fd;
    if (!os_disk_path_valid(path))
        return -ENOENT; /* no file can have such a name */
    return run_job(disk, os_disk_job_unlink, &job);
}

int sm_disk_rename(struct sm_disk *disk, const char *from, const char *to)
{
    struct os_disk_job job = {.path = from, .to = to};

    check_disk(disk);
    job.folder_fd = disk->folder_fd;
    if (!os_disk_path_valid(to))
        return -EINVAL;
    if (!os_disk_path_valid(from))
        return -ENOENT;
    return run_job(disk, os_disk_job_rename, &job);
}

int sm_disk_sync(struct sm_disk *disk)
{
    struct os_disk_job job = {0};

    check_disk(disk);
    job.folder_fd = disk->folder_fd;
    return run_job(disk, os_disk_job_sync_names, &job);
}

/* ---- birth and end ---- */

int os_disk_create(struct sm_disk **out, struct os_worker *worker, const char *folder)
{
    *out = NULL;
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    struct sm_disk *disk = flock(fd, LOCK_EX | LOCK_NB) == 0 ? calloc(1, sizeof *disk) : NULL;
    if (!disk) {
        const int error = errno == EWOULDBLOCK ? -EBUSY : -errno;
        close(fd);
        return error;
    }
    disk->worker = worker;
    disk->folder_fd = fd;
    sm__list_init(&disk->files);
    *out = disk;
    return 0;
}

void os_disk_destroy(struct sm_disk *disk)
{
    if (!disk)
        return;
    while (!sm__list_empty(&disk->files))
        file_close(sm__container(disk->files.next, struct sm_file, link));
    close(disk->folder_fd);
    free(disk);
}
