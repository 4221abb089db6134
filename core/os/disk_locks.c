/* SPDX-License-Identifier: MIT */
/* The locks of files: they are the first worker's, and others call it. */
#include "core/os/disk_parts.h"

#include <errno.h>

struct request {
    struct sm_file *file;
    enum sm_file_lock_kind kind;
    int64_t offset_bytes, size_bytes;
    sm_time deadline;
};

/* ---- on the first worker ---- */

/* The locks of a file, from its first on; NULL: no memory. */
static struct sm__locked_file *locks_of(struct sm_file *file)
{
    if (!file->locks)
        file->locks = sm__locks_open(&file->disk->locks, file->device, file->id);
    return file->locks;
}

static int lock(void *arg)
{
    const struct request *r = arg;
    struct sm__locked_file *locks = locks_of(r->file);

    return locks ? sm__locks_lock(&r->file->disk->locks, locks, r->file, r->kind, r->offset_bytes,
                                  r->size_bytes, r->deadline)
                 : -ENOMEM;
}

static int unlock(void *arg)
{
    const struct request *r = arg;
    struct sm__locked_file *locks = locks_of(r->file);

    return locks ? sm__locks_unlock(&r->file->disk->locks, locks, r->file, r->offset_bytes,
                                    r->size_bytes)
                 : -ENOMEM;
}

static int test(void *arg)
{
    const struct request *r = arg;
    const struct sm__locked_file *locks = locks_of(r->file);

    return locks ? sm__locks_test(locks, r->file, r->kind, r->offset_bytes, r->size_bytes)
                 : -ENOMEM;
}

static int drop(void *arg)
{
    struct sm_file *file = arg;

    sm__locks_close(&file->disk->locks, file->locks, file);
    return 0;
}

/* ---- calls ---- */

static int have_done(const struct sm_disk *disk, sm_task_fn fn, void *arg)
{
    if (!sm__current || sm__current->home == &disk->worker->home)
        return fn(arg);
    return sm__call(&disk->worker->home, NULL, fn, arg);
}

static int run(struct request *request, sm_task_fn fn)
{
    struct sm_file *file = request->file;

    SM_ASSERT_MSG(file, "a call on a file that is NULL");
    os_disk_check(file->disk);
    file->calls++;
    const int result = have_done(file->disk, fn, request);
    file->calls--;
    return result;
}

void os_file_drop_locks(struct sm_file *file)
{
    if (file->locks)
        SM_ASSERT_MSG(have_done(file->disk, drop, file) == 0,
                      "there is no memory to drop a file's locks");
}

int sm_file_lock(struct sm_file *file, enum sm_file_lock_kind kind, int64_t offset_bytes,
                 int64_t size_bytes, sm_time deadline)
{
    struct request request = {file, kind, offset_bytes, size_bytes, deadline};
    return run(&request, lock);
}

int sm_file_unlock(struct sm_file *file, int64_t offset_bytes, int64_t size_bytes)
{
    struct request request = {.file = file, .offset_bytes = offset_bytes, .size_bytes = size_bytes};
    return run(&request, unlock);
}

int sm_file_lock_test(struct sm_file *file, enum sm_file_lock_kind kind, int64_t offset_bytes,
                      int64_t size_bytes)
{
    struct request request = {file, kind, offset_bytes, size_bytes, 0};
    return run(&request, test);
}
