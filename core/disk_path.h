/* SPDX-License-Identifier: MIT */
/* What paths on a disk look like, in both worlds. */
#ifndef STEELMILL_CORE_DISK_PATH_H
#define STEELMILL_CORE_DISK_PATH_H

#include <steelmill/base.h>

#define SM__PATH_BYTES_MAX 1023
#define SM__NAME_BYTES_MAX 255

/*
 * Checks a path.
 *   or_root: "." alone is one, too: the data directory itself
 * Returns 0; -EINVAL: absolute, or a part is empty, "." or ".."; -ENAMETOOLONG.
 */
int sm__disk_path_check(const char *path, bool or_root);

/* True for flags that sm_file_open takes. */
bool sm__file_flags_valid(uint32_t flags);

struct iovec;
/* The bytes of all pieces of a vectored call; -EINVAL: too many pieces, or more than INT_MAX. */
int64_t sm__pieces_size(const struct iovec *pieces, int count);
/*
 * Checks a transfer.
 *   flags: of the open file; right: SM_FILE_READ or SM_FILE_WRITE, whichever it takes
 * Returns 0, -EINVAL, -EBADF.
 */
int sm__transfer_check(uint32_t flags, uint32_t right, const struct iovec *pieces, int count,
                       int64_t offset);

#endif
