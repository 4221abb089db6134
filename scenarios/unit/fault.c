/* SPDX-License-Identifier: MIT */
/*
 * Faults of machines. What happens to a machine happens outside of all tasks: the caller schedules
 * an event for now, and waits until it has fired.
 */
#include "net-loopback/net.h"
#include "scenarios/unit/unit.h"
#include "sim/disk.h"

#include <stdarg.h>

#define STOP_LIMIT_NS (30 * SM_S)

void unit_note_fault(struct sim_env *env, const char *format, ...)
{
    struct unit_shared *shared = env->shared;
    struct unit_fault *fault = &shared->faults[shared->fault_count++ % UNIT_FAULTS_KEPT];
    va_list args;

    fault->at_ns = env->run.world->now;
    va_start(args, format);
    vsnprintf(fault->text, sizeof fault->text, format, args);
    va_end(args);
}

static void fire(struct sim_world *world, struct sim_event *event)
{
    struct unit_act *act = event->object;

    (void)world;
    act->perform(act->env, act);
    sm_event_set(&act->happened);
}

void unit_act(struct sim_env *env, const char *call, struct unit_act *act)
{
    struct sim_world *world = env->run.world;
    struct sm_task *task = sm__current;

    if (!task || sim_machine_of(task) != unit_machine_at(env, world->machine_count - 1))
        unit_misuse(env, "%s: only the body, and tasks that it spawns, may call it", call);
    if (sm__task_is_cancelled(task))
        return; /* the body has returned: nothing more happens */
    act->env = env;
    sm_event_init(&act->happened);
    struct sim_event *event =
        sim_event_at(world, world->now, act->is_end ? SIM_FAULT_END : SIM_FAULT_BEGIN,
                     act->set ? (uint32_t)__builtin_ctzll(act->set) + 1 : 0, fire);
    event->object = act;
    event->number = ++env->act_count;
    /* The event points to this stack: nothing may wake the caller before. */
    const bool shielded = task->shielded;
    task->shielded = true;
    SM_ASSERT(sm_event_wait(&act->happened, SM_FOREVER) == 0);
    task->shielded = shielded;
    sm_event_finish(&act->happened);
}

/* ---- what happens to one machine: false if there was nothing to do ---- */

static bool crash(struct sim_env *env, struct sim_machine *machine)
{
    (void)env;
    if (machine->state == SIM_MACHINE_OFF)
        return false;
    sim_machine_crash(machine);
    return true;
}

static bool kill_program(struct sim_env *env, struct sim_machine *machine)
{
    (void)env;
    if (machine->state == SIM_MACHINE_OFF)
        return false;
    sim_machine_kill(machine);
    return true;
}

static bool wipe(struct sim_env *env, struct sim_machine *machine)
{
    crash(env, machine);
    sim_disk_wipe(machine);
    return true;
}

static bool start(struct sim_env *env, struct sim_machine *machine)
{
    (void)env;
    if (machine->state != SIM_MACHINE_OFF)
        return false;
    sim_machine_start(machine);
    return true;
}

static bool stop(struct sim_env *env, struct sim_machine *machine)
{
    if (machine->state != SIM_MACHINE_UP)
        return false;
    sm_event_clear(&env->machines[machine->index - 1].settled);
    sim_machine_stop(machine, env->run.world->now + STOP_LIMIT_NS);
    return true;
}

static bool hold(struct sim_env *env, struct sim_machine *machine)
{
    (void)env;
    if (machine->home.is_held || machine->state == SIM_MACHINE_OFF)
        return false;
    sim_machine_pause(machine);
    return true;
}

static bool resume(struct sim_env *env, struct sim_machine *machine)
{
    (void)env;
    if (!machine->home.is_held)
        return false;
    sim_machine_resume(machine);
    return true;
}

/* ---- what happens to each of a set ---- */

static void each(struct sim_env *env, struct unit_act *act)
{
    for (uint32_t i = 0; i < env->run.world->machine_count; i++) {
        struct sim_machine *machine = unit_machine_at(env, i);
        if (act->set >> i & 1 && act->one(env, machine))
            unit_note_fault(env, "%s %s", act->word, machine->name);
    }
}

static unit_set inject(struct sim_env *env, const char *call, const char *machines,
                       bool (*one)(struct sim_env *env, struct sim_machine *machine), bool is_end)
{
    struct unit_act act = {.perform = each,
                           .one = one,
                           .word = call + sizeof "sim_" - 1,
                           .set = unit_find_others(env, call, machines),
                           .is_end = is_end};

    unit_act(env, call, &act);
    return act.set;
}

/* Waits until all of them are prepared, or off. */
static void settle(struct sim_env *env, unit_set set)
{
    for (uint32_t i = 0; i < env->run.world->machine_count; i++) {
        if (set >> i & 1 && sm_event_wait(&env->machines[i].settled, SM_FOREVER))
            return; /* cancelled: the run is over */
    }
}

/* ---- the calls ---- */

void sim_kill(struct sim_env *env, const char *machines)
{
    inject(env, "sim_kill", machines, kill_program, false);
}

void sim_crash(struct sim_env *env, const char *machines)
{
    inject(env, "sim_crash", machines, crash, false);
}

void sim_start(struct sim_env *env, const char *machines)
{
    settle(env, inject(env, "sim_start", machines, start, true));
}

void sim_restart(struct sim_env *env, const char *machines)
{
    sim_crash(env, machines);
    sim_start(env, machines);
}

static void refuse_paused(struct sim_env *env, unit_set set)
{
    for (uint32_t i = 0; i < env->run.world->machine_count; i++) {
        if (set >> i & 1 && unit_machine_at(env, i)->home.is_held)
            unit_misuse(env, "sim_stop: machine '%s' is paused: it cannot run its stop hooks",
                        unit_machine_at(env, i)->name);
    }
}

void sim_stop(struct sim_env *env, const char *machines)
{
    refuse_paused(env, unit_find_others(env, "sim_stop", machines));
    settle(env, inject(env, "sim_stop", machines, stop, false));
}

void sim_wipe(struct sim_env *env, const char *machines)
{
    inject(env, "sim_wipe", machines, wipe, false);
}

void sim_pause(struct sim_env *env, const char *machines)
{
    inject(env, "sim_pause", machines, hold, false);
}

void sim_resume(struct sim_env *env, const char *machines)
{
    inject(env, "sim_resume", machines, resume, true);
}
