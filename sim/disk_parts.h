/* SPDX-License-Identifier: MIT */
/*
 * The parts of a machine's disk, between disk.c (lives), disk_wait.c (time), disk_file.c and
 * disk_path.c (calls) and disk_fault.c.
 *
 *   1. Bytes and names belong to the image (disk_image.h); open files and waits belong here.
 *   2. A wait is in `waits` exactly while its event is pending or its task has not seen its end; a
 *      crash takes both away.
 *   3. Memory of a closed file is not used again at once, so that a late call on it is noticed.
 */
#ifndef STEELMILL_SIM_DISK_PARTS_H
#define STEELMILL_SIM_DISK_PARTS_H

#include "core/disk_lock.h"
#include "core/disk_path.h"
#include "core/random.h"
#include "core/task.h"
#include "sim/disk.h"
#include "sim/disk_fault.h"
#include "sim/disk_image.h"

#include <steelmill/disk.h>

struct sm_file {
    struct sm__list link; /* in the disk's files, or among the closed ones */
    struct sm_disk *disk; /* NULL: closed */
    struct sim_inode *inode;
    struct sm__locked_file *locks; /* NULL: it never had any */
    char *path;                    /* as it was opened */
    uint32_t flags;
    uint32_t calls; /* under way */
    bool is_warned; /* a sync of this file has failed, on another handle: this one's next does */
};

struct sm_disk {
    struct sm_disk *next;
    struct sim_machine *machine;
    struct sim_image *image;
    struct sim_disk_profile profile;
    struct sm__list files, closed;
    uint32_t closed_count;
    struct sm__list waits;
    struct sm__lock_table locks;
    struct sim_disk_fault *faults; /* that are on, in the order of their beginnings */
    struct sim_disk_fault *hit;    /* the one that had the last effect */
    struct sm_waitable calm;       /* a stall is over */
    struct sim_losses losses;      /* of all crashes */
    bool crash_is_given;           /* the next crash leaves `crash_state` */
    uint64_t crash_state;
    uint64_t latency_key, latency_draws; /* stream "disk" */
    uint64_t crash_key, crash_draws; /* stream "disk crash": how long a run was does not move it */
};

/* ---- disk_wait.c ---- */
/* Asserts that the calling task may use them. */
void sim_disk_check(const struct sm_disk *disk);
void sim_disk_check_file(const struct sm_file *file);

enum sim_disk_op { SIM_DISK_READ, SIM_DISK_WRITE, SIM_DISK_SYNC };

/* What a call waits for: the device. */
struct sim_disk_request {
    enum sim_disk_op op;
    const char *path;
    uint64_t inode; /* its number, where there is one */
    size_t size;    /* written bytes, and their hash */
    uint64_t hash;
};
/* Parks the caller until the device has done it. Returns 0, -ECANCELED. */
int sim_disk_wait(struct sm_disk *disk, const struct sim_disk_request *request);
/* The same for a call on a file, which may not be closed meanwhile. */
int sim_disk_wait_file(struct sm_file *file, enum sim_disk_op op, const struct iovec *written,
                       int count);
void sim_disk_drop_waits(struct sm_disk *disk);

/* ---- disk_file.c ---- */
/* Closes all files; frees what closed ones have left. */
void sim_disk_close_files(struct sm_disk *disk);
void sim_disk_free_files(struct sm_disk *disk);

#endif
