/* SPDX-License-Identifier: MIT */
/*
 * The locks of a database, as unix's VFS has them on bytes 0x40000000 and following:
 *
 *   PENDING   a writer waits for the readers to go; held for a moment by who begins to read
 *   RESERVED  somebody is about to write
 *   SHARED    read by all who read; written by who writes to the database itself
 *
 *   none ---> SHARED ---> RESERVED ---> (PENDING) ---> EXCLUSIVE          each step may be refused;
 *     ^---------+<-----------+--------------+--------------+              PENDING is kept if the
 *                                                                         last one is
 */
#include "vfs.h"

enum { PENDING, RESERVED, SHARED };

/* One step, at which others may come in between. Returns SQLITE_OK, _BUSY, _IOERR_LOCK. */
static int step(struct vfs_file *file, int index, bool write)
{
    if (vfs_pause(file->vfs))
        return SQLITE_IOERR_LOCK;
    return vfs_locks_take(&file->node->locks, &file->lock, index, 1, write) ? SQLITE_OK
                                                                            : SQLITE_BUSY;
}

static void drop(struct vfs_file *file, int index)
{
    vfs_locks_drop(&file->node->locks, &file->lock, index, 1);
}

static int begin_to_read(struct vfs_file *file)
{
    int result = step(file, PENDING, false);
    if (result == SQLITE_OK) {
        result = step(file, SHARED, false);
        drop(file, PENDING);
    }
    if (result == SQLITE_OK)
        file->level = SQLITE_LOCK_SHARED;
    return result;
}

static int begin_to_write(struct vfs_file *file)
{
    if (file->level < SQLITE_LOCK_PENDING) {
        const int result = step(file, PENDING, true);
        if (result != SQLITE_OK)
            return result;
        file->level = SQLITE_LOCK_PENDING;
    }
    const int result = step(file, SHARED, true);
    if (result == SQLITE_OK)
        file->level = SQLITE_LOCK_EXCLUSIVE;
    return result;
}

int vfs_lock(sqlite3_file *base, int level)
{
    struct vfs_file *file = (struct vfs_file *)base;

    if (file->level >= level)
        return SQLITE_OK;
    if (!file->node)
        return SQLITE_IOERR_LOCK;
    if (level == SQLITE_LOCK_SHARED)
        return begin_to_read(file);
    if (level == SQLITE_LOCK_EXCLUSIVE)
        return begin_to_write(file);
    const int result = step(file, RESERVED, true);
    if (result == SQLITE_OK)
        file->level = SQLITE_LOCK_RESERVED;
    return result;
}

/* Gives locks back even where the task is cancelled: it will not come again. */
int vfs_unlock(sqlite3_file *base, int level)
{
    struct vfs_file *file = (struct vfs_file *)base;

    if (file->level <= level)
        return SQLITE_OK;
    if (level == SQLITE_LOCK_SHARED) {
        vfs_locks_weaken(&file->node->locks, &file->lock, SHARED);
        (void)vfs_pause(file->vfs);
    }
    drop(file, PENDING);
    drop(file, RESERVED);
    if (level == SQLITE_LOCK_NONE) {
        (void)vfs_pause(file->vfs);
        drop(file, SHARED);
    }
    file->level = level;
    return SQLITE_OK;
}

int vfs_check_reserved_lock(sqlite3_file *base, int *reserved)
{
    struct vfs_file *file = (struct vfs_file *)base;

    *reserved = 0;
    if (vfs_pause(file->vfs))
        return SQLITE_IOERR_CHECKRESERVEDLOCK;
    *reserved = file->level > SQLITE_LOCK_SHARED ||
                (file->node && file->node->locks.held[RESERVED] == VFS_HELD_BY_WRITE);
    return SQLITE_OK;
}
