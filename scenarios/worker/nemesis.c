/* SPDX-License-Identifier: MIT */
/*
 * The nemesis carries the plan out: an event when a fault begins, and one when it ends.
 *
 *   WAITING --begin--> ACTIVE --end--> OVER        WAITING --begin, no target--> SKIPPED
 *
 * A fault without a target at its time (nobody holds the role, the machine is off already) is
 * skipped and counts as configured only. It counts as observed if it had an effect on something: a
 * paused machine had work to do, a cut link lost a message.
 */
#include "core/random.h"
#include "scenarios/worker/machine_fault.h"
#include "scenarios/worker/network_fault.h"
#include "scenarios/worker/worker.h"
#include "sim/disk.h"
#include "sim/host.h"

#include <stdio.h>
#include <string.h>

#define CONTEXT_NS (10 * SM_S)

enum fault_state { WAITING, ACTIVE, OVER, SKIPPED };

struct active {
    enum fault_state state;
    uint32_t machine;     /* 1-based; 0: none */
    uint32_t incarnation; /* of the machine, when the fault began */
    sm_time ended_ns;
    bool observed;
    struct machine_fault of_machine;
    struct network_fault of_network;
};

struct nemesis {
    struct run *run;
    struct active *faults;    /* as run->plan.faults */
    uint32_t *pause_depth;    /* per machine: several faults may pause it */
    struct job_fault *counts; /* per entry of the scenario's `faults:` */
};

/* ---- targets ---- */

static bool is_up(const struct sim_machine *machine)
{
    return machine->state != SIM_MACHINE_OFF;
}

struct sim_machine *nemesis_target(const struct run *run, const struct plan_fault *fault)
{
    const struct sim_world *world = run->world;
    const char *role = run->scn->faults[fault->fault].of_role;
    uint32_t count = 0;

    if (!role[0])
        return fault->machine == SCN_NONE ? NULL : world->machines[fault->machine];
    for (uint32_t i = 0; i < world->machine_count; i++)
        count += sim_machine_has_role(world->machines[i], role);
    if (count == 0)
        return NULL;
    uint64_t chosen = sm__random_scale(fault->draw, count);
    for (uint32_t i = 0; i < world->machine_count; i++) {
        if (sim_machine_has_role(world->machines[i], role) && chosen-- == 0)
            return world->machines[i];
    }
    return NULL;
}

/* ---- beginnings: true if the fault has begun ---- */

static bool begin_pause(struct nemesis *nemesis, const struct plan_fault *fault,
                        struct active *active)
{
    struct sim_machine *machine = nemesis_target(nemesis->run, fault);

    if (!machine || !is_up(machine))
        return false;
    active->machine = machine->index;
    active->incarnation = machine->incarnation;
    nemesis->pause_depth[machine->index - 1]++;
    sim_machine_pause(machine);
    return true;
}

/* True for a machine whose data the fault must not destroy: its replicas may not tolerate it. */
static bool is_spared(const struct nemesis *nemesis, const struct plan_fault *fault,
                      const struct sim_machine *machine)
{
    const struct scn *scn = nemesis->run->scn;
    return plan_destroys(&scn->faults[fault->fault]) &&
           !plan_may_destroy(scn, nemesis->run->command->seed, machine->index - 1);
}

static bool begin_crash(struct nemesis *nemesis, const struct plan_fault *fault,
                        struct active *active)
{
    struct sim_machine *machine = nemesis_target(nemesis->run, fault);

    if (!machine || !is_up(machine) || is_spared(nemesis, fault, machine))
        return false;
    active->machine = machine->index;
    active->observed = !sm__list_empty(&machine->home.tasks);
    nemesis->pause_depth[machine->index - 1] = 0;
    sim_machine_crash(machine);
    if (nemesis->run->scn->faults[fault->fault].wipe)
        sim_disk_wipe(machine);
    return true;
}

static bool begin_of_machine(struct nemesis *nemesis, const struct plan_fault *fault,
                             struct active *active)
{
    struct sim_machine *machine = nemesis_target(nemesis->run, fault);

    if (!machine || !is_up(machine) || is_spared(nemesis, fault, machine))
        return false;
    active->machine = machine->index;
    machine_fault_begin(&active->of_machine, &nemesis->run->scn->faults[fault->fault], fault,
                        machine);
    return true;
}

