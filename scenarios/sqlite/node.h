/* SPDX-License-Identifier: MIT */
/*
 * What the connections to one database share: locks, the memory of its log's index, and its bytes
 * as memory. It lasts from the first open to the last close.
 */
#ifndef STEELMILL_SQLITE_NODE_H
#define STEELMILL_SQLITE_NODE_H

#include <stdbool.h>
#include <stdint.h>

#define VFS_SLOTS         8 /* SQLITE_SHM_NLOCK */
#define VFS_SHM_REGIONS   64
#define VFS_CHUNKS        256
#define VFS_CHUNK_BYTES   65536 /* the largest page: a page lies in one chunk */
#define VFS_BLOCK_BYTES   512   /* the smallest page */
#define VFS_CHUNK_BLOCKS  (VFS_CHUNK_BYTES / VFS_BLOCK_BYTES)
#define VFS_HELD_BY_WRITE (-1)

/* A row of locks, each held by any number of readers, or by one writer. */
struct vfs_locks {
    int16_t held[VFS_SLOTS]; /* the number of readers, or VFS_HELD_BY_WRITE */
};

/* What one connection holds of a row, a bit for each. */
struct vfs_hold {
    uint16_t read, write;
};

/* Some bytes of a database as memory. Blocks that are not loaded are not valid. */
struct vfs_chunk {
    bool loaded[VFS_CHUNK_BLOCKS];
    _Alignas(16) unsigned char bytes[VFS_CHUNK_BYTES];
};

struct vfs_node {
    struct vfs_node *next;
    int opens, shm_users;
    struct vfs_locks locks, shm_locks;
    void *shm[VFS_SHM_REGIONS];
    uint64_t changes;          /* writes and truncations that have begun */
    uint32_t changes_underway; /* and not ended */
    struct vfs_chunk *chunks[VFS_CHUNKS];
    char path[]; /* "": it was deleted */
};

/* Finds or makes the node of a path. Returns NULL when there is no memory. */
struct vfs_node *vfs_node_open(struct vfs_node **nodes, const char *path);
void vfs_node_close(struct vfs_node **nodes, struct vfs_node *node);
/* The name belongs to another file from now on. */
void vfs_node_forget(struct vfs_node *nodes, const char *path);
void vfs_node_drop_shm(struct vfs_node *node);

/*
 * Takes locks `first` to `first + count - 1`, all or none. A lock that the caller holds to read
 * becomes one to write if nobody else has it.
 * Returns false if another connection is in the way.
 */
bool vfs_locks_take(struct vfs_locks *locks, struct vfs_hold *hold, int first, int count,
                    bool write);
/* Gives back what is held of them. */
void vfs_locks_drop(struct vfs_locks *locks, struct vfs_hold *hold, int first, int count);
/* A lock to write becomes one to read. */
void vfs_locks_weaken(struct vfs_locks *locks, struct vfs_hold *hold, int index);

#endif
