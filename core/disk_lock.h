/* SPDX-License-Identifier: MIT */
/*
 * Locks on ranges of files' bytes, in both worlds: <steelmill/disk_lock.h> but for the handles.
 *
 *   1. A table belongs to one disk, and so to one home: its tasks alone use it.
 *   2. Locks of one owner never overlap each other.
 */
#ifndef STEELMILL_CORE_DISK_LOCK_H
#define STEELMILL_CORE_DISK_LOCK_H

#include "core/list.h"

#include <steelmill/disk_lock.h>

struct sm__lock_table {
    struct sm__list files;
    void *(*resize)(void *memory, size_t size); /* the world's; NULL where there is none */
    void (*free)(void *memory);
};

struct sm__locked_file;

/*
 * Finds the locks of the file with this number, or makes room for them; until sm__locks_close.
 * Returns NULL: no memory.
 */
struct sm__locked_file *sm__locks_open(struct sm__lock_table *table, uint64_t device, uint64_t id);
/* Drops all locks of an owner. */
void sm__locks_close(struct sm__lock_table *table, struct sm__locked_file *file, const void *owner);

/* What the calls of the contract return. `owner` is the handle. */
int sm__locks_lock(struct sm__lock_table *table, struct sm__locked_file *file, const void *owner,
                   enum sm_file_lock_kind kind, int64_t offset, int64_t size, sm_time deadline);
int sm__locks_unlock(struct sm__lock_table *table, struct sm__locked_file *file, const void *owner,
                     int64_t offset, int64_t size);
int sm__locks_test(const struct sm__locked_file *file, const void *owner,
                   enum sm_file_lock_kind kind, int64_t offset, int64_t size);

#endif
