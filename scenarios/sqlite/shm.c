/* SPDX-License-Identifier: MIT */
/* The memory that the users of a write-ahead log share: its index, and locks of its own. */
#include "vfs.h"

#include <stdlib.h>
#include <string.h>

/* The format of the index, https://www.sqlite.org/walformat.html */
#define LOCK_OF_CHECKPOINTS 1
#define OFFSET_FRAMES       16 /* how many the log has */
#define OFFSET_BACKFILLED   96 /* how many of them are in the database, too */

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

/* To be called when a checkpoint ends. One of more frames than there are would have the next
 * transactions taken for ones that are in the database, and lost. */
static void judge_checkpoint(const struct vfs_node *node)
{
    uint32_t frames, backfilled;

    if (!node->shm[0])
        return;
    memcpy(&frames, (const char *)node->shm[0] + OFFSET_FRAMES, sizeof(frames));
    memcpy(&backfilled, (const char *)node->shm[0] + OFFSET_BACKFILLED, sizeof(backfilled));
    sm_always(backfilled <= frames, "no more of the log is checkpointed than there is",
              sm_u64("frames", frames), sm_u64("backfilled", backfilled));
}

int vfs_shm_lock(sqlite3_file *base, int first, int count, int flags)
{
    struct vfs_file *file = (struct vfs_file *)base;
    struct vfs_locks *locks = &file->node->shm_locks;
    const bool cancelled = vfs_pause(file->vfs) != 0;

    if (flags & SQLITE_SHM_UNLOCK) {
        if (file->shm.write >> LOCK_OF_CHECKPOINTS & 1 && first <= LOCK_OF_CHECKPOINTS &&
            LOCK_OF_CHECKPOINTS < first + count)
            judge_checkpoint(file->node);
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
