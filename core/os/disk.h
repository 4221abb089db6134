/* SPDX-License-Identifier: MIT */
/*
 * The disk of a machine in production: a folder of the host.
 *
 * Calls are carried out by libuv's thread pool while the calling task is parked. One that is
 * cancelled waits for the end of what it has begun: nobody else may hold its buffer.
 */
#ifndef STEELMILL_CORE_OS_DISK_H
#define STEELMILL_CORE_OS_DISK_H

#include <steelmill/disk.h>

struct os_worker;

/*
 * Opens a folder, which must exist, and locks it against other processes.
 * Returns: 0; -EBUSY: another process has it; -ENOENT, -EACCES, -ENOTDIR...; -ENOMEM.
 */
int os_disk_create(struct sm_disk **out, struct os_worker *worker, const char *folder);
/* After the worker's last round: no call is under way. Closes what was left open. NULL allowed. */
void os_disk_destroy(struct sm_disk *disk);

#endif
