/* SPDX-License-Identifier: MIT */
/*
 * The disk of a machine: directories, names, and the bytes of files. They survive a restart of the
 * machine; what was not synced may be lost when it crashes, in whole or in part.
 *
 * What is durable, in both worlds, and no more than that:
 *   the bytes and the size of a file   what was written before an sm_file_fsync that returned 0
 *   a name: made, moved, taken away    what was done before an sm_disk_sync_dir of the directory
 *                                      that holds it, or an sm_disk_sync, that returned 0
 * The two are apart: a file that is synced, but not its directory, may be gone after a crash. Of
 * what is not durable a crash keeps any part, in any order: sectors of 512 bytes of one write, the
 * size without the bytes (they are zeros then), one name and not the one before it. A rename alone
 * is whole or not at all. A sync that failed may have made clean, in the cache, what never reached
 * the disk: the next one does not try again, though it returns 0. Write anew, or crash. Every
 * handle that the file had then learns of it, once.
 *
 * Paths are the machine's own, below its data directory: parts of 1 to 255 bytes, joined by '/',
 * 1023 in all, no "." or ".." among them. "." alone is the data directory itself, where a directory
 * is asked for. Every call that takes a path may return, beside what it says:
 *   -EINVAL: such a path there cannot be; -ENAMETOOLONG; -ENOENT: a directory on the way is
 * missing; -ENOTDIR: what is on the way is a file. And every call but sm_file_size, sm_file_close
 * and the locks: -EIO: the device failed; -ECANCELED: it may or may not have taken effect. Calls
 * that change something, and syncs of what is not durable: -EROFS: the file system is read-only,
 * maybe by now.
 *
 * Context of every call: a task of the machine. A file is closed only once no call is under way.
 * Blocks? All but sm_file_size and sm_file_close: until done or cancelled. No call returns while
 * the operating system still holds the caller's memory. Randomness: none of the caller's streams.
 */
#ifndef STEELMILL_DISK_H
#define STEELMILL_DISK_H

#include <steelmill/base.h>
#include <steelmill/time.h>

#include <sys/uio.h>

SM_C_BEGIN

struct sm_factory;
struct sm_disk;
struct sm_file;

#define SM_FILE_READ   1u
#define SM_FILE_WRITE  2u
#define SM_FILE_CREATE 4u  /* makes the file if it is missing; never its directory */
#define SM_FILE_EXCL   8u  /* with CREATE: -EEXIST if the name is there */
#define SM_FILE_TRUNC  16u /* drops the old contents; with WRITE */
#define SM_FILE_DIRECT 32u /* past the page cache: see SM_FILE_DIRECT_BYTES */
#define SM_FILE_ALONE \
    64u /* locks all of it (disk_lock.h), exclusive: -EBUSY if others have locks */

/* Offsets, sizes and addresses of buffers are multiples of it where the file is open DIRECT. */
#define SM_FILE_DIRECT_BYTES 4096

#define SM_FILE_PIECES_MAX 64 /* of one vectored call */
#define SM_FILE_NAME_BYTES 256

/* The disk of the factory's machine: a capability, inherited. NULL: there is none here. */
SM_API struct sm_disk *sm_disk_get(struct sm_factory *factory);

/* ---- files ---- */
/*
 * Opens a file.
 *   flags: SM_FILE_READ, SM_FILE_WRITE or both, and what else is wanted of the above
 * Ownership: the caller's, until sm_file_close; NULL after an error.
 * Returns: 0; -ENOENT; -EEXIST; -EISDIR: it is a directory; -EINVAL (flags); -ENOSPC; -EBUSY;
 * -EMFILE; -ENOMEM; -EROFS.
 */
SM_API int sm_file_open(struct sm_disk *disk, struct sm_file **out, const char *path,
                        uint32_t flags);
/* Never blocks, syncs nothing, drops the locks of this handle. NULL allowed. */
SM_API void sm_file_close(struct sm_file *file);

/*
 * Reads bytes.
 *   size: INT_MAX at most; offset_bytes: 0 or more
 * Returns: the count read. It is short at the end of the file, and seldom elsewhere, too: ask again
 *   for the rest; 0 at the end only. -EIO; -EBADF: not open to read; -EINVAL (also: not aligned).
 */
SM_API int sm_file_pread(struct sm_file *file, void *buffer, size_t size, int64_t offset_bytes);
/*
 * Writes bytes, to the cache.
 * Returns: 0 when all is written. -EIO; -ENOSPC; -EFBIG; -EROFS: a first part may be written then.
 *   -EBADF: not open to write; -EINVAL (also: not aligned).
 */
