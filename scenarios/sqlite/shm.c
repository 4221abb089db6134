/* SPDX-License-Identifier: MIT */
/* The memory that the users of a write-ahead log share: its index, and locks of its own. */
#include "vfs.h"

#include <stdlib.h>

int vfs_shm_map(sqlite3_file *base, int index, int bytes, int extend, void volatile **out)
{
    struct vfs_file *file = (struct vfs_file *)base;
    struct vfs_node *node = file->node;

    *out = NULL;
    if (vfs_pause(file->vfs) || !node || index < 0 || index >= VFS_SHM_REGIONS)
        return SQLITE_IOERR_SHMMAP;
    if (!file->has_shm) {
        file->has_shm = true;
        node->shm_users++;
    }
    if (!node->shm[index] && extend) {
        node->shm[index] = calloc(1, (size_t)bytes);
        if (!node->shm[index])
            return SQLITE_IOERR_NOMEM;
    }
    *out = node->shm[index];
    return SQLITE_OK;
}

int vfs_shm_lock(sqlite3_file *base, int first, int count, int flags)
{
    struct vfs_file *file = (struct vfs_file *)base;
    struct vfs_locks *locks = &file->node->shm_locks;
    const bool cancelled = vfs_pause(file->vfs) != 0;

    if (flags & SQLITE_SHM_UNLOCK) {
        vfs_locks_drop(locks, &file->shm, first, count);
        return SQLITE_OK;
    }
    if (cancelled)
        return SQLITE_IOERR_SHMLOCK;
    return vfs_locks_take(locks, &file->shm, first, count, (flags & SQLITE_SHM_EXCLUSIVE) != 0)
               ? SQLITE_OK
               : SQLITE_BUSY;
}

/* Tasks share a thread: there is nothing to order but the tasks themselves. */
void vfs_shm_barrier(sqlite3_file *base)
{
    (void)vfs_pause(((struct vfs_file *)base)->vfs);
}

/* The last one to go takes the memory with it, asked for or not: nothing else could use it. */
int vfs_shm_unmap(sqlite3_file *base, int delete_it)
{
    struct vfs_file *file = (struct vfs_file *)base;

    (void)delete_it;
    (void)vfs_pause(file->vfs);
    if (!file->has_shm)
        return SQLITE_OK;
    vfs_locks_drop(&file->node->shm_locks, &file->shm, 0, VFS_SLOTS);
    file->has_shm = false;
    if (--file->node->shm_users == 0)
        vfs_node_drop_shm(file->node);
    return SQLITE_OK;
}
