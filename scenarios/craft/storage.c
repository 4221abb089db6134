/* SPDX-License-Identifier: MIT */
#include "storage.h"

#include "codec.h"
#include "snapshot.h"

#include <steelmill/errors.h>

/* From here on nothing is written any more. */
static int raft_error(struct craft_storage *storage, int error)
{
    if (!error)
        return 0;
    storage->failed = true;
    return error == -ENOMEM ? RAFT_NOMEM : error == -ENOSPC ? RAFT_NOSPACE : RAFT_IOERR;
}

int craft_storage_open(struct craft_storage *storage, struct sm_disk *disk)
{
    storage->disk = disk;
    int error = craft_meta_open(&storage->meta, disk);
    if (!error)
        error = craft_log_open(&storage->log, disk);
    if (!error)
        error = sm_disk_sync(disk);
    return raft_error(storage, error);
}

void craft_storage_close(struct craft_storage *storage)
{
    craft_log_close(&storage->log);
    craft_meta_close(&storage->meta);
}

bool craft_storage_empty(const struct craft_storage *storage)
{
    return storage->meta.term == 0;
}

int craft_storage_bootstrap(struct craft_storage *storage,
                            const struct raft_configuration *configuration)
{
    struct raft_entry entry = {.term = 1, .type = RAFT_CHANGE};
    if (!craft_storage_empty(storage))
        return RAFT_CANTBOOTSTRAP;
    int error = raft_configuration_encode(configuration, &entry.buf);
    if (error)
        return error;
    /* A crash between the two steps leaves a log without a term: it is written again. */
    error = craft_log_truncate(&storage->log, 1);
    if (!error)
        error = craft_log_append(&storage->log, &entry, 1);
    raft_free(entry.buf.base);
    if (!error)
        error = craft_log_sync(&storage->log);
    if (!error)
        error = craft_meta_store(&storage->meta, 1, 0, true);
    return raft_error(storage, error);
}

/*
 * A crash after a snapshot became durable may have left the log that it was to replace: it is of
 * use only if it agrees with the snapshot.
 */
static bool log_agrees(const struct craft_log *log, const struct raft_snapshot *snapshot)
{
    return log->first == snapshot->index + 1 ||
           craft_log_term(log, snapshot->index) == snapshot->term;
}

int craft_storage_load(struct craft_storage *storage, struct raft_snapshot **snapshot,
                       raft_index *start_index, struct raft_entry **entries, size_t *n)
{
    struct craft_log *log = &storage->log;
    int error = craft_snapshot_read(storage->disk, snapshot);
    if (error)
        return error;
    if (*snapshot && !log_agrees(log, *snapshot))
        error = raft_error(storage, craft_log_keep(log, (*snapshot)->index + 1));
    if (!error)
        error = craft_log_load(log, entries, n);
    *start_index = log->first;
    if (error && *snapshot)
        craft_snapshot_free(*snapshot);
    return error;
}

int craft_storage_set_term(struct craft_storage *storage, raft_term term)
{
    return raft_error(storage, craft_meta_store(&storage->meta, term, 0, true));
}

int craft_storage_set_vote(struct craft_storage *storage, raft_id id)
{
    struct craft_meta *meta = &storage->meta;
    return raft_error(storage, craft_meta_store(meta, meta->term, id, !storage->forget_vote));
}

int craft_storage_append(struct craft_storage *storage, raft_index first,
                         const struct raft_entry entries[], unsigned n)
{
    if (storage->failed || first != craft_log_next(&storage->log))
        return raft_error(storage, -EIO);
    return raft_error(storage, craft_log_append(&storage->log, entries, n));
}

int craft_storage_sync(struct craft_storage *storage)
{
    if (storage->failed)
        return RAFT_IOERR;
    return raft_error(storage, craft_log_sync(&storage->log));
}

int craft_storage_truncate(struct craft_storage *storage, raft_index index)
{
    if (storage->failed)
        return RAFT_IOERR;
    return raft_error(storage, craft_log_truncate(&storage->log, index));
}

int craft_storage_put_snapshot(struct craft_storage *storage, const struct raft_snapshot *snapshot,
                               unsigned trailing)
{
    struct craft_log *log = &storage->log;
    if (storage->failed)
        return RAFT_IOERR;
    int error = craft_snapshot_write(storage->disk, snapshot);
    if (error)
        return raft_error(storage, error);
    raft_index first = snapshot->index + 1;
    if (trailing > 0)
        first = snapshot->index > trailing ? snapshot->index - trailing + 1 : 1;
    else
        error = craft_log_truncate(log, log->first);
    if (!error && (trailing == 0 || first > log->first))
        error = craft_log_keep(log, first);
    return raft_error(storage, error);
}
