/* SPDX-License-Identifier: MIT */
/* Calls on files: each checks its arguments, waits for the device, and takes effect. */
#include "core/factory.h"
#include "sim/disk_parts.h"
#include "sim/host.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#define CLOSED_FILES_KEPT 64u

/* ---- handles ---- */

static struct sm_file *file_create(struct sm_disk *disk, struct sim_inode *inode, const char *path,
                                   uint32_t flags)
{
    const size_t path_size = strlen(path) + 1;
    struct sm_file *file;

    if (disk->closed_count > CLOSED_FILES_KEPT) {
        file = sm__container(disk->closed.next, struct sm_file, link);
        sm__list_remove(&file->link);
        disk->closed_count--;
    } else {
        file = sim_host_alloc(sizeof *file);
    }
    *file = (struct sm_file){.disk = disk, .inode = inode, .flags = flags};
    file->path = memcpy(sim_host_alloc(path_size), path, path_size);
    sm__list_append(&disk->files, &file->link);
    return file;
}

static void file_close(struct sm_file *file)
{
    struct sm_disk *disk = file->disk;

    if (file->locks)
        sm__locks_close(&disk->locks, file->locks, file);
    sim_image_release(disk->image, file->inode);
    sim_host_free(file->path);
    file->disk = NULL;
    file->inode = NULL;
    sm__list_remove(&file->link);
    sm__list_append(&disk->closed, &file->link);
    disk->closed_count++;
}

void sim_disk_close_files(struct sm_disk *disk)
{
    while (!sm__list_empty(&disk->files))
        file_close(sm__container(disk->files.next, struct sm_file, link));
}

void sim_disk_free_files(struct sm_disk *disk)
{
    while (!sm__list_empty(&disk->closed)) {
        struct sm_file *file = sm__container(disk->closed.next, struct sm_file, link);
        sm__list_remove(&file->link);
        sim_host_free(file);
    }
}

/* ---- opening ---- */

struct sm_disk *sm_disk_get(struct sm_factory *factory)
{
    return sm__factory_capability(factory, SM__CAPABILITY_DISK);
}

/* What faults have against it. */
static int check_open(struct sm_disk *disk, const char *path, uint32_t flags)
{
    struct sim_inode *inode;
    const bool makes = flags & SM_FILE_CREATE && sim_image_find(disk->image, path, &inode);

    if (flags & (SM_FILE_WRITE | SM_FILE_TRUNC) || makes) {
        if (sim_disk_hit(disk, SIM_DISK_READ_ONLY, path, 0))
            return -EROFS;
    }
    return makes && sim_disk_hit(disk, SIM_DISK_FULL, path, 0) ? -ENOSPC : 0;
}

static int lock_whole(struct sm_file *file)
{
    const int error = sm_file_lock(file, SM_FILE_LOCK_EXCLUSIVE, 0, 0, 0);
    return error == -ETIMEDOUT ? -EBUSY : error;
}

int sm_file_open(struct sm_disk *disk, struct sm_file **out, const char *path, uint32_t flags)
{
    struct sim_inode *inode;

    sim_disk_check(disk);
    *out = NULL;
    int error = sm__file_flags_valid(flags) ? sm__disk_path_check(path, false) : -EINVAL;
    if (!error)
        error = sim_disk_wait(disk, &(struct sim_disk_request){SIM_DISK_READ, .path = path});
    if (!error)
        error = check_open(disk, path, flags);
    if (!error)
        error =
            sim_image_open(disk->image, path, flags & SM_FILE_CREATE, flags & SM_FILE_EXCL, &inode);
    if (error)
        return error;
    struct sm_file *file = file_create(disk, inode, path, flags);
    if (flags & SM_FILE_ALONE)
        error = lock_whole(file);
    if (error) {
        file_close(file);
        return error;
    }
    if (flags & SM_FILE_TRUNC && sim_inode_size(inode) > 0)
        (void)sim_inode_truncate(disk->image, inode, 0); /* shrinking takes no space */
    *out = file;
    return 0;
}

void sm_file_close(struct sm_file *file)
{
    if (!file)
        return;
    sim_disk_check_file(file);
    SM_ASSERT_MSG(file->calls == 0, "a file is closed while a call on it is under way");
    file_close(file);
}

int64_t sm_file_size(struct sm_file *file)
{
    sim_disk_check_file(file);
    return sim_inode_size(file->inode);
}

/* ---- transfers ---- */

/* Checks what a transfer asks for. Returns its size, -EBADF, -EINVAL. */
static int64_t check_transfer(const struct sm_file *file, uint32_t right,
                              const struct iovec *pieces, int count, int64_t offset)
{
    sim_disk_check_file(file);
    const int error = sm__transfer_check(file->flags, right, pieces, count, offset);
    return error ? error : sm__pieces_size(pieces, count);
}

