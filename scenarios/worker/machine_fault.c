/* SPDX-License-Identifier: MIT */
#include "scenarios/worker/machine_fault.h"

#include "sim/disk.h"
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
    case SCN_FAULT_DISK:
        return state->disk ? sim_disk_fault_effects(state->disk) : 0;
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

static struct sim_disk_fault *spoil_disk(const struct scn_disk_fault *from,
                                         const struct plan_fault *planned,
                                         struct sim_machine *machine)
{
    struct sim_disk_fault *disk = sim_host_alloc(sizeof *disk);

    *disk = (struct sim_disk_fault){
        .key = planned->draw,
        .files = from->files,
        .read_error_ppm = from->read_error_ppm,
        .write_error_ppm = from->write_error_ppm,
        .sync_error_ppm = from->sync_error_ppm,
        .short_ppm = from->short_ppm,
        .lost_write_ppm = from->lost_write_ppm,
        .misdirected_ppm = from->misdirected_ppm,
        .bit_rot_ppm = from->bit_rot_ppm,
        .latency_min_ns = from->latency.min_ns,
        .latency_max_ns = from->latency.max_ns,
        .stall = from->stall,
        .is_full = from->full,
        .is_read_only = from->read_only,
    };
    sim_disk_fault_begin(sim_disk_of(machine), disk);
    return disk;
}

bool machine_fault_has_memory(const struct machine_fault *state)
{
    return state->memory || state->disk;
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
    else if (planned->kind == SCN_FAULT_DISK)
        state->disk = spoil_disk(&fault->disk, planned, machine);
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
    if (state->disk) {
        sim_disk_fault_end(sim_disk_of(machine), state->disk);
        sim_host_free(state->disk);
        state->disk = NULL;
    }
    if (!state->memory)
        return;
    sim_heap_fault_remove(&machine->heap, state->memory);
    sim_host_free(state->memory);
    state->memory = NULL;
}
