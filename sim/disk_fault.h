/* SPDX-License-Identifier: MIT */
/*
 * What a bad disk does, while a fault is on: rates of what fails, and of what is damaged without a
 * word. Each effect is counted, and recorded as a step of kind SIM_DISK_FAULT (object: the file's
 * number; size: enum sim_disk_effect), so that what a daemon found broken can be told from a bug.
 *
 * Draws are the fault's own: f(key, number of the draw).
 */
#ifndef STEELMILL_SIM_DISK_FAULT_H
#define STEELMILL_SIM_DISK_FAULT_H

#include "sim/disk_image.h"

#include <steelmill/time.h>

struct sm_disk;
struct sim_inode;

/* The numbers are a part of the digest. */
enum sim_disk_effect {
    SIM_DISK_READ_ERROR,
    SIM_DISK_WRITE_ERROR,
    SIM_DISK_SYNC_ERROR,
    SIM_DISK_SHORT,
    SIM_DISK_SLOW,
    SIM_DISK_STALL,
    SIM_DISK_FULL,
    SIM_DISK_READ_ONLY,
    SIM_DISK_LOST_WRITE,
    SIM_DISK_MISDIRECTED,
    SIM_DISK_BIT_ROT,
    SIM_DISK_EFFECT_COUNT
};

/* Shares are per million. Zeros: nothing of the kind. */
struct sim_disk_fault {
    struct sim_disk_fault *next; /* the disk's */
    uint64_t key, draws;
    const char *files;        /* which: '*' any text, '?' one byte; "": all, and the names too */
    uint32_t read_error_ppm;  /* of reads: -EIO */
    uint32_t write_error_ppm; /* of writes: a first part is written, then -EIO */
    uint32_t sync_error_ppm;  /* of syncs: -EIO, and pages are clean that are not durable */
    uint32_t short_ppm;       /* of reads, and of vectored writes: a part only */
    uint32_t lost_write_ppm;  /* of pages that are synced: the device says yes, and does nothing */
    uint32_t misdirected_ppm; /* of them: it writes them to the place of another page of the file */
    uint32_t bit_rot_ppm;     /* of reads: a bit that is read has changed, for good */
    sm_time latency_min_ns, latency_max_ns; /* of each call; max 0: as it is */
    bool stall;                             /* calls wait for the fault's end */
    bool is_full;                           /* no page, no name more */
    bool is_read_only;
    uint64_t effects[SIM_DISK_EFFECT_COUNT]; /* so far */
};

/* Begins and ends a fault. Its memory is the caller's. */
void sim_disk_fault_begin(struct sm_disk *disk, struct sim_disk_fault *fault);
void sim_disk_fault_end(struct sm_disk *disk, struct sim_disk_fault *fault);
uint64_t sim_disk_fault_effects(const struct sim_disk_fault *fault);
bool sim_disk_fault_matches(const char *pattern, const char *path);

/* ---- for the calls. path: as it was opened ---- */
/* True if that happens now to a call; it is counted then. */
bool sim_disk_hit(struct sm_disk *disk, enum sim_disk_effect effect, const char *path,
                  uint64_t inode);
/* True while a fault of that kind is on: stall, full, read-only. Not counted. */
bool sim_disk_is(const struct sm_disk *disk, enum sim_disk_effect effect, const char *path);
/* A number from 0 to bound - 1, for the fault that was hit last. */
uint64_t sim_disk_fault_draw(struct sm_disk *disk, uint64_t bound);
/* A latency that replaces the call's own; 0: none. */
sm_time sim_disk_fault_latency(struct sm_disk *disk, const char *path, uint64_t inode);
/* May damage the bytes that are about to be read. */
void sim_disk_fault_rot(struct sm_disk *disk, const char *path, struct sim_inode *inode,
                        size_t size, int64_t offset);
/* Syncs a file's bytes with what the device makes of it. Returns 0, -EIO. */
int sim_disk_fault_sync(struct sm_disk *disk, const char *path, struct sim_inode *inode,
                        uint64_t up_to);

#endif
