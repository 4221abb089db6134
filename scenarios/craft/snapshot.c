/* SPDX-License-Identifier: MIT */
#include "snapshot.h"

#include "codec.h"

#include <steelmill/errors.h>

#include <stdlib.h>

#define SNAPSHOT_NAME "snapshot"
#define SNAPSHOT_NEW  "snapshot.new"
#define HEAD_BYTES    (3 * 8)

static size_t data_size(const struct raft_snapshot *snapshot)
{
    size_t size = 0;
    for (unsigned i = 0; i < snapshot->n_bufs; i++)
        size += snapshot->bufs[i].len;
    return size;
}

static uint8_t *encode(const struct raft_snapshot *snapshot, size_t *size)
{
    size_t data = data_size(snapshot);
    *size = HEAD_BYTES + craft_configuration_size(&snapshot->configuration) + 4 + data + 8;
    uint8_t *bytes = malloc(*size), *at = bytes;
    if (!bytes)
        return NULL;
    at = craft_put_u64(at, snapshot->index);
    at = craft_put_u64(at, snapshot->term);
    at = craft_put_u64(at, snapshot->configuration_index);
    at = craft_configuration_put(at, &snapshot->configuration);
    at = craft_put_u32(at, (uint32_t)data);
    for (unsigned i = 0; i < snapshot->n_bufs; i++) {
        memcpy(at, snapshot->bufs[i].base, snapshot->bufs[i].len);
        at += snapshot->bufs[i].len;
    }
    craft_put_u64(at, craft_hash(0, bytes, *size - 8));
    return bytes;
}

static int write_file(struct sm_disk *disk, const uint8_t *bytes, size_t size)
{
    struct sm_file *file;
    int error =
        sm_file_open(disk, &file, SNAPSHOT_NEW, SM_FILE_WRITE | SM_FILE_CREATE | SM_FILE_TRUNC);
    if (error)
        return error;
    error = sm_file_pwrite(file, bytes, size, 0);
    if (!error)
        error = sm_file_fsync(file);
    sm_file_close(file);
    if (!error)
        error = sm_disk_rename(disk, SNAPSHOT_NEW, SNAPSHOT_NAME);
    return error ? error : sm_disk_sync(disk);
}

int craft_snapshot_write(struct sm_disk *disk, const struct raft_snapshot *snapshot)
{
    size_t size;
    uint8_t *bytes = encode(snapshot, &size);
    if (!bytes)
        return -ENOMEM;
    int error = write_file(disk, bytes, size);
    free(bytes);
    return error;
}

static int get_data(struct craft_reader *reader, struct raft_snapshot *out)
{
    size_t size = craft_get_u32(reader);
    const uint8_t *data = craft_take(reader, size);
    if (!data)
        return RAFT_CORRUPT;
    out->bufs = raft_malloc(sizeof(*out->bufs));
    if (!out->bufs)
        return RAFT_NOMEM;
    out->n_bufs = 1;
    out->bufs[0].len = size;
    out->bufs[0].base = raft_malloc(size ? size : 1);
    if (!out->bufs[0].base) {
        raft_free(out->bufs);
        return RAFT_NOMEM;
    }
    memcpy(out->bufs[0].base, data, size);
    return 0;
}

static int decode(const uint8_t *bytes, size_t size, struct raft_snapshot *out)
{
    struct craft_reader reader = {bytes, bytes + size, size < 8};
    struct craft_reader seal = {bytes + size - 8, bytes + size, size < 8};
    if (craft_get_u64(&seal) != craft_hash(0, bytes, size < 8 ? 0 : size - 8) || seal.bad)
        return RAFT_CORRUPT;
    out->index = craft_get_u64(&reader);
    out->term = craft_get_u64(&reader);
    out->configuration_index = craft_get_u64(&reader);
    int error = craft_configuration_get(&reader, &out->configuration);
    if (error)
        return error;
    error = get_data(&reader, out);
    if (error)
        raft_configuration_close(&out->configuration);
    return error;
}

static int read_open_file(struct sm_file *file, struct raft_snapshot **out)
{
    size_t size = (size_t)sm_file_size(file);
    uint8_t *bytes = malloc(size ? size : 1);
    struct raft_snapshot *snapshot = raft_malloc(sizeof(*snapshot));
    int error = !bytes || !snapshot ? RAFT_NOMEM : 0;
    if (!error && sm_file_pread(file, bytes, size, 0) != (int)size)
        error = RAFT_IOERR;
    if (!error)
        error = decode(bytes, size, snapshot);
    free(bytes);
    if (error)
        raft_free(snapshot);
    else
        *out = snapshot;
    return error;
}

int craft_snapshot_read(struct sm_disk *disk, struct raft_snapshot **out)
{
    struct sm_file *file;
    *out = NULL;
    int error = sm_file_open(disk, &file, SNAPSHOT_NAME, SM_FILE_READ);
    if (error)
        return error == -ENOENT ? 0 : RAFT_IOERR;
    error = read_open_file(file, out);
    sm_file_close(file);
    return error;
}

void craft_snapshot_free(struct raft_snapshot *snapshot)
{
    raft_configuration_close(&snapshot->configuration);
    raft_free(snapshot->bufs[0].base);
    raft_free(snapshot->bufs);
    raft_free(snapshot);
}
