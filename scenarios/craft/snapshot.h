/* SPDX-License-Identifier: MIT */
/* The newest snapshot on disk: one file, replaced as a whole. */
#ifndef CRAFT_SNAPSHOT_H
#define CRAFT_SNAPSHOT_H

#include <raft.h>
#include <steelmill/disk.h>

/* Writes a snapshot in the place of the one before it. Durable when it returns 0. */
int craft_snapshot_write(struct sm_disk *disk, const struct raft_snapshot *snapshot);
/*
 * Reads the snapshot.
 *   out: NULL if there is none; else from raft_malloc, with one buffer, as libraft frees it
 * Returns 0, RAFT_NOMEM, RAFT_IOERR, RAFT_CORRUPT.
 */
int craft_snapshot_read(struct sm_disk *disk, struct raft_snapshot **out);
void craft_snapshot_free(struct raft_snapshot *snapshot);

#endif
