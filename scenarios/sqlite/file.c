/* SPDX-License-Identifier: MIT */
/* The bytes of a file, and the table of its methods. */
#include "vfs.h"

#include <errno.h>
#include <string.h>

#define SECTOR_BYTES 4096 /* as unix's VFS has it */

static int close_file(sqlite3_file *base)
{
    struct vfs_file *file = (struct vfs_file *)base;
    struct vfs *vfs = file->vfs;

    (void)vfs_pause(vfs);
    if (file->node) {
        (void)vfs_unlock(base, SQLITE_LOCK_NONE);
        (void)vfs_shm_unmap(base, 0);
        vfs_node_close(&vfs->nodes, file->node);
    }
    sm_file_close(file->file);
    return SQLITE_OK;
}

int vfs_read(struct sm_file *file, void *buffer, int bytes, sqlite3_int64 offset)
{
    int total = 0;

    while (total < bytes) {
        const int got =
            sm_file_pread(file, (char *)buffer + total, (size_t)(bytes - total), offset + total);
        if (got < 0)
            return got;
        if (got == 0)
            break;
        total += got;
    }
    return total;
}

static int read_file(sqlite3_file *base, void *buffer, int bytes, sqlite3_int64 offset)
{
    struct vfs_file *file = (struct vfs_file *)base;

    if (vfs_enter(file->vfs))
        return SQLITE_IOERR_READ;
    const int got = vfs_read(file->file, buffer, bytes, offset);
    if (got < 0)
        return SQLITE_IOERR_READ;
    if (got == bytes)
        return SQLITE_OK;
    memset((char *)buffer + got, 0, (size_t)(bytes - got));
    return SQLITE_IOERR_SHORT_READ;
}

static void change_begins(struct vfs_node *node)
{
    if (!node)
        return;
    node->changes++;
    node->changes_underway++;
}

static int write_file(sqlite3_file *base, const void *data, int bytes, sqlite3_int64 offset)
{
    struct vfs_file *file = (struct vfs_file *)base;

    if (vfs_enter(file->vfs))
        return SQLITE_IOERR_WRITE;
    change_begins(file->node);
    const int error = sm_file_pwrite(file->file, data, (size_t)bytes, offset);
    if (file->node) {
        file->node->changes_underway--;
        vfs_map_written(file->node, data, error ? 0 : bytes, offset);
    }
    if (error)
        return error == -ENOSPC ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    return SQLITE_OK;
}

static int truncate_file(sqlite3_file *base, sqlite3_int64 bytes)
{
    struct vfs_file *file = (struct vfs_file *)base;

    if (vfs_enter(file->vfs))
        return SQLITE_IOERR_TRUNCATE;
    change_begins(file->node);
    const int error = sm_file_truncate(file->file, bytes);
    if (file->node) {
        file->node->changes_underway--;
        vfs_map_truncated(file->node, bytes);
    }
    return error ? SQLITE_IOERR_TRUNCATE : SQLITE_OK;
}

/* The first sync of a journal or log makes its name durable, too. */
static int sync_file(sqlite3_file *base, int flags)
{
    struct vfs_file *file = (struct vfs_file *)base;

    if (vfs_enter(file->vfs))
        return SQLITE_IOERR_FSYNC;
    if (flags & SQLITE_SYNC_DATAONLY ? sm_file_fdatasync(file->file) : sm_file_fsync(file->file))
        return SQLITE_IOERR_FSYNC;
    if (file->sync_directory && sm_disk_sync_dir(file->vfs->disk, VFS_DIRECTORY))
        return SQLITE_IOERR_DIR_FSYNC;
    file->sync_directory = false;
    return SQLITE_OK;
}

static int file_size(sqlite3_file *base, sqlite3_int64 *bytes)
{
    struct vfs_file *file = (struct vfs_file *)base;

    if (vfs_pause(file->vfs))
        return SQLITE_IOERR_FSTAT;
    *bytes = sm_file_size(file->file);
    return *bytes < 0 ? SQLITE_IOERR_FSTAT : SQLITE_OK;
}

static int file_control(sqlite3_file *base, int operation, void *arg)
{
    struct vfs_file *file = (struct vfs_file *)base;

    if (vfs_pause(file->vfs))
        return SQLITE_IOERR;
    if (operation == SQLITE_FCNTL_LOCKSTATE) {
        *(int *)arg = file->level;
        return SQLITE_OK;
    }
    if (operation == SQLITE_FCNTL_MMAP_SIZE) {
        sqlite3_int64 *const bytes = arg;
        const sqlite3_int64 before = file->map_bytes_max;
        if (*bytes >= 0 && file->fetched == 0)
            file->map_bytes_max = *bytes;
        *bytes = before;
        return SQLITE_OK;
    }
    return SQLITE_NOTFOUND;
}

static int sector_size(sqlite3_file *base)
{
    (void)vfs_pause(((struct vfs_file *)base)->vfs);
    return SECTOR_BYTES;
}

/* What unix's VFS promises, too: a write that the power interrupts harms no byte beside its own. */
static int device_characteristics(sqlite3_file *base)
{
    (void)vfs_pause(((struct vfs_file *)base)->vfs);
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

const sqlite3_io_methods vfs_file_methods = {
    .iVersion = 3,
    .xClose = close_file,
    .xRead = read_file,
    .xWrite = write_file,
    .xTruncate = truncate_file,
    .xSync = sync_file,
    .xFileSize = file_size,
    .xLock = vfs_lock,
    .xUnlock = vfs_unlock,
    .xCheckReservedLock = vfs_check_reserved_lock,
    .xFileControl = file_control,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = device_characteristics,
    .xShmMap = vfs_shm_map,
    .xShmLock = vfs_shm_lock,
    .xShmBarrier = vfs_shm_barrier,
    .xShmUnmap = vfs_shm_unmap,
    .xFetch = vfs_fetch,
    .xUnfetch = vfs_unfetch,
};
