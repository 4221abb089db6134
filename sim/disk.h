/* SPDX-License-Identifier: MIT */
/*
 * The disks of the simulated machines: <steelmill/disk.h>, from the side of the world.
 *
 * Each machine has a disk of its own. It outlives crashes, stops and restarts; what was not synced
 * is kept, lost, or kept in part at a crash (sim/disk_image.h). A machine that stops properly keeps
 * its page cache: only a loss of power loses anything.
 *
 * A call takes effect at its end, after a latency from the stream "disk" of the machine. Its end is
 * a step of kind SIM_DISK: object is the file's number, size and hash are those of written bytes.
 *
 * Two simplifications, for users of this version: syncing a file that was never synced makes its
 * name durable, too (as ext4 does), and a single write is never torn.
 */
#ifndef STEELMILL_SIM_DISK_H
#define STEELMILL_SIM_DISK_H

#include "sim/world.h"

struct sim_disks;
struct sm_disk;

#define SIM_DISK_CAPACITY_BYTES ((int64_t)1 << 30)

/* Gives disks to all machines of a world, also to those added later. Uses one entry of hooks. */
struct sim_disks *sim_disk_create(struct sim_world *world);
/* After the world's own end. NULL allowed. */
void sim_disk_destroy(struct sim_disks *disks);

/* What sm__factory_capability_set takes for SM__CAPABILITY_DISK. NULL until the first start of a
 * machine that was added after sim_disk_create. */
struct sm_disk *sim_disk_of(const struct sim_machine *machine);

/* All files are gone. The machine must be off (asserted). */
void sim_disk_wipe(struct sim_machine *machine);

#endif
