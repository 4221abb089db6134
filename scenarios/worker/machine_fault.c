/* SPDX-License-Identifier: MIT */
#include "scenarios/worker/machine_fault.h"

#include "sim/heap_fault.h"
#include "sim/host.h"
#include "sim/world.h"

/* A count that grows with each thing that such a fault can have an effect on. */
static uint64_t count_of(const struct machine_fault *state, uint32_t kind,
                         const struct sim_machine *machine)
{
    switch (kind) {
    case SCN_FAULT_CLOCK_STEP:
        return machine->clock.wall_reads;
    case SCN_FAULT_CLOCK_DRIFT:
        return machine->clock.mono_reads;
    case SCN_FAULT_SLOW:
        return machine->cpu.slow_steps;
    default:
        return state->memory ? state->memory->failures : 0;
    }
}

static struct sim_heap_fault *refuse_memory(const struct scn_fault *fault,
                                            const struct plan_fault *planned,
                                            struct sim_machine *machine)
{
    struct sim_heap_fault *memory = sim_host_alloc(sizeof *memory);

    memory->key = planned->draw;
    memory->above_bytes = (size_t)fault->above_bytes;
    memory->nth = fault->nth;
    memory->share_ppm = fault->share_ppm;
    sim_heap_fault_add(&machine->heap, memory);
    return memory;
}

void machine_fault_begin(struct machine_fault *state, const struct scn_fault *fault,
                         const struct plan_fault *planned, struct sim_machine *machine)
{
    if (planned->kind == SCN_FAULT_CLOCK_STEP)
        sim_machine_clock_step(machine, planned->amount);
    else if (planned->kind == SCN_FAULT_CLOCK_DRIFT)
        sim_machine_clock_drift(machine, planned->amount);
    else if (planned->kind == SCN_FAULT_SLOW)
        sim_machine_slow_begin(machine, fault->factor);
    else
        state->memory = refuse_memory(fault, planned, machine);
    state->mark = count_of(state, planned->kind, machine);
}

bool machine_fault_observed(const struct machine_fault *state, const struct plan_fault *planned,
                            const struct sim_machine *machine)
{
    return count_of(state, planned->kind, machine) > state->mark;
}

void machine_fault_end(struct machine_fault *state, const struct scn_fault *fault,
                       const struct plan_fault *planned, struct sim_machine *machine)
{
    if (planned->kind == SCN_FAULT_CLOCK_DRIFT)
        sim_machine_clock_drift(machine, -planned->amount);
    else if (planned->kind == SCN_FAULT_SLOW)
        sim_machine_slow_end(machine, fault->factor);
    if (!state->memory)
        return;
    sim_heap_fault_remove(&machine->heap, state->memory);
    sim_host_free(state->memory);
    state->memory = NULL;
}
