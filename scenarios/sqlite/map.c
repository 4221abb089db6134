/* SPDX-License-Identifier: MIT */
/*
 * The database as memory. A chunk is read when somebody fetches from it and then follows what is
 * written, so all connections see the same bytes by memory as by reading.
 *
 * A read that something was written during may be of before or after: it is made again.
 */
#include "vfs.h"

#include <stdlib.h>
#include <string.h>

static bool is_loaded(const struct vfs_chunk *chunk, int first, int count)
{
    for (int i = first; i < first + count; i++) {
        if (!chunk->loaded[i])
            return false;
    }
    return true;
}

/* Returns 0; -ENODATA: not all of it is in the file; an error of the disk. */
static int load(struct vfs_file *file, struct vfs_chunk *chunk, int64_t chunk_offset, int first,
                int count)
{
    struct vfs_node *node = file->node;
    unsigned char *bytes = chunk->bytes + (size_t)first * VFS_BLOCK_BYTES;
    const int size = count * VFS_BLOCK_BYTES;

    while (!is_loaded(chunk, first, count)) {
        const uint64_t changes = node->changes;
        void *read = malloc((size_t)size);
        if (!read)
            return -ENOMEM;
        const int got =
            vfs_read(file->file, read, size, chunk_offset + (int64_t)first * VFS_BLOCK_BYTES);
        const bool valid = changes == node->changes && node->changes_underway == 0;
        if (got == size && valid) {
            memcpy(bytes, read, (size_t)size);
            memset(chunk->loaded + first, true, (size_t)count);
        }
        free(read);
        if (got < 0)
            return got;
        if (got < size)
            return -ENODATA;
    }
    return 0;
}

/* A page that is not there as memory is no error: SQLite reads it. */
int vfs_fetch(sqlite3_file *base, sqlite3_int64 offset, int bytes, void **out)
{
    struct vfs_file *file = (struct vfs_file *)base;
    const int64_t index = offset / VFS_CHUNK_BYTES;
    const int inside = (int)(offset % VFS_CHUNK_BYTES);

    *out = NULL;
    if (vfs_pause(file->vfs))
        return SQLITE_IOERR_MMAP;
    if (!file->node || offset + bytes > file->map_bytes_max || index >= VFS_CHUNKS ||
        inside + bytes > VFS_CHUNK_BYTES || offset + bytes > sm_file_size(file->file) ||
        (inside | bytes) % VFS_BLOCK_BYTES != 0)
        return SQLITE_OK;
    struct vfs_chunk **chunk = &file->node->chunks[index];
    if (!*chunk)
        *chunk = calloc(1, sizeof(**chunk));
    if (!*chunk)
        return SQLITE_NOMEM;
    const int error = load(file, *chunk, index * VFS_CHUNK_BYTES, inside / VFS_BLOCK_BYTES,
                           bytes / VFS_BLOCK_BYTES);
    if (error)
        return error == -ENODATA ? SQLITE_OK : SQLITE_IOERR_MMAP;
    file->fetched++;
    *out = (*chunk)->bytes + inside;
    return SQLITE_OK;
}

/* NULL for the page: no page is in use, and all may be forgotten. */
int vfs_unfetch(sqlite3_file *base, sqlite3_int64 offset, void *page)
{
    struct vfs_file *file = (struct vfs_file *)base;

    (void)offset;
    (void)vfs_pause(file->vfs);
    if (page)
        file->fetched--;
    return SQLITE_OK;
}

void vfs_map_written(struct vfs_node *node, const void *data, int bytes, sqlite3_int64 offset)
{
    const unsigned char *from = data;

    while (bytes > 0) {
        const int64_t index = offset / VFS_CHUNK_BYTES;
        const int inside = (int)(offset % VFS_CHUNK_BYTES);
        const int size = bytes < VFS_CHUNK_BYTES - inside ? bytes : VFS_CHUNK_BYTES - inside;
        if (index < VFS_CHUNKS && node->chunks[index])
            memcpy(node->chunks[index]->bytes + inside, from, (size_t)size);
        from += size;
        offset += size;
        bytes -= size;
    }
}

void vfs_map_truncated(struct vfs_node *node, sqlite3_int64 bytes)
{
    for (int64_t i = bytes / VFS_CHUNK_BYTES; i < VFS_CHUNKS; i++) {
        struct vfs_chunk *chunk = node->chunks[i];
        const int64_t start = i * VFS_CHUNK_BYTES;
        if (!chunk)
            continue;
        const int64_t kept = bytes > start ? (bytes - start) / VFS_BLOCK_BYTES : 0;
        memset(chunk->loaded + kept, false, (size_t)(VFS_CHUNK_BLOCKS - kept));
    }
}
