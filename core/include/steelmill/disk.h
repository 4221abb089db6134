/* SPDX-License-Identifier: MIT */
/*
 * The disk of a machine. Files survive a restart of the machine; what was not synced may be lost
 * when it crashes.
 *
 * Paths are the machine's own, relative to its data directory, without "..".
 * Context of every call: a task of the machine. All of them may block, until done or cancelled; a
 * cancelled call may or may not have taken effect.
 */
#ifndef STEELMILL_DISK_H
#define STEELMILL_DISK_H

#include <steelmill/base.h>
#include <steelmill/time.h>

SM_C_BEGIN

struct sm_factory;
struct sm_disk;
struct sm_file;

#define SM_FILE_READ   1u
#define SM_FILE_WRITE  2u
#define SM_FILE_CREATE 4u  /* makes the file if it is missing */
#define SM_FILE_EXCL   8u  /* with CREATE: -EEXIST if it is there */
#define SM_FILE_TRUNC  16u /* drops the old contents */

/* The disk of the factory's machine: a capability, inherited. NULL: there is none here. */
SM_API struct sm_disk *sm_disk_get(struct sm_factory *factory);

/* Returns 0; -ENOENT; -EEXIST; -EINVAL (flags, path); -ENOMEM; -EIO; -ECANCELED. */
SM_API int sm_file_open(struct sm_disk *disk, struct sm_file **out, const char *path,
                        uint32_t flags);
/* Returns the count read, short only at the end of the file; -EIO; -EBADF (not open to read). */
SM_API int sm_file_pread(struct sm_file *file, void *buffer, size_t size, int64_t offset_bytes);
/* Returns 0 when all is written (to the cache); -EIO; -ENOSPC; -EBADF. A part may be written then.
 */
SM_API int sm_file_pwrite(struct sm_file *file, const void *data, size_t size,
                          int64_t offset_bytes);
/* What was written before the call is durable after it returned 0. Returns 0, -EIO, -ECANCELED. */
SM_API int sm_file_fsync(struct sm_file *file);
SM_API int sm_file_truncate(struct sm_file *file, int64_t size_bytes);
/* Returns the size in bytes. */
SM_API int64_t sm_file_size(struct sm_file *file);
/* Never blocks and syncs nothing. NULL allowed. */
SM_API void sm_file_close(struct sm_file *file);
/* Returns 0, -ENOENT. The names are durable after sm_disk_sync. */
SM_API int sm_disk_unlink(struct sm_disk *disk, const char *path);
SM_API int sm_disk_rename(struct sm_disk *disk, const char *from, const char *to);
/* Makes names (creation, rename, unlink) durable, as fsync of a directory does. */
SM_API int sm_disk_sync(struct sm_disk *disk);

SM_C_END
#endif