static bool begin_fault(struct nemesis *nemesis, const struct plan_fault *fault,
                        struct active *active)
{
    switch ((enum scn_fault_kind)fault->kind) {
    case SCN_FAULT_PAUSE:
        return begin_pause(nemesis, fault, active);
    case SCN_FAULT_CRASH:
        return begin_crash(nemesis, fault, active);
    case SCN_FAULTS_OF_NETWORK:
        return network_fault_begin(&active->of_network, nemesis->run, fault);
    case SCN_FAULT_CLOCK_STEP:
    case SCN_FAULT_CLOCK_DRIFT:
    case SCN_FAULT_SLOW:
    case SCN_FAULT_NO_MEMORY:
    case SCN_FAULT_DISK:
        return begin_of_machine(nemesis, fault, active);
    case SCN_FAULT_KIND_COUNT:
        break;
    }
    return false;
}

/* ---- ends ---- */

static void end_pause(struct nemesis *nemesis, struct active *active)
{
    struct sim_machine *machine = nemesis->run->world->machines[active->machine - 1];
    uint32_t *depth = &nemesis->pause_depth[active->machine - 1];

    if (machine->incarnation != active->incarnation || !is_up(machine) || *depth == 0)
        return; /* it has crashed meanwhile */
    active->observed = machine->held.count > 0;
    if (--*depth == 0)
        sim_machine_resume(machine);
}

static void end_of_machine(struct nemesis *nemesis, const struct plan_fault *fault,
                           struct active *active)
{
    struct sim_machine *machine = nemesis->run->world->machines[active->machine - 1];

    active->observed = machine_fault_observed(&active->of_machine, fault, machine);
    machine_fault_end(&active->of_machine, &nemesis->run->scn->faults[fault->fault], fault,
                      machine);
}

static void end_fault(struct nemesis *nemesis, const struct plan_fault *fault,
                      struct active *active)
{
    switch ((enum scn_fault_kind)fault->kind) {
    case SCN_FAULT_PAUSE:
        end_pause(nemesis, active);
        break;
    case SCN_FAULT_CRASH:
        sim_machine_start(nemesis->run->world->machines[active->machine - 1]);
        break;
    case SCN_FAULTS_OF_NETWORK:
        active->observed = network_fault_end(&active->of_network, nemesis->run);
        break;
    case SCN_FAULT_CLOCK_STEP:
    case SCN_FAULT_CLOCK_DRIFT:
    case SCN_FAULT_SLOW:
    case SCN_FAULT_NO_MEMORY:
    case SCN_FAULT_DISK:
        end_of_machine(nemesis, fault, active);
        break;
    case SCN_FAULT_KIND_COUNT:
        break;
    }
}

/* ---- events ---- */

static void on_end(struct sim_world *world, struct sim_event *event)
{
    struct nemesis *nemesis = event->object;
    const struct plan_fault *fault = &nemesis->run->plan.faults[event->number - 1];
    struct active *active = &nemesis->faults[event->number - 1];

    end_fault(nemesis, fault, active);
    active->state = OVER;
    active->ended_ns = world->now;
    nemesis->counts[fault->fault].observed += active->observed;
}

static void schedule(struct nemesis *nemesis, sm_time at, uint16_t kind, uint64_t number,
                     sim_event_fn fire)
{
    struct sim_event *event = sim_event_at(nemesis->run->world, at, kind, 0, fire);

    event->object = nemesis;
    event->number = number;
}

static void on_begin(struct sim_world *world, struct sim_event *event)
{
    struct nemesis *nemesis = event->object;
    const struct plan_fault *fault = &nemesis->run->plan.faults[event->number - 1];
    struct active *active = &nemesis->faults[event->number - 1];

    if (!begin_fault(nemesis, fault, active)) {
        active->state = SKIPPED;
        return;
    }
    active->state = ACTIVE;
    nemesis->counts[fault->fault].fired++;
    if (scn_fault_is_at_once(fault->kind)) {
        active->state = OVER; /* whether somebody looks at a clock that steps is seen later */
        active->ended_ns = world->now;
        if (fault->kind != SCN_FAULT_CLOCK_STEP)
            nemesis->counts[fault->fault].observed +=
                network_fault_end(&active->of_network, nemesis->run);
    } else if (fault->end_ns != INT64_MAX)
        schedule(nemesis, fault->end_ns, SIM_FAULT_END, fault->id, on_end);
    else
        nemesis->counts[fault->fault].observed += active->observed;
}

