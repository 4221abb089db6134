/* SPDX-License-Identifier: MIT */
/*
 * The plan: the concrete faults of one run, expanded from a scenario and a seed before the run.
 *
 * Every draw is f(seed, epoch, the fault's name, occurrence number, purpose), so that removing one
 * fault leaves the rest as it was. With `swarm` each seed takes a random subset of the scenario's
 * faults, then a magnitude for each (rarer or more frequent, shorter or longer).
 *
 * No fault begins or lasts beyond time - heal.
 */
#ifndef STEELMILL_SCENARIOS_PLAN_PLAN_H
#define STEELMILL_SCENARIOS_PLAN_PLAN_H

#include "scenarios/file/scenario.h"

#define PLAN_FAULTS_MAX 1000000u
#define PLAN_SIDES_MAX  (64u << 20) /* machines times partitions */

struct plan_fault {
    uint32_t id;    /* 1.. in order of begin_ns, ties in file order */
    uint32_t fault; /* index into scn->faults */
    uint32_t kind;  /* enum scn_fault_kind */
    int64_t begin_ns;
    int64_t end_ns;   /* when it is undone (resume, restart, heal); INT64_MAX: never */
    uint32_t machine; /* 0-based target; SCN_NONE: by role, or a whole partition or rule */
    uint64_t draw;    /* for what is decided when it fires (which of several leaders) */
    int64_t amount;   /* clock-step: ns; clock-drift: ppb; else 0 */
    /*
     * partition: for each machine the side that it is on. Only machines of one side see each other.
     *   halves, isolate, minority   0 and 1; isolate: 1 are the ones, minority: 1 are the few
     *   bridge                      0 and 1; the one on side 2 sees all and is seen by all
     *   one-way                     0 and 1; what side 0 sends to side 1 is lost, all else arrives
     *   ring                        its place, from 0: it sees the places before and after its own
     * NULL for other kinds, for `between` and what has `from` or `to`, and for `isolate` by role:
     * whoever holds the role then is alone. With `minority` by role one of the few gives its place
     * to whoever holds the role then.
     */
    const uint32_t *sides;
    bool masked; /* kept in the list, not executed: it would destroy one replica too many */
};

struct plan {
    uint32_t count;
    struct plan_fault *faults;
    uint32_t active_mask; /* which of the scenario's first 32 faults take part (swarm) */
};

/*
 * Expands the plan of a seed. Pure integer arithmetic; allocates with `alloc` only.
 *   alloc: memory of any content, aligned for any type; NULL where there is none
 * Returns 0, -ENOMEM, -E2BIG (more than PLAN_FAULTS_MAX faults, or PLAN_SIDES_MAX sides in all).
 */
int plan_expand(const struct scn *scn, uint64_t seed, void *(*alloc)(void *arg, size_t size),
                void *arg, struct plan *out);

/* True for a fault that destroys what is on a disk. */
bool plan_destroys(const struct scn_fault *fault);
/* True if faults may destroy what this machine (0-based) has on its disk, by `replicas:`. */
bool plan_may_destroy(const struct scn *scn, uint64_t seed, uint32_t machine);

/* How a machine's clocks begin. */
struct plan_clock {
    int64_t offset_ns; /* of the wall clock */
    int64_t drift_ppb; /* of both */
};
struct plan_clock plan_clock(const struct scn *scn, uint64_t seed, uint32_t machine);

/*
 * One line for people, without a line feed: "  12.345s pause client2 for 3.2s". Returns its length
 * as snprintf does.
 */
int plan_describe(const struct scn *scn, const struct plan_fault *fault, char *text, size_t size);

#endif
