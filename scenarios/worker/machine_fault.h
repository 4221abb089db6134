/* SPDX-License-Identifier: MIT */
/* Faults of a machine's clock, processor and memory: how they begin and end. */
#ifndef STEELMILL_SCENARIOS_WORKER_MACHINE_FAULT_H
#define STEELMILL_SCENARIOS_WORKER_MACHINE_FAULT_H

#include "scenarios/file/scenario.h"
#include "scenarios/plan/plan.h"

struct sim_machine;
struct sim_heap_fault;
struct sim_disk_fault;

/* What one of them has to remember. */
struct machine_fault {
    uint64_t mark; /* the count of what it affects, when it began */
    struct sim_heap_fault *memory;
    struct sim_disk_fault *disk;
};

void machine_fault_begin(struct machine_fault *state, const struct scn_fault *fault,
                         const struct plan_fault *planned, struct sim_machine *machine);
/* True for one that must be ended before it is forgotten. */
bool machine_fault_has_memory(const struct machine_fault *state);
/* True if it has had an effect so far. */
bool machine_fault_observed(const struct machine_fault *state, const struct plan_fault *planned,
                            const struct sim_machine *machine);
void machine_fault_end(struct machine_fault *state, const struct scn_fault *fault,
                       const struct plan_fault *planned, struct sim_machine *machine);

#endif
