/* SPDX-License-Identifier: MIT */
/* Calls of the contract that this world does not have yet. */
#include <steelmill/disk.h>
#include <steelmill/disk_lock.h>

#include <errno.h>

int sm_file_preadv(struct sm_file *file, const struct iovec *pieces, int count,
                   int64_t offset_bytes)
{
    (void)file, (void)pieces, (void)count, (void)offset_bytes;
    return -ENOSYS;
}

int sm_file_pwritev(struct sm_file *file, const struct iovec *pieces, int count,
                    int64_t offset_bytes)
{
    (void)file, (void)pieces, (void)count, (void)offset_bytes;
    return -ENOSYS;
}

int sm_file_fdatasync(struct sm_file *file)
{
    return sm_file_fsync(file);
}

int sm_file_allocate(struct sm_file *file, int64_t offset_bytes, int64_t size_bytes)
{
    (void)file, (void)offset_bytes, (void)size_bytes;
    return -ENOSYS;
}

int sm_disk_stat(struct sm_disk *disk, const char *path, struct sm_file_info *out)
{
    (void)disk, (void)path, (void)out;
    return -ENOSYS;
}

int sm_disk_link(struct sm_disk *disk, const char *from, const char *to)
{
    (void)disk, (void)from, (void)to;
    return -ENOSYS;
}

int sm_disk_mkdir(struct sm_disk *disk, const char *path)
{
    (void)disk, (void)path;
    return -ENOSYS;
}

int sm_disk_rmdir(struct sm_disk *disk, const char *path)
{
    (void)disk, (void)path;
    return -ENOSYS;
}

int sm_disk_list(struct sm_disk *disk, const char *path, sm_disk_name_fn fn, void *arg)
{
    (void)disk, (void)path, (void)fn, (void)arg;
    return -ENOSYS;
}

int sm_disk_sync_dir(struct sm_disk *disk, const char *path)
{
    (void)path;
    return sm_disk_sync(disk);
}

int sm_file_lock(struct sm_file *file, enum sm_file_lock_kind kind, int64_t offset_bytes,
                 int64_t size_bytes, sm_time deadline)
{
    (void)file, (void)kind, (void)offset_bytes, (void)size_bytes, (void)deadline;
    return -ENOSYS;
}

int sm_file_unlock(struct sm_file *file, int64_t offset_bytes, int64_t size_bytes)
{
    (void)file, (void)offset_bytes, (void)size_bytes;
    return -ENOSYS;
}

int sm_file_lock_test(struct sm_file *file, enum sm_file_lock_kind kind, int64_t offset_bytes,
                      int64_t size_bytes)
{
    (void)file, (void)kind, (void)offset_bytes, (void)size_bytes;
    return -ENOSYS;
}
