/* SPDX-License-Identifier: MIT */
/*
 * Locks on ranges of a file's bytes, between those who have it open. They are advisory: no read or
 * write looks at them. A lock belongs to the handle (struct sm_file) that took it, and goes when it
 * is closed; two handles of one task are strangers to each other. Ranges may lie beyond the end of
 * the file. Nothing of it outlives the machine.
 *
 * In production, too, they hold within the machine: its data directory has one process at a time.
 *
 * Context: a task of the machine. Randomness: none.
 */
#ifndef STEELMILL_DISK_LOCK_H
#define STEELMILL_DISK_LOCK_H

#include <steelmill/base.h>
#include <steelmill/time.h>

SM_C_BEGIN

struct sm_file;

enum sm_file_lock_kind {
    SM_FILE_LOCK_SHARED,    /* no other handle may have an exclusive lock on any byte of it */
    SM_FILE_LOCK_EXCLUSIVE, /* no other handle may have any lock on any byte of it */
};

/*
 * Locks a range, or changes the kind of a lock that the handle has there, in part or in whole.
 *   offset_bytes: 0 or more; size_bytes: 0: all that follows
 *   deadline: ns on sm_now()'s clock; a past one only tries; SM_FOREVER
 * Blocks? until no lock of others is in the way, the deadline, or cancellation. Who waits holds
 * what it held before; nobody looks for circles of waiting handles. There is no queue: who comes
 * first after the lock is free gets it. Returns: 0; -ETIMEDOUT; -ECANCELED; -EINVAL; -ENOMEM.
 * Nothing has changed then.
 */
SM_API int sm_file_lock(struct sm_file *file, enum sm_file_lock_kind kind, int64_t offset_bytes,
                        int64_t size_bytes, sm_time deadline);
/*
 * Drops what the handle has locked in a range; where that is the middle of a lock, its ends remain.
 * Blocks? never.
 * Returns: 0, also where nothing was locked; -EINVAL; -ENOMEM.
 */
SM_API int sm_file_unlock(struct sm_file *file, int64_t offset_bytes, int64_t size_bytes);
/*
 * Asks whether a lock of that kind would have to wait. Blocks? never.
 * Returns: 1: another handle has a lock that is in the way; 0; -EINVAL.
 */
SM_API int sm_file_lock_test(struct sm_file *file, enum sm_file_lock_kind kind,
                             int64_t offset_bytes, int64_t size_bytes);

SM_C_END
#endif
