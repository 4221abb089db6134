/* SPDX-License-Identifier: MIT */
/*
 * Calls on the disk: each checks its arguments, hands a job to the thread pool, and waits for it.
 */
#include "core/os/disk.h"

#include "core/factory.h"
#include "core/os/disk_parts.h"
#include "core/os/team.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

/* ---- jobs ---- */

struct pending {
    uv_work_t work;
    struct sm_waitable waitable;
    struct os_worker *worker;
    struct os_disk_job *job;
    os_disk_job_fn fn;
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

int os_disk_run(const struct sm_disk *disk, os_disk_job_fn fn, struct os_disk_job *job)
{
    struct pending pending = {.job = job, .fn = fn};
    int error = sm__enter();

    if (error)
        return error;
    job->folder_fd = disk->folder_fd;
    pending.worker = os_worker_of(sm__current->home);
    sm__waitable_init(&pending.waitable, pending_ready);
    pending.work.data = &pending;
    error = uv_queue_work(&pending.worker->loop, &pending.work, do_work, work_done);
    if (error)
        return error;
    pending.worker->jobs++;
    const bool shielded = sm__current->shielded;
    sm__current->shielded = true;
    while (!pending.done)
        (void)sm__wait(&pending.waitable, false, SM_FOREVER);
    sm__current->shielded = shielded;
    return sm_task_cancelled() ? -ECANCELED : pending.result;
}

void os_disk_check(const struct sm_disk *disk)
{
    SM_ASSERT_MSG(sm__current, "a call on a disk outside of any task");
    SM_ASSERT_MSG(disk, "a call on a disk that is NULL: this factory has none");
    SM_ASSERT_MSG(os_team_shares(disk->worker, sm__current->home),
                  "a task of another machine uses a machine's disk");
}

struct sm_disk *sm_disk_get(struct sm_factory *factory)
{
    return sm__factory_capability(factory, SM__CAPABILITY_DISK);
}

/* ---- names ---- */

/* or_root: the path may be "." */
static int run_path_job(struct sm_disk *disk, os_disk_job_fn fn, struct os_disk_job *job,
                        bool or_root)
{
    os_disk_check(disk);
    int error = sm__disk_path_check(job->path, or_root);
    if (!error && job->to)
        error = sm__disk_path_check(job->to, false);
    return error ? error : os_disk_run(disk, fn, job);
}

int sm_disk_stat(struct sm_disk *disk, const char *path, struct sm_file_info *out)
{
    struct os_disk_job job = {.path = path, .info = out};
    return run_path_job(disk, os_disk_job_stat, &job, true);
}

int sm_disk_unlink(struct sm_disk *disk, const char *path)
{
    struct os_disk_job job = {.path = path};
    return run_path_job(disk, os_disk_job_unlink, &job, false);
}

int sm_disk_rename(struct sm_disk *disk, const char *from, const char *to)
{
    struct os_disk_job job = {.path = from, .to = to};
    return run_path_job(disk, os_disk_job_rename, &job, false);
}

int sm_disk_link(struct sm_disk *disk, const char *from, const char *to)
{
    struct os_disk_job job = {.path = from, .to = to};
    return run_path_job(disk, os_disk_job_link, &job, false);
}

int sm_disk_mkdir(struct sm_disk *disk, const char *path)
{
    struct os_disk_job job = {.path = path};
    return run_path_job(disk, os_disk_job_mkdir, &job, false);
}

int sm_disk_rmdir(struct sm_disk *disk, const char *path)
{
    struct os_disk_job job = {.path = path};
    return run_path_job(disk, os_disk_job_rmdir, &job, false);
}

int sm_disk_list(struct sm_disk *disk, const char *path, sm_disk_name_fn fn, void *arg)
{
    struct os_disk_job job = {.path = path};
    int result = run_path_job(disk, os_disk_job_list, &job, true);

    for (size_t i = 0; !result && i < job.name_count; i++)
        result = fn(arg, job.names[i]);
    os_disk_names_free(job.names, job.name_count);
    return result;
}

int sm_disk_sync_dir(struct sm_disk *disk, const char *path)
{
    struct os_disk_job job = {.path = path};
    return run_path_job(disk, os_disk_job_sync_dir, &job, true);
}

int sm_disk_sync(struct sm_disk *disk)
{
    struct os_disk_job job = {.path = "."};
    return run_path_job(disk, os_disk_job_sync_names, &job, true);
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
    pthread_mutex_init(&disk->lock, NULL);
    disk->folder_fd = fd;
    disk->locks.resize = realloc;
    disk->locks.free = free;
    sm__list_init(&disk->files);
    sm__list_init(&disk->locks.files);
    *out = disk;
    return 0;
}

void os_disk_destroy(struct sm_disk *disk)
{
    if (!disk)
        return;
    while (!sm__list_empty(&disk->files))
        os_file_close(sm__container(disk->files.next, struct sm_file, link));
    close(disk->folder_fd);
    pthread_mutex_destroy(&disk->lock);
    free(disk);
}
