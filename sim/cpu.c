/* SPDX-License-Identifier: MIT */
#include "sim/cpu.h"

#include "core/assert.h"
#include "sim/world.h"

#define COST_MAX_NS (3600 * SM_S) /* of one step */

/* ---- holding tasks ---- */

bool sim_cpu_is_busy(const struct sim_machine *machine)
{
    return machine->world->now < machine->cpu.busy_until_ns;
}

/* Marks the event; the step loop takes it from there (sim_cpu_take). */
static void on_free(struct sim_world *world, struct sim_event *event)
{
    (void)world, (void)event;
}

/* Held tasks go on when the processor is free. */
static void await_free(struct sim_machine *machine)
{
    struct sim_cpu *cpu = &machine->cpu;
    struct sim_world *world = machine->world;

    if (cpu->next || machine->held.count == 0 || machine->paused)
        return;
    const sm_time at = sim_cpu_is_busy(machine) ? cpu->busy_until_ns : world->now;
    cpu->next = sim_event_at(world, at, SIM_TASK_RUN, machine->index, on_free);
    cpu->next->object = machine;
}

void sim_machine_gate(struct sim_machine *machine)
{
    machine->home.is_held = machine->paused || machine->cpu.active;
}

bool sim_machine_holds(struct sim_machine *machine, struct sm_task *task)
{
    const bool waits =
        machine->paused || sim_cpu_is_busy(machine) || (machine->cpu.next && machine->held.count);

    if (!waits)
        return false;
    sim_held_push(&machine->held, task);
    await_free(machine);
    return true;
}

struct sm_task *sim_cpu_take(struct sim_world *world, struct sim_event *event)
{
    struct sim_machine *machine = event->object;

    machine->cpu.next = NULL;
    sim_events_give(&world->events, event);
    if (machine->paused || machine->held.count == 0)
        return NULL;
    if (sim_cpu_is_busy(machine)) { /* one that was ready before has run first */
        await_free(machine);
        return NULL;
    }
    return sim_held_pop(&machine->held);
}

void sim_cpu_resume(struct sim_machine *machine)
{
    if (machine->cpu.active) {
        await_free(machine);
        return;
    }
    while (machine->held.count > 0)
        sim_ready_push_task(&machine->world->ready, sim_held_pop(&machine->held));
}

static void cancel_next(struct sim_machine *machine)
{
    if (machine->cpu.next)
        sim_event_cancel(machine->cpu.next);
    machine->cpu.next = NULL;
}

void sim_cpu_reset(struct sim_machine *machine)
{
    SM_ASSERT(machine->held.count == 0);
    cancel_next(machine);
    machine->cpu.busy_until_ns = 0;
    machine->cpu.bytes = 0;
}

/* ---- costs ---- */

static sm_time cost_of(struct sim_cpu *cpu)
{
    const bool own = cpu->per_event_ns > 0 || cpu->per_byte_ns > 0;
    const sm_time event_ns = own ? cpu->per_event_ns : SIM_CPU_SLOW_EVENT_NS;
    const sm_time byte_ns = own ? cpu->per_byte_ns : SIM_CPU_SLOW_BYTE_NS;
    const unsigned __int128 cost =
        ((unsigned __int128)cpu->bytes * (uint64_t)byte_ns + (uint64_t)event_ns) *
        (uint64_t)(1 + cpu->slowness);

    return cost < (uint64_t)COST_MAX_NS ? (sm_time)cost : COST_MAX_NS;
}

void sim_cpu_charge(struct sim_machine *machine)
{
    struct sim_cpu *cpu = &machine->cpu;

    if (!cpu->active)
        return;
    cpu->busy_until_ns = machine->world->now + cost_of(cpu);
    cpu->bytes = 0;
    cpu->slow_steps += cpu->slowness > 0;
    await_free(machine);
}

void sim_cpu_count_slowly(uint64_t bytes)
{
    struct sim_machine *machine = sm__current ? sim_machine_of(sm__current) : NULL;

    if (machine)
        machine->cpu.bytes += bytes;
}

/* ---- settings ---- */

/* With the last cost gone, what is held goes on at once. */
static void settle(struct sim_machine *machine)
{
    struct sim_cpu *cpu = &machine->cpu;

    cpu->active = cpu->per_event_ns > 0 || cpu->per_byte_ns > 0 || cpu->slowness > 0;
    sim_machine_gate(machine);
    if (cpu->active)
        return;
    cancel_next(machine);
    cpu->busy_until_ns = 0;
    cpu->bytes = 0;
    if (!machine->paused)
        sim_cpu_resume(machine);
}

void sim_machine_cpu_set(struct sim_machine *machine, sm_time per_event_ns, sm_time per_byte_ns)
{
    SM_ASSERT(per_event_ns >= 0 && per_byte_ns >= 0);
    machine->cpu.per_event_ns = per_event_ns;
    machine->cpu.per_byte_ns = per_byte_ns;
    settle(machine);
}

void sim_machine_slow_begin(struct sim_machine *machine, uint32_t factor)
{
    SM_ASSERT(factor >= 1);
    machine->cpu.slowness += factor - 1;
    settle(machine);
}

void sim_machine_slow_end(struct sim_machine *machine, uint32_t factor)
{
    machine->cpu.slowness -= factor - 1;
    SM_ASSERT(machine->cpu.slowness >= 0);
    settle(machine);
}
