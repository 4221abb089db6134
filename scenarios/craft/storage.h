/* SPDX-License-Identifier: MIT */
/*
 * A node's durable state: term and vote (meta.h), entries (log.h), the newest snapshot
 * (snapshot.h).
 *
 *   1. The log begins at most one behind the snapshot's last index.
 *   2. A store that was bootstrapped has a term of 1 or more; bootstrapping stores that last.
 *   3. After a failed write all later ones fail, until the node starts again: nobody knows what the
 *      disk holds.
 *
 * Context: tasks; one of them at a time writes entries and snapshots, another may store the term
 * and the vote meanwhile. All calls block. They return 0 or RAFT_...
 */
#ifndef CRAFT_STORAGE_H
#define CRAFT_STORAGE_H

#include "log.h"
#include "meta.h"

struct craft_storage {
    struct sm_disk *disk;
    struct craft_meta meta;
    struct craft_log log;
    bool forget_vote; /* the vote is written, but not synced: a bug on purpose */
    bool failed;
};

/* Opens the files, or makes them. */
int craft_storage_open(struct craft_storage *storage, struct sm_disk *disk);
void craft_storage_close(struct craft_storage *storage);
/* Nothing was ever bootstrapped here. */
bool craft_storage_empty(const struct craft_storage *storage);
/* Stores the first entry, `configuration`, at term 1. */
int craft_storage_bootstrap(struct craft_storage *storage,
                            const struct raft_configuration *configuration);
/* As raft_io's load. */
int craft_storage_load(struct craft_storage *storage, struct raft_snapshot **snapshot,
                       raft_index *start_index, struct raft_entry **entries, size_t *n);

int craft_storage_set_term(struct craft_storage *storage, raft_term term);
int craft_storage_set_vote(struct craft_storage *storage, raft_id id);

/* The entries are durable after craft_storage_sync. RAFT_IOERR also if `first` is not the next one.
 */
int craft_storage_append(struct craft_storage *storage, raft_index first,
                         const struct raft_entry entries[], unsigned n);
int craft_storage_sync(struct craft_storage *storage);
int craft_storage_truncate(struct craft_storage *storage, raft_index index);
/*
 * Stores a snapshot, then drops the entries that it makes superfluous.
 *   trailing: how many entries before the snapshot's last index are kept; 0: the snapshot replaces
 *   the whole log
 */
int craft_storage_put_snapshot(struct craft_storage *storage, const struct raft_snapshot *snapshot,
                               unsigned trailing);

#endif
