/* SPDX-License-Identifier: MIT */
/*
 * What is on a simulated disk: directories, names and bytes, as the page cache shows them, and what
 * of it a loss of power may leave. A data structure only: no tasks, no time, no machine.
 *
 *                    change                      sync
 *   the cached tree <------- caller   log of names ----> (forgotten: durable)
 *
 *   1. The cached tree, with the changes in the log undone from the last on, is the durable tree.
 *   2. A crash undoes the whole log, then does some of the changes again, in their order. One that
 *      is kept needs all before it that concern the same name; a rename is one change. So that no
 *      file is lost between two directories: moving directories keeps the order of all such moves,
 *      taking a directory away needs all changes in it, and moving into a new directory needs that
 *      directory's name.
 *   3. A log that grows beyond a limit is forgotten from its oldest change on, as a kernel writes
 *      back.
 *   4. The bytes of each file are apart from its names: sim/disk_bytes.h.
 */
#ifndef STEELMILL_SIM_DISK_IMAGE_H
#define STEELMILL_SIM_DISK_IMAGE_H

#include "sim/disk_bytes.h"

struct sim_image;
struct sim_inode; /* a file or directory, apart from its names */

struct sim_image *sim_image_create(int64_t capacity_bytes);
/* No file may be held any more, but by names. */
void sim_image_destroy(struct sim_image *image);
/* Paths have been checked (core/disk_path.h), here and below. */

/* Every change has a number, from 1; this is the latest one's. Syncs take it as "up to here". */
uint64_t sim_image_now(const struct sim_image *image);

/* What all files may take; less than they do: nothing more fits. */
void sim_image_set_capacity(struct sim_image *image, int64_t capacity_bytes);
int64_t sim_image_used_bytes(const struct sim_image *image);

/* ---- names: each returns 0, or what <steelmill/disk.h> says ---- */
/* Finds a file, or makes it. The caller holds it until sim_image_release. */
int sim_image_open(struct sim_image *image, const char *path, bool create, bool exclusive,
                   struct sim_inode **out);
void sim_image_release(struct sim_image *image, struct sim_inode *inode);
/* Looks at a file or directory, without holding it. */
int sim_image_find(struct sim_image *image, const char *path, struct sim_inode **out);
int sim_image_unlink(struct sim_image *image, const char *path);
int sim_image_rename(struct sim_image *image, const char *from, const char *to);
int sim_image_link(struct sim_image *image, const char *from, const char *to);
int sim_image_mkdir(struct sim_image *image, const char *path);
int sim_image_rmdir(struct sim_image *image, const char *path);
/* `fn` may change nothing. */
int sim_image_list(struct sim_image *image, const char *path,
                   int (*fn)(void *arg, const char *name), void *arg);
int sim_image_sync_dir(struct sim_image *image, const char *path, uint64_t up_to);
void sim_image_sync_names(struct sim_image *image, uint64_t up_to);
/* Calls `fn` for each file that has a name, in the order of paths. */
void sim_image_each(struct sim_image *image,
                    void (*fn)(void *arg, const char *path, struct sim_inode *inode), void *arg);

/* ---- bytes ---- */
uint64_t sim_inode_number(const struct sim_inode *inode); /* from 1, in the order of creation */
uint32_t sim_inode_links(const struct sim_inode *inode);
bool sim_inode_is_directory(const struct sim_inode *inode);
int64_t sim_inode_size(const struct sim_inode *inode);
size_t sim_inode_read(const struct sim_inode *inode, void *buffer, size_t size, int64_t offset);
int64_t sim_inode_write(struct sim_image *image, struct sim_inode *inode, const void *data,
                        size_t size, int64_t offset);
int sim_inode_truncate(struct sim_image *image, struct sim_inode *inode, int64_t size);
int sim_inode_allocate(struct sim_image *image, struct sim_inode *inode, int64_t offset,
                       int64_t size);
/* Makes the file's bytes durable, and its size: not its name. fate: NULL: all of them. */
void sim_inode_sync(struct sim_image *image, struct sim_inode *inode, uint64_t up_to,
                    sim_fate_fn fate, void *arg);
/* For faults: where the bytes are. A page that they overwrite must be one that the file has. */
const struct sim_bytes *sim_inode_bytes(const struct sim_inode *inode);
void sim_inode_overwrite(struct sim_image *image, struct sim_inode *inode, uint32_t index,
                         const uint8_t *page);
bool sim_inode_rot(struct sim_inode *inode, uint32_t index, uint32_t bit);

/* ---- losses: no file may be held any more ---- */

struct sim_losses {
    uint64_t lost_sectors, kept_sectors; /* of those that had changed and were not durable */
    uint64_t lost_names, kept_names;     /* the same of changes of names */
};
/*
 * Loses power. Draws a style for all, or for the names and for each file one of their own (enum
 * sim_crash_style), then what that asks for. Nothing is drawn where all is durable.
 *   losses: added to; may be NULL
 */
void sim_image_crash(struct sim_image *image, sim_image_draw draw, void *arg,
                     struct sim_losses *losses);
/*
 * The same, with a given state of all that there can be.
 *   state: 0 to sim_image_crash_states - 1; several may be alike
 */
void sim_image_crash_into(struct sim_image *image, uint64_t state, struct sim_losses *losses);
uint64_t sim_image_crash_states(const struct sim_image *image); /* saturates at UINT64_MAX */

#endif
