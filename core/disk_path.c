/* SPDX-License-Identifier: MIT */
#include "core/disk_path.h"

#include <steelmill/disk.h>

#include <errno.h>
#include <limits.h>
#include <string.h>

#define FLAGS_ACCESS (SM_FILE_READ | SM_FILE_WRITE)
#define FLAGS_KNOWN \
    (FLAGS_ACCESS | SM_FILE_CREATE | SM_FILE_EXCL | SM_FILE_TRUNC | SM_FILE_DIRECT | SM_FILE_ALONE)

static bool is_dots(const char *part, size_t length)
{
    return part[0] == '.' && (length == 1 || (length == 2 && part[1] == '.'));
}

int sm__disk_path_check(const char *path, bool or_root)
{
    int error = strlen(path) > SM__PATH_BYTES_MAX ? -ENAMETOOLONG : 0;

    if (or_root && path[0] == '.' && path[1] == '\0')
        return 0;
    for (;;) {
        const size_t length = strcspn(path, "/");
        if (length == 0 || is_dots(path, length))
            return -EINVAL;
        if (length > SM__NAME_BYTES_MAX)
            error = -ENAMETOOLONG;
        if (!path[length])
            return error;
        path += length + 1;
    }
}

bool sm__file_flags_valid(uint32_t flags)
{
    if (flags & ~FLAGS_KNOWN || !(flags & FLAGS_ACCESS))
        return false;
    if (flags & SM_FILE_EXCL && !(flags & SM_FILE_CREATE))
        return false;
    return !(flags & SM_FILE_TRUNC) || flags & SM_FILE_WRITE;
}

int64_t sm__pieces_size(const struct iovec *pieces, int count)
{
    int64_t size = 0;

    if (count < 0 || count > SM_FILE_PIECES_MAX)
        return -EINVAL;
    for (int i = 0; i < count; i++) {
        if (pieces[i].iov_len > (size_t)(INT_MAX - size))
            return -EINVAL;
        size += (int64_t)pieces[i].iov_len;
    }
    return size;
}

static bool is_aligned(uint64_t number)
{
    return number % SM_FILE_DIRECT_BYTES == 0;
}

static bool all_aligned(const struct iovec *pieces, int count, int64_t offset)
{
    bool aligned = is_aligned((uint64_t)offset);

    for (int i = 0; i < count; i++)
        aligned =
            aligned && is_aligned(pieces[i].iov_len) && is_aligned((uintptr_t)pieces[i].iov_base);
    return aligned;
}

int sm__transfer_check(uint32_t flags, uint32_t right, const struct iovec *pieces, int count,
                       int64_t offset)
{
    if (offset < 0 || sm__pieces_size(pieces, count) < 0)
        return -EINVAL;
    if (!(flags & right))
        return -EBADF;
    return flags & SM_FILE_DIRECT && !all_aligned(pieces, count, offset) ? -EINVAL : 0;
}