static uint64_t number_of(const struct sm_file *file)
{
    return sim_inode_number(file->inode);
}

/* A part of `size`, at least one byte, where a fault makes the transfer short. */
static int64_t shorten(struct sm_file *file, int64_t size)
{
    if (size < 2 || !sim_disk_hit(file->disk, SIM_DISK_SHORT, file->path, number_of(file)))
        return size;
    return 1 + (int64_t)sim_disk_fault_draw(file->disk, (uint64_t)size - 1);
}

static int read_now(struct sm_file *file, const struct iovec *pieces, int count, int64_t size,
                    int64_t offset)
{
    int64_t done = 0;

    if (sim_disk_hit(file->disk, SIM_DISK_READ_ERROR, file->path, number_of(file)))
        return -EIO;
    sim_disk_fault_rot(file->disk, file->path, file->inode, (size_t)size, offset);
    size = shorten(file, size);
    for (int i = 0; i < count && done < size; i++) {
        const int64_t rest = size - done, room = (int64_t)pieces[i].iov_len;
        done += (int64_t)sim_inode_read(file->inode, pieces[i].iov_base,
                                        (size_t)(rest < room ? rest : room), offset + done);
    }
    sim_cpu_count(sm__current->home, (uint64_t)done);
    return (int)done;
}

int sm_file_preadv(struct sm_file *file, const struct iovec *pieces, int count,
                   int64_t offset_bytes)
{
    const int64_t size = check_transfer(file, SM_FILE_READ, pieces, count, offset_bytes);
    const int error = size < 0 ? (int)size : sim_disk_wait_file(file, SIM_DISK_READ, NULL, 0);

    return error ? error : read_now(file, pieces, count, size, offset_bytes);
}

int sm_file_pread(struct sm_file *file, void *buffer, size_t size, int64_t offset_bytes)
{
    const struct iovec piece = {buffer, size};
    return sm_file_preadv(file, &piece, 1, offset_bytes);
}

/* Writes pieces up to a size in all. Returns the count; what a write returns where it is 0. */
static int64_t write_pieces(struct sm_file *file, const struct iovec *pieces, int count,
                            int64_t size, int64_t offset)
{
    int64_t done = 0;

    for (int i = 0; i < count && done < size; i++) {
        const int64_t rest = size - done, room = (int64_t)pieces[i].iov_len;
        const int64_t part = rest < room ? rest : room;
        const int64_t written = sim_inode_write(file->disk->image, file->inode, pieces[i].iov_base,
                                                (size_t)part, offset + done);
        if (written < 0)
            return done > 0 ? done : written;
        done += written;
        if (written < part)
            break;
    }
    return done;
}

/* The same on a disk that may be full. */
static int64_t write_if_fits(struct sm_file *file, const struct iovec *pieces, int count,
                             int64_t size, int64_t offset)
{
    struct sm_disk *disk = file->disk;
    const bool is_full = sim_disk_is(disk, SIM_DISK_FULL, file->path);

    if (is_full)
        sim_image_set_capacity(disk->image, 0);
    const int64_t done = write_pieces(file, pieces, count, size, offset);
    if (is_full) {
        sim_image_set_capacity(disk->image, disk->profile.capacity_bytes);
        if (done < size)
            (void)sim_disk_hit(disk, SIM_DISK_FULL, file->path, number_of(file));
    }
    return done;
}

/* Returns the count, or what failed; `*error`: what failed after a first part. */
static int64_t write_now(struct sm_file *file, const struct iovec *pieces, int count, int64_t size,
                         int64_t offset, bool may_be_short, int *error)
{
    int64_t wanted = size;

    *error = 0;
    if (sim_disk_hit(file->disk, SIM_DISK_READ_ONLY, file->path, number_of(file)))
        return -EROFS;
    if (size > 0 && sim_disk_hit(file->disk, SIM_DISK_WRITE_ERROR, file->path, number_of(file))) {
        wanted = (int64_t)sim_disk_fault_draw(file->disk, (uint64_t)size);
        *error = -EIO;
    } else if (may_be_short) {
        wanted = shorten(file, size);
    }
    const int64_t done = write_if_fits(file, pieces, count, wanted, offset);
    if (!*error && done < wanted)
        *error = -ENOSPC;
    return done == 0 && *error ? *error : done;
}

static int64_t write_call(struct sm_file *file, const struct iovec *pieces, int count,
                          int64_t offset, bool may_be_short, int *error)
{
    const int64_t size = check_transfer(file, SM_FILE_WRITE, pieces, count, offset);

    *error = 0;
    if (size < 0)
        return size;
    sim_cpu_count(sm__current->home, (uint64_t)size);
    const int cancelled = sim_disk_wait_file(file, SIM_DISK_WRITE, pieces, count);
    return cancelled ? cancelled
                     : write_now(file, pieces, count, size, offset, may_be_short, error);
}

