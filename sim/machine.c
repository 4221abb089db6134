/* SPDX-License-Identifier: MIT */
/*
 * The lives of machines.
 *
 *            start                         stop (deadline)
 *   OFF ------------------> UP --------------------------------> STOPPING ----> OFF
 *    ^                      |                                        |
 *    +-- crash, kill -------+------------ crash, kill ---------------+
 *
 *   paused is apart from the state: an UP or STOPPING machine may be paused; a crash ends it.
 *
 *   1. While OFF a machine has no tasks, no blocks in its heap, no roles and no factory.
 *   2. A crash or a kill runs no code of the machine.
 */
#include "core/factory.h"
#include "core/random.h"
#include "sim/host.h"
#include "sim/world.h"

#include <steelmill/errors.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct sim_machine *sim_machine_add(struct sim_world *world, const char *name,
                                    size_t heap_limit_bytes)
{
    SM_ASSERT(world->machine_count < world->options.machine_count_max);
    SM_ASSERT(strlen(name) < sizeof((struct sim_machine *)0)->name);
    struct sim_machine *machine = &world->machine_slab[world->machine_count];
    const size_t limit = heap_limit_bytes ? heap_limit_bytes : world->options.heap_limit_bytes;

    world->machines[world->machine_count++] = machine;
    machine->world = world;
    machine->index = world->machine_count;
    snprintf(machine->name, sizeof machine->name, "%s", name);
    machine->home.name = machine->name;
    machine->home.index = machine->index;
    machine->home.stacks = world->stacks;
    sim_clock_init(&machine->clock, SIM_CLOCK_START_NS);
    sm__list_init(&machine->home.tasks);
    sm__owner_init(&machine->boot, NULL, NULL);
    sim_heap_init(&machine->heap, machine->index - 1, machine->name, limit,
                  world->options.heap_fill);
    machine->heap.keep_sites = world->options.leak_sites;
    machine->random.name = sm__name_hash("daemon");
    sm__random_rekey(&machine->home, &machine->random);
    return machine;
}

static void note_life(struct sim_machine *machine, enum sim_kind kind)
{
    const struct sim_record record = {
        .machine = machine->index, .kind = (uint16_t)kind, .object = machine->incarnation};
    sim_note(machine->world, &record);
}

#define CALL_HOOKS(machine, hook)                                          \
    do {                                                                   \
        for (uint32_t i_ = 0; i_ < (machine)->world->hook_count; i_++) {   \
            const struct sim_hooks *hooks_ = &(machine)->world->hooks[i_]; \
            if (hooks_->hook)                                              \
                hooks_->hook(hooks_->arg, (machine));                      \
        }                                                                  \
    } while (0)

static void call_killed_hooks(struct sim_machine *machine)
{
    const struct sim_world *world = machine->world;

    for (uint32_t i = 0; i < world->hook_count; i++) {
        const struct sim_hooks *hooks = &world->hooks[i];
        if (hooks->machine_killed)
            hooks->machine_killed(hooks->arg, machine);
        else if (hooks->machine_stopped)
            hooks->machine_stopped(hooks->arg, machine);
    }
}

/* ---- start ---- */

/* What a machine's factory says of its failure; the subject is the daemon, if one is to blame. */
static void fail_machine(struct sim_machine *machine, int error)
{
    const struct sm_factory *factory = machine->factory;
    const char *daemon = factory ? sm__factory_failed_daemon(factory) : "";
    const char *detail = factory ? sm_factory_detail(factory) : "";

    if (detail[0])
        sim_failf(machine->world, SIM_FAILURE_DAEMON, machine, daemon, "%s", detail);
    else
        sim_failf(machine->world, SIM_FAILURE_DAEMON, machine, daemon, "machine '%s': %s",
                  machine->name, sm_strerror(error));
}

static int boot_ended(struct sim_machine *machine, int error)
{
    if (error && error != -ECANCELED)
        fail_machine(machine, error);
    return error;
}

