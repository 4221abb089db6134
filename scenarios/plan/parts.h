/* SPDX-License-Identifier: MIT */
/* What the files of the plan share. */
#ifndef STEELMILL_SCENARIOS_PLAN_PARTS_H
#define STEELMILL_SCENARIOS_PLAN_PARTS_H

#include "scenarios/plan/plan.h"

/* ---- swarm.c ---- */

/* What a seed makes of an entry of `faults:`. */
struct plan_magnitude {
    bool active;
    /* Factors as powers of two: -2 to 2. */
    int every_shift, lasts_shift;
};

/* Without `swarm`: active, and as the file has it. A function of the seed and the names alone. */
struct plan_magnitude plan_swarm(const struct scn *scn, uint64_t seed, uint32_t fault);

/* ---- occurrence.c ---- */

/* Goes through the occurrences of one entry of `faults:`, the earliest first. */
struct plan_walk {
    const struct scn *scn;
    uint32_t fault;
    uint64_t seed;
    uint64_t key;                  /* of its random stream */
    uint64_t number;               /* of the next occurrence, from 0 */
    int64_t previous_ns;           /* when the one before it ended */
    int64_t limit_ns;              /* when the heal phase begins */
    struct scn_range every, lasts; /* scaled */
};

void plan_walk_begin(struct plan_walk *walk, const struct scn *scn, uint64_t seed, uint32_t fault);
/* Fills all but id and sides. False: there is no further one. */
bool plan_walk_next(struct plan_walk *walk, struct plan_fault *out);
/* The key of the draws that choose the sides of the occurrence that was walked to last. */
uint64_t plan_walk_sides_key(const struct plan_walk *walk);

/* ---- sides.c ---- */

bool plan_has_sides(const struct scn_fault *fault);
/* Fills sides[machine_count]. `machine` is the one that `of` has chosen, or SCN_NONE. */
void plan_choose_sides(const struct scn *scn, const struct scn_fault *fault, uint64_t key,
                       uint32_t machine, uint32_t *sides);

/* ---- replicas.c ---- */

/* The machine of the same group that a fault destroys instead of one that it must not. */
uint32_t plan_replica_at(const struct scn *scn, uint64_t seed, uint32_t machine, uint64_t draw);

/* The key of a named stream: f(seed, "<prefix>/<name>"). */
uint64_t plan_key(uint64_t seed, const char *prefix, const char *name);

#endif
