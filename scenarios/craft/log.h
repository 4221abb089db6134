/* SPDX-License-Identifier: MIT */
/*
 * The log of entries on disk: one file of records, each with a checksum that continues the one
 * before it. So a record is valid only behind its own predecessor: what a lost truncation leaves
 * behind newer records is never read as a part of the log.
 *
 *   file:   head (magic, index of the first record, checksum), then records
 *   record: checksum, entry (codec.h)
 */
#ifndef CRAFT_LOG_H
#define CRAFT_LOG_H

#include <raft.h>
#include <steelmill/disk.h>

struct craft_record {
    int64_t end_offset;
    uint64_t checksum;
    uint64_t term;
};

struct craft_log {
    struct sm_disk *disk;
    struct sm_file *file;
    raft_index first; /* of the first record, or of the next one where there is none */
    size_t count, capacity;
    struct craft_record *records;
};

/*
 * Opens the file and finds its valid records; what lies behind them is cut off. A file that is
 * missing or whose head is torn becomes an empty log that begins at 1.
 * All calls that touch the file block; they return 0, -ENOMEM, or what sm_file_... return.
 */
int craft_log_open(struct craft_log *log, struct sm_disk *disk);
void craft_log_close(struct craft_log *log);

/* The index that the next record gets. */
raft_index craft_log_next(const struct craft_log *log);
/* The term of a record; 0 if it is not there. */
raft_term craft_log_term(const struct craft_log *log, raft_index index);

/* Writes entries behind the last record. They are durable after craft_log_sync. */
int craft_log_append(struct craft_log *log, const struct raft_entry entries[], unsigned n);
int craft_log_sync(struct craft_log *log);
/* Drops the records from `index` on. Durable with the next sync at the latest. */
int craft_log_truncate(struct craft_log *log, raft_index index);
/* Drops the records before `first`, or all of them, where `first` lies outside. Durable. */
int craft_log_keep(struct craft_log *log, raft_index first);
/*
 * Reads all entries, as raft_io's load hands them out: one batch, all from raft_malloc.
 * Returns 0, RAFT_NOMEM, RAFT_IOERR.
 */
int craft_log_load(struct craft_log *log, struct raft_entry **entries, size_t *n);

#endif