static int boot_goes_on(void *arg)
{
    struct sim_machine *machine = arg;
    const int error =
        sm__factory_wait_at_rest(machine->boot_factory, &machine->boot_waiter, boot_goes_on, true);

    return boot_ended(machine, error);
}

static int start_main(void *arg)
{
    struct sim_machine *machine = arg;
    const struct sim_program *program = &machine->world->program;
    int error = program->start(program->arg, machine);

    machine->boot_factory = machine->factory;
    if (!error && program->waits)
        error = sm__factory_wait_at_rest(machine->boot_factory, &machine->boot_waiter, boot_goes_on,
                                         false);
    return boot_ended(machine, error);
}

void sim_machine_start(struct sim_machine *machine)
{
    if (machine->state != SIM_MACHINE_OFF)
        return;
    machine->state = SIM_MACHINE_UP;
    machine->incarnation++;
    machine->boot.closed = false;
    note_life(machine, SIM_MACHINE_START);
    CALL_HOOKS(machine, machine_started);
    SM_ASSERT_MSG(sm__task_spawn_in(&machine->boot_task, &machine->home, &machine->boot, "boot",
                                    start_main, machine) == 0,
                  "no stack is left to start machine '%s' on", machine->name);
}

/* ---- crash ---- */

static void drop_task(struct sim_machine *machine, struct sm_task *task)
{
    if (task->state == SM__TASK_READY) {
        if (sim_held_has(&machine->held, task))
            sim_held_remove(&machine->held, task);
        else
            sim_ready_remove(&machine->world->ready, task);
    }
    if (task->state != SM__TASK_ENDED)
        machine->world->tasks_alive--;
    sm__task_drop(task);
}

static void drop_tasks(struct sim_machine *machine)
{
    while (!sm__list_empty(&machine->home.tasks)) {
        struct sm_task *task = sm__container(machine->home.tasks.next, struct sm_task, home_link);
        drop_task(machine, task);
    }
}

/* What every way out of life has in common. */
static void power_off(struct sim_machine *machine)
{
    drop_tasks(machine);
    sm__owner_init(&machine->boot, NULL, NULL);
    machine->paused = false;
    sim_cpu_reset(machine);
    sim_machine_gate(machine);
    machine->factory = NULL;
    machine->state = SIM_MACHINE_OFF;
    sim_host_free(machine->roles);
    machine->roles = NULL;
    CALL_HOOKS(machine, machine_off);
}

static void check_heap(struct sim_machine *machine)
{
    const void *block = sim_heap_check(&machine->heap);

    if (block)
        sim_failf(machine->world, SIM_FAILURE_HEAP, machine, "heap",
                  "machine '%s': the heap is damaged at the block of %zu bytes at %p",
                  machine->name, sim_heap_size(block), block);
}

/* Ends it without a word. False: it is off already. */
static bool drop(struct sim_machine *machine)
{
    if (machine->state == SIM_MACHINE_OFF)
        return false;
    SM_ASSERT_MSG(!sm__current, "a machine is crashed from within a task");
    note_life(machine, SIM_MACHINE_CRASH);
    check_heap(machine);
    if (machine->factory)
        sm__factory_abandon(machine->factory);
    power_off(machine);
    sim_heap_reset(&machine->heap);
    return true;
}

void sim_machine_crash(struct sim_machine *machine)
{
    if (drop(machine))
        CALL_HOOKS(machine, machine_crashed);
}

void sim_machine_kill(struct sim_machine *machine)
{
    if (drop(machine))
        call_killed_hooks(machine);
}

/* ---- stop ---- */

static void stopped(struct sim_world *world, struct sim_event *event)
{
    struct sim_machine *machine = event->object;

    if (machine->state != SIM_MACHINE_STOPPING || machine->incarnation != event->number)
        return; /* it has crashed meanwhile */
    check_heap(machine);
    sim_heap_leak_add(&machine->heap, &machine->leak);
    power_off(machine);
    sim_heap_reset(&machine->heap);
    CALL_HOOKS(machine, machine_stopped);
    (void)world;
}

