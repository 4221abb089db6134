/* SPDX-License-Identifier: MIT */
/*
 * What is on a disk: names and bytes, each twice, as the page cache shows them and as they would
 * outlive a loss of power. A data structure only: no tasks, no time, no machine.
 *
 *                 change                     sync                        crash
 *   cached view <-------- caller     log ----------> durable view ---------------> cached view
 *                 \------------------^                 + a part of the log
 *
 *   1. The durable view plus all changes in the log, in order, is the cached view.
 *   2. There is a log for the names and one for the bytes of each file; each is applied from its
 *      oldest change on only, so what outlives a crash is always a beginning of what was done.
 *   3. A log that grows beyond a limit is applied from its oldest change on, as a kernel writes
 * back.
 *
 * Names are flat: "log/1" is one name, there are no folders to make.
 */
#ifndef STEELMILL_SIM_DISK_IMAGE_H
#define STEELMILL_SIM_DISK_IMAGE_H

#include <steelmill/base.h>

struct sim_image;
struct sim_inode; /* a file, apart from its names */

/* A number from 0 to bound - 1. */
typedef uint64_t (*sim_image_draw)(void *arg, uint64_t bound);

struct sim_image *sim_image_create(int64_t capacity_bytes);
/* No file may be held any more, but by names. */
void sim_image_destroy(struct sim_image *image);

/* True for a relative path of 1 to 255 bytes without empty, "." and ".." parts. */
bool sim_image_path_valid(const char *path);

/* Every change has a number, from 1; this is the latest one's. Syncs take it as "up to here". */
uint64_t sim_image_now(const struct sim_image *image);

/* ---- names ---- */
/*
 * Finds a file, or makes it. The caller holds it until sim_image_release.
 * Returns 0, -ENOENT, -EEXIST.
 */
int sim_image_open(struct sim_image *image, const char *path, bool create, bool exclusive,
                   struct sim_inode **out);
void sim_image_release(struct sim_image *image, struct sim_inode *inode);
/* Return 0, -ENOENT. A file that is held lives on without its name. */
int sim_image_unlink(struct sim_image *image, const char *path);
int sim_image_rename(struct sim_image *image, const char *from, const char *to);
void sim_image_sync_names(struct sim_image *image, uint64_t up_to);

/* ---- bytes ---- */
uint64_t sim_inode_number(const struct sim_inode *inode); /* from 1, in the order of creation */
int64_t sim_inode_size(const struct sim_inode *inode);
/* Returns the count, less than `size` at the end of the file only. */
size_t sim_inode_read(const struct sim_inode *inode, void *buffer, size_t size, int64_t offset);
/* Return 0; -ENOSPC, nothing is changed then. */
int sim_inode_write(struct sim_image *image, struct sim_inode *inode, const void *data, size_t size,
                    int64_t offset);
int sim_inode_truncate(struct sim_image *image, struct sim_inode *inode, int64_t size);
/*
 * Makes the file's bytes durable. A file that has no durable name yet gets it, too, and with it all
 * changes of names before, as with a journal (so a new file needs no sync of its names).
 */
void sim_inode_sync(struct sim_image *image, struct sim_inode *inode, uint64_t up_to);

/* ---- losses: no file may be held any more ---- */
/*
 * Loses power. Of the names' log and of each file's, in the order of their names, all changes are
 * kept, or none, or some first ones: draw(3), then draw(count + 1) for the last case. Nothing is
 * drawn for an empty log.
 */
void sim_image_crash(struct sim_image *image, sim_image_draw draw, void *arg);

#endif