int sm_file_pwritev(struct sm_file *file, const struct iovec *pieces, int count,
                    int64_t offset_bytes)
{
    int error;
    return (int)write_call(file, pieces, count, offset_bytes, true, &error);
}

int sm_file_pwrite(struct sm_file *file, const void *data, size_t size, int64_t offset_bytes)
{
    const struct iovec piece = {(void *)(uintptr_t)data, size};
    int error;
    const int64_t done = write_call(file, &piece, 1, offset_bytes, false, &error);

    return done < 0 ? (int)done : error;
}

/* ---- size, space, sync ---- */

static int check_change(const struct sm_file *file, bool is_valid)
{
    sim_disk_check_file(file);
    if (!is_valid)
        return -EINVAL;
    return file->flags & SM_FILE_WRITE ? 0 : -EBADF;
}

/* Waits for the device, and for what it says to a change. */
static int wait_to_change(struct sm_file *file)
{
    const int error = sim_disk_wait_file(file, SIM_DISK_WRITE, NULL, 0);

    if (error)
        return error;
    if (sim_disk_hit(file->disk, SIM_DISK_READ_ONLY, file->path, number_of(file)))
        return -EROFS;
    return sim_disk_hit(file->disk, SIM_DISK_WRITE_ERROR, file->path, number_of(file)) ? -EIO : 0;
}

int sm_file_truncate(struct sm_file *file, int64_t size_bytes)
{
    int error = check_change(file, size_bytes >= 0);

    if (!error)
        error = wait_to_change(file);
    return error ? error : sim_inode_truncate(file->disk->image, file->inode, size_bytes);
}

int sm_file_allocate(struct sm_file *file, int64_t offset_bytes, int64_t size_bytes)
{
    int error = check_change(file, offset_bytes >= 0 && size_bytes > 0);

    if (!error)
        error = wait_to_change(file);
    if (!error && sim_disk_hit(file->disk, SIM_DISK_FULL, file->path, number_of(file)))
        error = -ENOSPC;
    return error ? error
                 : sim_inode_allocate(file->disk->image, file->inode, offset_bytes, size_bytes);
}

/* All handles that the file has now: whoever wrote must learn it, not only who has synced. */
static void warn_handles(const struct sm_disk *disk, const struct sim_inode *inode)
{
    for (struct sm__list *link = disk->files.next; link != &disk->files; link = link->next) {
        struct sm_file *file = sm__container(link, struct sm_file, link);
        if (file->inode == inode)
            file->is_warned = true;
    }
}

int sm_file_fsync(struct sm_file *file)
{
    sim_disk_check_file(file);
    const uint64_t up_to = sim_image_now(file->disk->image);
    int error = sim_disk_wait_file(file, SIM_DISK_SYNC, NULL, 0);
    if (error)
        return error;
    error = sim_disk_fault_sync(file->disk, file->path, file->inode, up_to);
    if (error == -EIO)
        warn_handles(file->disk, file->inode);
    if (!error && file->is_warned)
        error = -EIO;
    file->is_warned = false;
    return error;
}

int sm_file_fdatasync(struct sm_file *file)
{
    return sm_file_fsync(file); /* there is no metadata that it could leave out */
}

/* ---- locks ---- */

/* The locks of a file, from its first on. */
static struct sm__locked_file *locks_of(struct sm_file *file)
{
    if (!file->locks)
        file->locks = sm__locks_open(&file->disk->locks, 0, number_of(file));
    return file->locks;
}

int sm_file_lock(struct sm_file *file, enum sm_file_lock_kind kind, int64_t offset_bytes,
                 int64_t size_bytes, sm_time deadline)
{
    sim_disk_check_file(file);
    struct sm__locked_file *locks = locks_of(file);
    file->calls++;
    const int error =
        sm__locks_lock(&file->disk->locks, locks, file, kind, offset_bytes, size_bytes, deadline);
    file->calls--;
    return error;
}

int sm_file_unlock(struct sm_file *file, int64_t offset_bytes, int64_t size_bytes)
{
    sim_disk_check_file(file);
    return sm__locks_unlock(&file->disk->locks, locks_of(file), file, offset_bytes, size_bytes);
}

int sm_file_lock_test(struct sm_file *file, enum sm_file_lock_kind kind, int64_t offset_bytes,
                      int64_t size_bytes)
{
    sim_disk_check_file(file);
    return sm__locks_test(locks_of(file), file, kind, offset_bytes, size_bytes);
}