/* True while the boot task, which was told to end, has yet to do so: it holds on to the factory. */
static bool boot_is_ending(const struct sim_machine *machine)
{
    const struct sm__list *tasks = &machine->boot.tasks;

    for (const struct sm__list *link = tasks->next; link != tasks; link = link->next) {
        const struct sm_task *task = sm__container(link, const struct sm_task, owner_link);
        if (task->state == SM__TASK_READY)
            return true;
    }
    return false;
}

static int stop_main(void *arg)
{
    struct sim_machine *machine = arg;
    struct sim_world *world = machine->world;

    sm__current->shielded = true;
    const int error = world->program.stop(world->program.arg, machine, machine->stop_deadline);
    if (error)
        fail_machine(machine, error);
    while (boot_is_ending(machine))
        sm__sched_yield(sm__current);
    struct sim_event *event =
        sim_event_at(world, world->now, SIM_MACHINE_STOP, machine->index, stopped);
    event->object = machine;
    event->number = machine->incarnation;
    return 0;
}

void sim_machine_stop(struct sim_machine *machine, sm_time deadline)
{
    if (machine->state != SIM_MACHINE_UP)
        return;
    machine->stop_deadline = deadline;
    machine->state = SIM_MACHINE_STOPPING;
    SM_ASSERT_MSG(
        sm__task_spawn(NULL, &machine->home, &machine->boot, "stop", stop_main, machine) == 0,
        "no stack is left to stop machine '%s' on", machine->name);
    sm__owner_close(&machine->boot);
}

/* ---- pause ---- */

void sim_machine_pause(struct sim_machine *machine)
{
    if (machine->paused || machine->state == SIM_MACHINE_OFF)
        return;
    note_life(machine, SIM_MACHINE_PAUSE);
    machine->paused = true;
    sim_machine_gate(machine);
    struct sm__list *tasks = &machine->home.tasks;
    for (struct sm__list *link = tasks->next; link != tasks; link = link->next) {
        struct sm_task *task = sm__container(link, struct sm_task, home_link);
        if (task->state == SM__TASK_READY && !sim_held_has(&machine->held, task)) {
            sim_ready_remove(&machine->world->ready, task);
            sim_held_push(&machine->held, task);
        }
    }
}

void sim_machine_resume(struct sim_machine *machine)
{
    if (!machine->paused)
        return;
    machine->paused = false;
    sim_machine_gate(machine);
    note_life(machine, SIM_MACHINE_RESUME);
    sim_cpu_resume(machine);
}

/* ---- roles ---- */

bool sim_machine_has_role(const struct sim_machine *machine, const char *role)
{
    for (size_t i = 0; machine->roles && i < SIM_ROLES_MAX; i++) {
        if (machine->roles[i][0] && strcmp(machine->roles[i], role) == 0)
            return true;
    }
    return false;
}

static char *find_role(struct sim_machine *machine, const char *role)
{
    if (!machine->roles)
        machine->roles = sim_host_alloc(SIM_ROLES_MAX * sizeof *machine->roles);
    for (size_t i = 0; i < SIM_ROLES_MAX; i++) {
        if (strncmp(machine->roles[i], role, SIM_ROLE_BYTES - 1) == 0)
            return machine->roles[i];
    }
    return NULL;
}

void sm_role_set(const char *role, bool held)
{
    SM_ASSERT_MSG(sm__current, "sm_role_set outside of any task");
    struct sim_machine *machine = sim_machine_of(sm__current);

    if (!machine || !role[0])
        return;
    char *slot = find_role(machine, role);
    if (!held && slot)
        slot[0] = '\0';
    if (!held || slot)
        return;
    slot = find_role(machine, "");
    SM_ASSERT_MSG(slot, "a machine holds at most %d roles", SIM_ROLES_MAX);
    snprintf(slot, SIM_ROLE_BYTES, "%s", role);
}

const char *sm_machine_name(void)
{
    return sm__current ? sm__current->home->name : "";
}
