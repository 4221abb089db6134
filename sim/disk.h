/* SPDX-License-Identifier: MIT */
/*
 * The disks of the simulated machines: <steelmill/disk.h>, from the side of the world.
 *
 * Each machine has a disk of its own. It outlives crashes, stops and restarts; what was not synced
 * is kept, lost, or kept in part at a crash (disk_image.h, disk_bytes.h). A machine that stops
 * properly keeps its page cache: only a loss of power loses anything. What else may go wrong:
 * disk_fault.h.
 *
 * A call takes effect at its end, after a latency from the stream "disk" of the machine. Its end is
 * a step of kind SIM_DISK: object is the file's number, size and hash are those of written bytes.
 */
#ifndef STEELMILL_SIM_DISK_H
#define STEELMILL_SIM_DISK_H

#include "sim/disk_fault.h"
#include "sim/world.h"

struct sim_disks;
struct sm_disk;

#define SIM_DISK_CAPACITY_BYTES ((int64_t)1 << 30)

struct sim_disk_latency {
    sm_time min_ns, max_ns;
};

/* How large a disk is, and how fast. */
struct sim_disk_profile {
    int64_t capacity_bytes;
    struct sim_disk_latency read, write, sync; /* names: as read, and their sync as sync */
};

/* Gives disks to all machines of a world, also to those added later. Uses one entry of hooks. */
struct sim_disks *sim_disk_create(struct sim_world *world);
/* After the world's own end. NULL allowed. */
void sim_disk_destroy(struct sim_disks *disks);

/* What sm__factory_capability_set takes for SM__CAPABILITY_DISK. NULL until the first start of a
 * machine that was added after sim_disk_create. */
struct sm_disk *sim_disk_of(const struct sim_machine *machine);

const struct sim_disk_profile *sim_disk_profile(const struct sm_disk *disk);
void sim_disk_set_profile(struct sm_disk *disk, const struct sim_disk_profile *profile);

/* What is on it, to look at. */
struct sim_image *sim_disk_image(struct sm_disk *disk);
/* What all its crashes so far have lost and kept. */
const struct sim_losses *sim_disk_losses(const struct sm_disk *disk);
/* The machine's next crash leaves a given state instead of a drawn one; see sim_image_crash_into.
 */
void sim_disk_crash_into(struct sm_disk *disk, uint64_t state);

/* All files are gone. The machine must be off (asserted). */
void sim_disk_wipe(struct sim_machine *machine);

#endif
