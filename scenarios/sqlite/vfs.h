/* SPDX-License-Identifier: MIT */
/*
 * A VFS of SQLite on the contract's disk: interface version 3, with everything in it.
 *
 * Connections of one machine's tasks share a database as processes do: by locks and by memory that
 * belong to the VFS (node.h). Both are gone after a crash; only what the disk has kept is left.
 *
 *   1. Every call is a point where another task may go on, and one after which the power may be cut
 *      (vfs_enter). A call that goes to the disk waits for the disk, the others for vfs->pause_ns.
 *   2. What unix's own VFS syncs is synced, and nothing else: the directory with a connection's
 *      first sync of a journal or log, and when SQLite says so at a deletion.
 *   3. A call that is cancelled fails, as on a disk that is gone. Locks are given back anyway.
 *
 *   vfs.c   names: open, delete, access; time, randomness     file.c  the bytes of a file
 *   lock.c  who may read and write                            shm.c   what a log's readers share
 *   map.c   the database as memory (fetch and unfetch)        node.c  what connections share
 */
#ifndef STEELMILL_SQLITE_VFS_H
#define STEELMILL_SQLITE_VFS_H

#include <steelmill/steelmill.h>

#include <sqlite3.h>

#include "node.h"

#define VFS_NAME       "steelmill"
#define VFS_PATH_BYTES 200
#define VFS_DIRECTORY  "." /* all files are in one */

struct vfs {
    sqlite3_vfs base; /* first: SQLite hands it back */
    struct sm_disk *disk;
    struct vfs_node *nodes;
    struct sm_random pace, random;
    sm_time pause_ns; /* the longest pause of a call that does not use the disk; 0: it yields */
    uint64_t calls;   /* since vfs_init */
    uint64_t cut_at;  /* the power goes after this call; 0: not by count */
    uint32_t open_count;
};

struct vfs_file {
    sqlite3_file base; /* first: SQLite hands it back */
    struct vfs *vfs;
    struct sm_file *file;
    struct vfs_node *node; /* of a database; NULL: nobody shares this file */
    struct vfs_hold lock, shm;
    int level; /* SQLITE_LOCK_... */
    bool has_shm, sync_directory;
    sqlite3_int64 map_bytes_max;
    int fetched; /* pages that SQLite has not given back */
};

/*
 * Makes the VFS SQLite's default one.
 *   vfs: the caller's memory, for as long as the library is used
 * Returns 0, or a result code of SQLite.
 */
int vfs_init(struct vfs *vfs, struct sm_disk *disk);

/*
 * To be called first in every method of a file or of the VFS; the second one where the method does
 * not wait for the disk.
 * Blocks? vfs_pause yields or sleeps; both for good where the power is to be cut.
 * Returns 0, -ECANCELED.
 */
int vfs_enter(struct vfs *vfs);
int vfs_pause(struct vfs *vfs);

/* file.c */
extern const sqlite3_io_methods vfs_file_methods;
/* Reads up to the end of the file. Returns the count, less than `bytes` at the end only; -errno. */
int vfs_read(struct sm_file *file, void *buffer, int bytes, sqlite3_int64 offset);

/* lock.c */
int vfs_lock(sqlite3_file *base, int level);
int vfs_unlock(sqlite3_file *base, int level);
int vfs_check_reserved_lock(sqlite3_file *base, int *reserved);

/* shm.c */
int vfs_shm_map(sqlite3_file *base, int index, int bytes, int extend, void volatile **out);
int vfs_shm_lock(sqlite3_file *base, int first, int count, int flags);
void vfs_shm_barrier(sqlite3_file *base);
int vfs_shm_unmap(sqlite3_file *base, int delete_it);

/* map.c */
int vfs_fetch(sqlite3_file *base, sqlite3_int64 offset, int bytes, void **out);
int vfs_unfetch(sqlite3_file *base, sqlite3_int64 offset, void *page);
/* What was written or cut off shows in the memory, too. */
void vfs_map_written(struct vfs_node *node, const void *data, int bytes, sqlite3_int64 offset);
void vfs_map_truncated(struct vfs_node *node, sqlite3_int64 bytes);

#endif
