/* SPDX-License-Identifier: MIT */
/*
 * One run: scenarios/worker's, but that its time passes until the body returns.
 *
 *   STARTING --all daemons are prepared--> BODY --it returns--> judged, stopped
 *       |                                   |
 *       +---- time is up, nothing left -----+--> a finding
 */
#include "core/factory.h"
#include "core/units.h"
#include "net-loopback/net.h"
#include "scenarios/unit/unit.h"
#include "sim/host.h"

#include <string.h>
#include <sys/time.h>

/* ---- the body's machine ---- */

struct sim_env *unit_env(void)
{
    const struct sim_machine *machine = sim_machine_of(sm__current);

    return sm__container(machine->world->program.arg, struct sim_env, run);
}

static int body_run(void *self)
{
    struct sim_env *env = unit_env();
    int error = 0;

    (void)self;
    for (uint32_t i = 0; i + 1 < env->run.world->machine_count && !error; i++)
        error = sm_event_wait(&env->machines[i].settled, SM_FOREVER);
    if (error)
        return error;
    env->body = sm__current;
    env->system->test->body(env);
    env->body_over = true;
    return 0;
}

const struct sm_daemon_type unit_body_daemon = {.size_bytes = sizeof unit_body_daemon,
                                                .name = "test-body",
                                                .about = "runs the body of a unit test",
                                                .run = body_run};

/* ---- the lives of the others ---- */

static struct unit_machine *unit_machine_of(struct sim_env *env, const struct sim_machine *machine)
{
    return &env->machines[machine->index - 1];
}

static int start_machine(void *run, struct sim_machine *machine)
{
    struct sim_env *env = sm__container(run, struct sim_env, run);
    const int error = worker_machine_prepare(run, machine);

    if (error)
        return error;
    unit_machine_of(env, machine)->prepared = true;
    sm_event_set(&unit_machine_of(env, machine)->settled);
    return 0;
}

static void machine_started(void *env, struct sim_machine *machine)
{
    sm_event_clear(&unit_machine_of(env, machine)->settled);
}

static void machine_off(void *env, struct sim_machine *machine)
{
    unit_machine_of(env, machine)->prepared = false;
    sm_event_set(&unit_machine_of(env, machine)->settled);
}

/* ---- time ---- */

/* When something happens next, at the latest. */
static sm_time next_time(struct sim_world *world, sm_time end)
{
    sm_time next = world->now;

    if (world->ready.count == 0)
        next = world->queue.count > 0 ? sim_queue_time(&world->queue) : end;
    return next < end ? next : end;
}

/* Lets time pass, instant by instant, until the body is over, or time is. */
static enum sim_outcome pass_time(struct sim_env *env)
{
    struct sim_world *world = env->run.world;
    const sm_time end = env->system->scn.time_ns;
    enum sim_outcome outcome;

    do {
        const sm_time next = next_time(world, end);
        outcome = sim_world_run(world, next > world->now ? next : world->now);
    } while (outcome == SIM_TIME_UP && !env->body_over && world->now < end);
    return outcome;
}

static const char *first_unprepared(const struct sim_env *env)
{
    const struct sim_world *world = env->run.world;

    for (uint32_t i = 0; i + 1 < world->machine_count; i++) {
        if (!env->machines[i].prepared)
            return world->machines[i]->name;
    }
    return UNIT_BODY_MACHINE;
}

static void find_late_body(struct sim_env *env, bool idle)
{
    struct run *run = &env->run;
    const enum job_finding kind = idle ? JOB_FINDING_DEADLOCK : JOB_FINDING_EVENTUALLY;
    char limit[32];

    sm__format_duration(limit, sizeof limit, env->system->scn.time_ns);
    if (!env->body) {
        finding_of_judgement(
            run, kind, "prepare",
            "the body has not begun: the daemons of machine '%s' are not prepared%s%s",
            first_unprepared(env), idle ? ", and nothing is left that could happen" : " after ",
            idle ? "" : limit);
        return;
    }
    if (idle)
        finding_of_judgement(run, kind, "body",
                             "the body waits for ever: nothing is left that could happen");
    else
        finding_of_judgement(run, kind, "body",
                             "the body did not return within %s of virtual time (time_limit_ns)",
                             limit);
    finding_note_where(run, NULL, env->body);
    backtrace_take_parked(run->result, env->body, run->world->stacks);
}

/* ---- the run ---- */

static void run_to_its_end(struct sim_env *env)
{
    struct run *run = &env->run;
    const struct sim_hooks hooks = {.arg = env,
                                    .machine_started = machine_started,
                                    .machine_crashed = machine_off,
                                    .machine_stopped = machine_off};

    if (worker_run_begin(run))
        return;
    for (uint32_t i = 0; i < run->world->machine_count; i++)
        sm_event_init(&env->machines[i].settled);
    sim_world_add_hooks(run->world, &hooks);
    const enum sim_outcome outcome = pass_time(env);
    if (outcome != SIM_FAILED && !env->body_over)
        find_late_body(env, outcome == SIM_IDLE);
    else if (outcome != SIM_FAILED)
        worker_run_conclude(run, false);
    worker_run_end(run);
}

/* Out of a signal handler, to where sigsetjmp was called. */
static void leave(struct run *run)
{
    const struct itimerval never = {.it_value = {0}};

    setitimer(ITIMER_PROF, &never, NULL);
    siglongjmp(sm__container(run, struct sim_env, run)->way_out, 1);
}

void unit_run(const struct unit_system *system, const struct job_command *command,
              struct unit_shared *shared)
{
    struct sim_env *env = sim_host_alloc(sizeof *env);
    const bool foreground = command->flags & JOB_FOREGROUND;

    env->system = system;
    env->shared = shared;
    env->machines = sim_host_alloc(system->scn.machine_count * sizeof *env->machines);
    env->run = (struct run){.scn = &system->scn,
                            .plugin = &system->plugin,
                            .command = command,
                            .result = &shared->result,
                            .start = start_machine,
                            .has_traps = !foreground, /* a test may go on beside a run */
                            .ended = foreground ? leave : NULL};
    shared->file[0] = '\0';
    shared->crash_states = 0;
    shared->fault_count = 0;
    if (sigsetjmp(env->way_out, 1)) {
        sm__current = NULL; /* the world is left as it is: it may be damaged */
        return;
    }
    run_to_its_end(env);
    if (!foreground)
        return; /* with the process, everything goes */
    worker_run_free(&env->run);
    sim_host_free(env->network);
    sim_host_free(env->machines);
    sim_host_free(env);
}

struct child {
    const struct unit_system *system;
    const struct job_command *command;
    struct unit_shared *shared;
};

static void run_child(void *arg)
{
    const struct child *child = arg;

    unit_run(child->system, child->command, child->shared);
}

void unit_run_in_child(const struct unit_system *system, const struct job_command *command,
                       struct unit_shared *shared)
{
    struct child child = {system, command, shared};

    worker_run_in_child(command, &shared->result, run_child, &child);
}
