/* SPDX-License-Identifier: MIT */
/* Calls on names. */
#include "sim/disk_parts.h"

#include <errno.h>

/* Waits for a call that looks at names. Returns 0, -ECANCELED, -EIO. */
static int wait_to_look(struct sm_disk *disk, const char *path)
{
    const struct sim_disk_request request = {SIM_DISK_READ, .path = path};
    const int error = sim_disk_wait(disk, &request);

    return !error && sim_disk_hit(disk, SIM_DISK_READ_ERROR, path, 0) ? -EIO : error;
}

/* The same for one that changes them. `adds`: it takes space. */
static int wait_to_change(struct sm_disk *disk, const char *path, bool adds)
{
    const struct sim_disk_request request = {SIM_DISK_READ, .path = path};
    const int error = sim_disk_wait(disk, &request);

    if (error)
        return error;
    if (sim_disk_hit(disk, SIM_DISK_READ_ONLY, path, 0))
        return -EROFS;
    if (sim_disk_hit(disk, SIM_DISK_WRITE_ERROR, path, 0))
        return -EIO;
    return adds && sim_disk_hit(disk, SIM_DISK_FULL, path, 0) ? -ENOSPC : 0;
}

int sm_disk_stat(struct sm_disk *disk, const char *path, struct sm_file_info *out)
{
    struct sim_inode *inode;

    sim_disk_check(disk);
    int error = sm__disk_path_check(path, true);
    if (!error)
        error = wait_to_look(disk, path);
    if (!error)
        error = sim_image_find(disk->image, path, &inode);
    if (error)
        return error;
    const bool is_directory = sim_inode_is_directory(inode);
    *out = (struct sm_file_info){.id = sim_inode_number(inode),
                                 .size_bytes = sim_inode_size(inode),
                                 .links = is_directory ? 0 : sim_inode_links(inode),
                                 .is_directory = is_directory};
    return 0;
}

int sm_disk_list(struct sm_disk *disk, const char *path, sm_disk_name_fn fn, void *arg)
{
    sim_disk_check(disk);
    int error = sm__disk_path_check(path, true);
    if (!error)
        error = wait_to_look(disk, path);
    return error ? error : sim_image_list(disk->image, path, fn, arg);
}

/* ---- changes ---- */

static int change(struct sm_disk *disk, const char *path, bool adds,
                  int (*fn)(struct sim_image *image, const char *path))
{
    sim_disk_check(disk);
    int error = sm__disk_path_check(path, false);
    if (!error)
        error = wait_to_change(disk, path, adds);
    return error ? error : fn(disk->image, path);
}

static int change_two(struct sm_disk *disk, const char *from, const char *to, bool adds,
                      int (*fn)(struct sim_image *image, const char *from, const char *to))
{
    sim_disk_check(disk);
    int error = sm__disk_path_check(from, false);
    if (!error)
        error = sm__disk_path_check(to, false);
    if (!error)
        error = wait_to_change(disk, to, adds);
    return error ? error : fn(disk->image, from, to);
}

int sm_disk_unlink(struct sm_disk *disk, const char *path)
{
    return change(disk, path, false, sim_image_unlink);
}

int sm_disk_mkdir(struct sm_disk *disk, const char *path)
{
    return change(disk, path, true, sim_image_mkdir);
}

int sm_disk_rmdir(struct sm_disk *disk, const char *path)
{
    return change(disk, path, false, sim_image_rmdir);
}

int sm_disk_rename(struct sm_disk *disk, const char *from, const char *to)
{
    return change_two(disk, from, to, false, sim_image_rename);
}

int sm_disk_link(struct sm_disk *disk, const char *from, const char *to)
{
    return change_two(disk, from, to, true, sim_image_link);
}

/* ---- syncs ---- */

static int wait_to_sync(struct sm_disk *disk, const char *path)
{
    const struct sim_disk_request request = {SIM_DISK_SYNC, .path = path};
    const int error = sim_disk_wait(disk, &request);

    if (error)
        return error;
    if (sim_disk_hit(disk, SIM_DISK_READ_ONLY, path, 0))
        return -EROFS;
    return sim_disk_hit(disk, SIM_DISK_SYNC_ERROR, path, 0) ? -EIO : 0;
}

int sm_disk_sync_dir(struct sm_disk *disk, const char *path)
{
    sim_disk_check(disk);
    const uint64_t up_to = sim_image_now(disk->image);
    int error = sm__disk_path_check(path, true);
    if (!error)
        error = wait_to_sync(disk, path);
    return error ? error : sim_image_sync_dir(disk->image, path, up_to);
}

int sm_disk_sync(struct sm_disk *disk)
{
    sim_disk_check(disk);
    const uint64_t up_to = sim_image_now(disk->image);
    const int error = wait_to_sync(disk, ".");
    if (!error)
        sim_image_sync_names(disk->image, up_to);
    return error;
}