static void on_heal(struct sim_world *world, struct sim_event *event)
{
    (void)world, (void)event; /* the plan has ended every fault by now; this marks the time */
}

struct nemesis *nemesis_create(struct run *run)
{
    struct nemesis *nemesis = sim_host_alloc(sizeof *nemesis);
    const struct plan *plan = &run->plan;

    nemesis->run = run;
    nemesis->faults = sim_host_alloc(plan->count * sizeof *nemesis->faults);
    nemesis->pause_depth = sim_host_alloc(run->world->machine_count * sizeof(uint32_t));
    nemesis->counts = sim_host_alloc(run->scn->fault_count * sizeof *nemesis->counts);
    for (uint32_t i = 0; i < plan->count; i++) {
        nemesis->counts[plan->faults[i].fault].configured++;
        if (!plan->faults[i].masked)
            schedule(nemesis, plan->faults[i].begin_ns, SIM_FAULT_BEGIN, plan->faults[i].id,
                     on_begin);
    }
    if (run->scn->heal_ns > 0)
        schedule(nemesis, run->scn->time_ns - run->scn->heal_ns, SIM_HEAL, 0, on_heal);
    return nemesis;
}

void nemesis_destroy(struct nemesis *nemesis)
{
    if (!nemesis)
        return;
    for (uint32_t i = 0; i < nemesis->run->plan.count; i++) {
        if (machine_fault_has_memory(
                &nemesis->faults[i].of_machine)) /* the run has ended before the fault */
            end_of_machine(nemesis, &nemesis->run->plan.faults[i], &nemesis->faults[i]);
    }
    sim_host_free(nemesis->faults);
    sim_host_free(nemesis->pause_depth);
    sim_host_free(nemesis->counts);
    sim_host_free(nemesis);
}

/* Clock steps that somebody has seen. */
static void count_steps(const struct nemesis *nemesis, struct job_result *result)
{
    const struct plan *plan = &nemesis->run->plan;

    for (uint32_t i = 0; i < plan->count; i++) {
        const struct plan_fault *fault = &plan->faults[i];
        const struct active *active = &nemesis->faults[i];
        if (fault->kind != SCN_FAULT_CLOCK_STEP || active->state != OVER ||
            fault->fault >= result->fault_count)
            continue;
        const struct sim_machine *machine = nemesis->run->world->machines[active->machine - 1];
        result->faults[fault->fault].observed +=
            machine_fault_observed(&active->of_machine, fault, machine);
    }
}

void nemesis_count(const struct nemesis *nemesis, struct job_result *result)
{
    const uint32_t count = nemesis->run->scn->fault_count;

    result->fault_count = count < JOB_FAULTS_MAX ? count : JOB_FAULTS_MAX;
    memcpy(result->faults, nemesis->counts, result->fault_count * sizeof *result->faults);
    count_steps(nemesis, result);
}

uint64_t nemesis_context(const struct nemesis *nemesis, char *text, size_t size)
{
    const struct plan *plan = &nemesis->run->plan;
    const sm_time now = nemesis->run->world->now;
    uint64_t kinds = 0;
    size_t used = 0;

    text[0] = '\0';
    for (uint32_t i = 0; i < plan->count; i++) {
        const struct active *active = &nemesis->faults[i];
        const bool recent = active->state == OVER && active->ended_ns + CONTEXT_NS >= now;
        char line[256];
        if (active->state != ACTIVE && !recent)
            continue;
        kinds |= UINT64_C(1) << plan->faults[i].kind;
        if (used + 1 >= size)
            continue;
        plan_describe(nemesis->run->scn, &plan->faults[i], line, sizeof line);
        const int written = snprintf(text + used, size - used, "%s%s\n", line,
                                     active->state == ACTIVE ? " (still active)" : "");
        used += written > 0 ? (size_t)written : 0;
    }
    return kinds;
}
