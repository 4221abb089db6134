/* SPDX-License-Identifier: MIT */
/*
 * The far part of the event queue: a ladder (Tang, Goh, Thng, "Ladder queue: an O(1) priority queue
 * structure for large-scale discrete event simulation", 2005), which hands what is next over to the
 * near part, a few entries at a time.
 *
 *   near      | rungs[2]'s buckets | rungs[1]'s buckets | rungs[0]'s buckets | top, unsorted
 *   <= near_last                                                    time ------------------->
 *
 *   1. What is not later than `near_last` is in the near part, everything else is here.
 *   2. A deeper rung divides one bucket of the rung above it, and that bucket is empty.
 *   3. A bucket before rung.at is empty and covers nothing that is later than `near_last`.
 *   4. Buckets and top are in no order: the near part sorts them.
 */
#ifndef STEELMILL_SIM_FAR_H
#define STEELMILL_SIM_FAR_H

#include "sim/near.h"

#define SIM_RUNGS_MAX 8u

/* Buckets of 2^shift ns each. */
struct sim_rung {
    uint32_t *heads; /* of each bucket: its first node + 1; 0: empty */
    int64_t start, last;
    uint32_t shift, count, capacity;
    uint32_t at; /* the next bucket to be handed over */
};

struct sim_far_node {
    struct sim_queue_entry entry;
    uint32_t next; /* node + 1 */
};

struct sim_entries {
    struct sim_queue_entry *items;
    size_t count, capacity;
};

struct sim_far {
    struct sim_rung rungs[SIM_RUNGS_MAX];
    uint32_t rung_count;
    bool crowded;                                  /* the next bucket has very many of one time */
    uint32_t node_count, node_capacity, node_free; /* node_free: node + 1 */
    struct sim_far_node *nodes;
    struct sim_entries top;
    struct sim_entries bucket; /* the one that is being handed over, or spilled */
};

void sim_far_finish(struct sim_far *far); /* zeroed is initialized */
/* Later than near_last. */
void sim_far_push(struct sim_far *far, struct sim_queue_entry entry);
/*
 * One step towards handing the next entries over; none may have been handed over yet. Very many of
 * one time (crowded) only when the near part is empty: it would be slow to insert before them. Must
 * not be empty. Returns the new near_last.
 */
int64_t sim_far_refill(struct sim_far *far, struct sim_near *near);
/* The near part has become too large: takes it over. Returns the new near_last. */
int64_t sim_far_spill(struct sim_far *far, struct sim_near *near, int64_t near_last);

#endif
