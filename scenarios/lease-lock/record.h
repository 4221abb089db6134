/* SPDX-License-Identifier: MIT */
/*
 * A few numbers on disk that are saved as one. They fit into a sector, which a disk writes as a
 * whole or not at all; a checksum notices one that does not.
 */
#ifndef LEASE_LOCK_RECORD_H
#define LEASE_LOCK_RECORD_H

#include <steelmill/steelmill.h>

#define RECORD_NUMBERS_MAX 8

struct record {
    struct sm_file *file;
};

/* Opens the file, or makes it, in the data directory. Returns 0, or what sm_file_open does. */
int record_open(struct record *record, struct sm_disk *disk, const char *path);
/* Returns 1; 0: nothing was ever saved, `numbers` is unchanged; -EIO: damaged, or unreadable. */
int record_load(struct record *record, uint64_t *numbers, size_t count);
/* Durable when it has returned 0. Otherwise the disk holds the old numbers or the new ones. */
int record_save(struct record *record, const uint64_t *numbers, size_t count);
/* Twice is allowed. */
void record_close(struct record *record);

#endif