SM_API int sm_file_pwrite(struct sm_file *file, const void *data, size_t size,
                          int64_t offset_bytes);
/*
 * Like sm_file_pread, into several pieces in turn, as one transfer.
 *   count: 0 to SM_FILE_PIECES_MAX; DIRECT: each piece is aligned
 */
SM_API int sm_file_preadv(struct sm_file *file, const struct iovec *pieces, int count,
                          int64_t offset_bytes);
/*
 * Writes several pieces in turn, as one transfer.
 * Returns: the count written, which may be short: a full disk, a device that fails. What
 *   sm_file_pwrite returns, where nothing is written.
 */
SM_API int sm_file_pwritev(struct sm_file *file, const struct iovec *pieces, int count,
                           int64_t offset_bytes);

/* What was written before the call is durable once it has returned 0. -EIO: see above. */
SM_API int sm_file_fsync(struct sm_file *file);
/* The same of the bytes, and of the size that it takes to read them back. */
SM_API int sm_file_fdatasync(struct sm_file *file);
/* Cuts the file, or lengthens it with zeros. Returns: 0, -EBADF, -EINVAL, -EFBIG, -EROFS. */
SM_API int sm_file_truncate(struct sm_file *file, int64_t size_bytes);
/*
 * Takes space for a range, which reads as zeros where nothing was written; a file that ends before
 * the range does is lengthened. Writes to the range do not fail with -ENOSPC afterwards.
 *   size_bytes: 1 or more
 * Returns: 0; -ENOSPC, and some of the space may be taken; -EBADF, -EINVAL, -EFBIG, -EROFS.
 */
SM_API int sm_file_allocate(struct sm_file *file, int64_t offset_bytes, int64_t size_bytes);
/* Returns the size in bytes, as the cache has it. Never blocks. */
SM_API int64_t sm_file_size(struct sm_file *file);

/* ---- names ---- */

struct sm_file_info {
    uint64_t id;        /* equal ids: the same file. It may be another one's once this is gone. */
    int64_t size_bytes; /* 0 for a directory */
    uint32_t links;     /* names of the file; 0 for a directory */
    bool is_directory;
};

/* Looks at what has a name. Returns 0, -ENOENT. */
SM_API int sm_disk_stat(struct sm_disk *disk, const char *path, struct sm_file_info *out);
/* Takes the name of a file away; who has it open keeps it. Returns 0, -ENOENT, -EISDIR, -EROFS. */
SM_API int sm_disk_unlink(struct sm_disk *disk, const char *path);
/*
 * Gives a file or directory another name, in place of what had it, in one step.
 * Returns: 0, also where both are names of one file, and nothing changes; -ENOENT: there is no
 *   `from`; -EISDIR: `to` is a directory and `from` none; -ENOTDIR: the other way round;
 *   -ENOTEMPTY: `to` is a directory with something in it; -EINVAL: `to` would lie in `from`;
 * -EROFS.
 */
SM_API int sm_disk_rename(struct sm_disk *disk, const char *from, const char *to);
/* Gives a file one more name. Returns 0, -ENOENT, -EEXIST, -EPERM (a directory), -ENOSPC, -EROFS.
 */
SM_API int sm_disk_link(struct sm_disk *disk, const char *from, const char *to);
/* Returns 0, -EEXIST, -ENOSPC, -EROFS. */
SM_API int sm_disk_mkdir(struct sm_disk *disk, const char *path);
/* Takes an empty directory away. Returns 0, -ENOENT, -ENOTDIR: a file, -ENOTEMPTY, -EROFS;
 * -EBUSY: ".". */
SM_API int sm_disk_rmdir(struct sm_disk *disk, const char *path);

/* Anything but 0 ends the listing. */
typedef int (*sm_disk_name_fn)(void *arg, const char *name);
/*
 * Calls `fn` for each name in a directory, in the order of their bytes.
 *   fn: must not block; its name is valid during the call
 * Returns: 0; what `fn` returned; -ENOENT; -ENOTDIR: a file; -ENOMEM.
 */
SM_API int sm_disk_list(struct sm_disk *disk, const char *path, sm_disk_name_fn fn, void *arg);

/* Makes the names in a directory durable. Returns 0, -ENOENT, -ENOTDIR: a file. */
SM_API int sm_disk_sync_dir(struct sm_disk *disk, const char *path);
/* Makes all names of all directories durable. Returns 0. */
SM_API int sm_disk_sync(struct sm_disk *disk);

SM_C_END
#endif
