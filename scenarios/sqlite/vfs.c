/* SPDX-License-Identifier: MIT */
#include "vfs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CUT_ROLE       "cut"
#define JULIAN_EPOCH   INT64_C(210866760000000) /* 1970-01-01 in milliseconds of Julian days */
#define PAUSE_HALVINGS 8

static struct vfs *self_of(sqlite3_vfs *base)
{
    return (struct vfs *)base; /* base is its first member */
}

/* ---- every call ---- */

/* Nothing goes on until the power is gone: a fault aims at whoever has the role. */
static int wait_for_the_cut(void)
{
    sm_role_set(CUT_ROLE, true);
    return sm_sleep_until(SM_FOREVER);
}

int vfs_enter(struct vfs *vfs)
{
    vfs->calls++;
    return vfs->cut_at && vfs->calls > vfs->cut_at ? wait_for_the_cut() : 0;
}

/* Mostly short, sometimes long: a thread that loses its processor in the wrong place. */
int vfs_pause(struct vfs *vfs)
{
    const int error = vfs_enter(vfs);
    if (error)
        return error;
    if (vfs->pause_ns == 0)
        return sm_yield();
    const uint64_t draw = sm_random_u64(&vfs->pace);
    const uint64_t longest = (uint64_t)vfs->pause_ns >> (draw % PAUSE_HALVINGS);
    return sm_sleep((sm_time)((draw >> 8) % (longest + 1)));
}

/* ---- names ---- */

static uint32_t open_flags(int flags)
{
    uint32_t to = SM_FILE_READ;
    if (flags & (SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE))
        to |= SM_FILE_WRITE;
    if (flags & SQLITE_OPEN_CREATE)
        to |= SM_FILE_CREATE;
    if (flags & SQLITE_OPEN_DELETEONCLOSE)
        to |= SM_FILE_TRUNC; /* a crash may have left one of that name */
    else if (flags & SQLITE_OPEN_EXCLUSIVE)
        to |= SM_FILE_EXCL;
    return to;
}

static int open_file(sqlite3_vfs *base, const char *path, sqlite3_file *out, int flags,
                     int *out_flags)
{
    struct vfs *vfs = self_of(base);
    struct vfs_file *file = (struct vfs_file *)out;
    char temporary[32];

    memset(file, 0, sizeof(*file));
    snprintf(temporary, sizeof(temporary), "temporary-%u", ++vfs->open_count);
    if (!path)
        path = temporary;
    if (vfs_enter(vfs) || sm_file_open(vfs->disk, &file->file, path, open_flags(flags)))
        return SQLITE_CANTOPEN;
    if (flags & SQLITE_OPEN_MAIN_DB) {
        file->node = vfs_node_open(&vfs->nodes, path);
        if (!file->node) {
            sm_file_close(file->file);
            return SQLITE_NOMEM;
        }
    }
    file->vfs = vfs;
    /* Also where the file was there: whoever made it may not have synced it yet. */
    file->sync_directory =
        flags & SQLITE_OPEN_CREATE &&
        flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL | SQLITE_OPEN_SUPER_JOURNAL);
    file->base.pMethods = &vfs_file_methods;
    if (flags & SQLITE_OPEN_DELETEONCLOSE)
        (void)sm_disk_unlink(vfs->disk, path); /* it lasts as long as it is open */
    if (out_flags)
        *out_flags = flags;
    return SQLITE_OK;
}

static int delete_file(sqlite3_vfs *base, const char *path, int sync_directory)
{
    struct vfs *vfs = self_of(base);

    if (vfs_enter(vfs))
        return SQLITE_IOERR_DELETE;
    const int error = sm_disk_unlink(vfs->disk, path);
    if (error)
        return error == -ENOENT ? SQLITE_IOERR_DELETE_NOENT : SQLITE_IOERR_DELETE;
    vfs_node_forget(vfs->nodes, path);
    if (sync_directory && sm_disk_sync_dir(vfs->disk, VFS_DIRECTORY))
        return SQLITE_IOERR_DIR_FSYNC;
    return SQLITE_OK;
}

/* As unix's VFS has it, an empty file does not exist. */
static int access_file(sqlite3_vfs *base, const char *path, int flags, int *answer)
{
    struct vfs *vfs = self_of(base);
    struct sm_file_info info;

    *answer = 0;
    if (vfs_enter(vfs))
        return SQLITE_IOERR_ACCESS;
    const int error = sm_disk_stat(vfs->disk, path, &info);
    if (error)
        return error == -ENOENT ? SQLITE_OK : SQLITE_IOERR_ACCESS;
    *answer = flags != SQLITE_ACCESS_EXISTS || info.size_bytes > 0;
    return SQLITE_OK;
}

static int full_path(sqlite3_vfs *base, const char *path, int bytes, char *out)
{
    if (vfs_pause(self_of(base)))
        return SQLITE_CANTOPEN_FULLPATH;
    return snprintf(out, (size_t)bytes, "%s", path) < bytes ? SQLITE_OK : SQLITE_CANTOPEN;
}

/* ---- the rest of the world ---- */

static int randomness(sqlite3_vfs *base, int bytes, char *out)
{
    sm_random_bytes(&self_of(base)->random, out, (size_t)bytes);
    (void)vfs_pause(self_of(base));
    return bytes;
}

static int sleep_a_while(sqlite3_vfs *base, int duration_us)
{
    (void)vfs_enter(self_of(base));
    (void)sm_sleep(duration_us * SM_US);
    return duration_us;
}

static int time_in_ms(sqlite3_vfs *base, sqlite3_int64 *now_ms)
{
    if (vfs_pause(self_of(base)))
        return SQLITE_ERROR;
    *now_ms = JULIAN_EPOCH + sm_wall_now() / SM_MS;
    return SQLITE_OK;
}

static int time_in_days(sqlite3_vfs *base, double *now_days)
{
    sqlite3_int64 now_ms;
    const int result = time_in_ms(base, &now_ms);
    if (result == SQLITE_OK)
        *now_days = (double)now_ms / 86400000.0;
    return result;
}

static int last_error(sqlite3_vfs *base, int bytes, char *out)
{
    (void)base, (void)bytes, (void)out;
    return 0;
}

/* A machine has no programs to load. */
static void *no_library(sqlite3_vfs *base, const char *path)
{
    (void)base, (void)path;
    return NULL;
}

static void no_library_error(sqlite3_vfs *base, int bytes, char *out)
{
    (void)base;
    snprintf(out, (size_t)bytes, "this VFS loads no extensions");
}

static const sqlite3_vfs METHODS = {
    .iVersion = 2,
    .szOsFile = sizeof(struct vfs_file),
    .mxPathname = VFS_PATH_BYTES,
    .zName = VFS_NAME,
    .xOpen = open_file,
    .xDelete = delete_file,
    .xAccess = access_file,
    .xFullPathname = full_path,
    .xDlOpen = no_library,
    .xDlError = no_library_error,
    .xRandomness = randomness,
    .xSleep = sleep_a_while,
    .xCurrentTime = time_in_days,
    .xGetLastError = last_error,
    .xCurrentTimeInt64 = time_in_ms,
};

int vfs_init(struct vfs *vfs, struct sm_disk *disk)
{
    *vfs = (struct vfs){.base = METHODS, .disk = disk};
    sm_random_init(&vfs->pace, "sqlite pace");
    sm_random_init(&vfs->random, "sqlite random");
    return sqlite3_vfs_register(&vfs->base, 1);
}
