/* SPDX-License-Identifier: MIT */
/*
 * Tiny programs that keep numbers on a disk, each in two ways: a right one, and a wrong one that
 * makes one mistake. They run until the power goes, look at what is left, and go on.
 */
#ifndef STEELMILL_TESTS_SIM_DISK_PROGRAMS_H
#define STEELMILL_TESTS_SIM_DISK_PROGRAMS_H

#include "sim/disk.h"

#include <steelmill/steelmill.h>

#define DISK_PAGES 4

/* What outlives the machine: what the program has promised, and whether it has kept it. */
struct life {
    struct sm_disk *disk;
    bool is_right;
    uint64_t acked; /* the numbers up to this one are safe, it said */
    uint64_t acked_pages[DISK_PAGES];
    bool is_broken; /* a promise was not kept */
};

struct disk_program {
    const char *mistake;            /* of the wrong one */
    void (*run)(struct life *life); /* until it fails, or the power goes */
    struct sim_disk_fault fault;    /* what is wrong with the disk; key and files are filled in */
    const char *files;              /* NULL: all */
    sm_time begins_ns, ends_ns;     /* ends 0: never */
    sm_time life_ns;                /* the power goes within it; 0: 60 ms */
};

extern const struct disk_program disk_programs[];
extern const size_t disk_program_count;

#endif
