/* SPDX-License-Identifier: MIT */
/* The network faults of a plan: how they begin and end. */
#ifndef STEELMILL_SCENARIOS_WORKER_NETWORK_FAULT_H
#define STEELMILL_SCENARIOS_WORKER_NETWORK_FAULT_H

#include "scenarios/plan/plan.h"

#include <stdbool.h>
#include <stdint.h>

struct run;
struct lo_sequence;

/* One of them, from its beginning on. */
struct network_fault {
    uint32_t rule;                /* in force; 0: none */
    struct lo_sequence *sequence; /* of rules; NULL: none */
    uint64_t hits;                /* of what happened at once */
    uint32_t rare;                /* enum scn_link_field: what a worse link does to few messages */
    uint64_t mark;                /* how often links had done that before */
};

/* False: nobody holds the role that it is about, or it cannot be here. */
bool network_fault_begin(struct network_fault *state, struct run *run,
                         const struct plan_fault *planned);
/* Ends it, if it has an end. True if it has had an effect. */
bool network_fault_end(struct network_fault *state, struct run *run);

#endif
