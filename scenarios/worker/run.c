/* SPDX-License-Identifier: MIT */
/*
 * One run: make the world, let time pass, judge, stop everything, write the result.
 *
 *   faults ----> heal ----> time is up: judge liveness ----> stop all machines ----> result
 */
#include "net-loopback/net.h"
#include "scenarios/worker/network.h"
#include "scenarios/worker/worker.h"
#include "sim/disk.h"
#include "sim/globals.h"
#include "sim/host.h"
#include "sim/libc/libc.h"

#include <steelmill/errors.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define STOP_LIMIT_NS (30 * SM_S) /* virtual: for all stop hooks of a machine */

int64_t worker_real_ns(void)
{
    struct timespec now;

    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now); /* without the time stamp counter */
    return (int64_t)now.tv_sec * SM_S + now.tv_nsec;
}

/* ---- output ---- */

void worker_note(struct run *run, const char *format, ...)
{
    char *note = run->result->note;
    const size_t used = strlen(note);
    const size_t room = sizeof run->result->note - used;
    va_list args;

    va_start(args, format);
    const int length = vsnprintf(note + used, room, format, args);
    va_end(args);
    if (length < 0 || (size_t)length + 1 >= room)
        note[used] = '\0'; /* no half lines */
    else
        memcpy(note + used + length, "\n", 2);
}

static void take_trace(void *arg, const struct sim_record *records, size_t count)
{
    struct run *run = arg;
    output_write(run->command->trace_fd, records, count * sizeof *records);
}

/* ---- making the world ---- */

static struct sim_options options_of(struct run *run)
{
    const struct scn *scn = run->scn;
    const struct job_command *command = run->command;
    size_t memory_bytes = 0;

    for (uint32_t i = 0; i < scn->group_count; i++) {
        if ((size_t)scn->groups[i].memory_bytes > memory_bytes)
            memory_bytes = (size_t)scn->groups[i].memory_bytes;
    }
    return (struct sim_options){
        .seed = command->seed,
        .policy = (enum sim_policy)scn->policy,
        .slack_ns = scn->slack_ns,
        .instant_events_max = scn->instant_events_max,
        .stack_bytes = scn->stack_bytes,
        .machine_count_max = scn->machine_count,
        .heap_limit_bytes = memory_bytes,
        .address_shift = command->base_shift,
        .heap_fill = command->heap_fill,
        .stack_fill = command->stack_fill,
        .watch_seq = command->watch_event,
        .watch_step = command->watch_event ? command->watch_cause : UINT64_MAX,
        .scheduled = watch_scheduled,
        .reached = watch_reached,
        .leak_sites = scn->leaks == SCN_LEAKS_NONE,
        .buggify = scn->buggify,
        .failed = finding_of_failure,
        .log = output_take_log,
        .output = output_take_print,
        .trace = command->trace_fd >= 0 ? take_trace : NULL,
        .arg = run,
        .log_level = command->log_level,
        .log_json = command->flags & JOB_LOG_JSON,
    };
}

static void add_machines(struct run *run)
{
    const struct scn *scn = run->scn;
    char name[JOB_NAME_BYTES];

    for (uint32_t i = 0; i < scn->machine_count; i++) {
        const struct scn_group *group = &scn->groups[scn_machine_group(scn, i)];
        const struct plan_clock clock = plan_clock(scn, run->command->seed, i);
        scn_machine_name(scn, i, name, sizeof name);
        struct sim_machine *machine =
            sim_machine_add(run->world, name, (size_t)group->memory_bytes);
        sim_machine_clock_step(machine, clock.offset_ns);
        sim_machine_clock_drift(machine, clock.drift_ppb);
        sim_machine_cpu_set(machine, group->cpu.per_event_ns, group->cpu.per_byte_ns);
    }
}

/* Of the run's plan, one after the other. */
struct plan_block {
    struct plan_block *next;
    _Alignas(16) char memory[];
};

static void set_disks(struct run *run)
{
    for (uint32_t i = 0; i < run->scn->machine_count; i++) {
        const struct scn_disk *disk = &run->scn->groups[scn_machine_group(run->scn, i)].disk;
        const struct sim_disk_profile profile = {.capacity_bytes = disk->capacity_bytes,
                                                 .read = {disk->read.min_ns, disk->read.max_ns},
                                                 .write = {disk->write.min_ns, disk->write.max_ns},
                                                 .sync = {disk->sync.min_ns, disk->sync.max_ns}};
        if (disk->capacity_bytes > 0)
            sim_disk_set_profile(sim_disk_of(run->world->machines[i]), &profile);
    }
}

static void *plan_alloc(void *arg, size_t size)
{
    struct run *run = arg;
    struct plan_block *block = sim_host_alloc(sizeof *block + size);

    block->next = run->plan_memory;
    run->plan_memory = block;
    return block->memory;
}

static void free_plan(struct run *run)
{
    struct plan_block *block = run->plan_memory;

    while (block) {
        struct plan_block *next = block->next;
        sim_host_free(block);
        block = next;
    }
    run->plan_memory = NULL;
}

static void start_machines(struct run *run)
{
    for (uint32_t i = 0; i < run->world->machine_count; i++)
        sim_machine_start(run->world->machines[i]);
}

/* A crash, a stop: the variables of its code are as at the beginning. */
static void reset_globals(void *arg, struct sim_machine *machine)
{
    const struct run *run = arg;

    if (run->globals)
        sim_globals_restore(run->globals, machine->index - 1);
}

static int make_world(struct run *run)
{
    const struct sim_options options = options_of(run);
    int error = sim_world_create(&run->world, &options);

    if (error)
        return error;
    run->world->program =
        (struct sim_program){.arg = run,
                             .start = run->start ? run->start : worker_machine_start,
                             .waits = true,
                             .stop = worker_machine_stop};
    sim_libc_attach(run->world);
    const struct sim_hooks hooks = {.arg = run, .machine_off = reset_globals};
    sim_world_add_hooks(run->world, &hooks);
    add_machines(run);
    run->disks = sim_disk_create(run->world);
    set_disks(run);
    error = worker_network_create(run);
    if (!error)
        error = plan_expand(run->scn, run->command->seed, plan_alloc, run, &run->plan);
    if (error)
        return error;
    if (run->plugin->sites_begin)
        sim_properties_declare(run->world, run->plugin->sites_begin, run->plugin->sites_end);
    sm_factory_seal(run->world->factory); /* its daemons would live in some machine's heap */
    run->nemesis = nemesis_create(run);
    start_machines(run);
    return 0;
}

/* ---- judging ---- */

static void judge_eventually(struct run *run, const char *name, bool idle)
{
    const uint32_t pending = sim_property_pending(run->world, name);

    if (pending == 0)
        return;
    const enum job_finding kind = idle ? JOB_FINDING_DEADLOCK : JOB_FINDING_EVENTUALLY;
    const char *when = idle ? "nothing is left that could happen, and " : "";
    if (pending == UINT32_MAX)
        finding_of_judgement(run, kind, name, "%seventually '%s' was never evaluated", when, name);
    else
        finding_of_judgement(run, kind, name, "%seventually '%s' does not hold on %u machine%s",
                             when, name, pending, pending == 1 ? "" : "s");
}

/* So far the judge searches before it gives up: a few seconds. */
#define JUDGE_STEPS_MAX 20000000u

static void judge_history(struct run *run)
{
    char text[512];

    if (!run->scn->linearizable[0])
        return;
    switch (sim_history_judge_register(&run->world->history, JUDGE_STEPS_MAX, text, sizeof text)) {
    case SIM_LINEARIZABLE:
        break;
    case SIM_NOT_LINEARIZABLE:
        finding_of_judgement(run, JOB_FINDING_HISTORY, run->scn->linearizable, "%s", text);
        break;
    case SIM_TOO_COSTLY:
        worker_note(run, "the history is too entangled to be judged: %zu operations",
                    run->world->history.count);
        break;
    }
}

/* Those that the scenario names must have been evaluated; the others must hold if they were. */
static void judge(struct run *run, bool idle)
{
    const struct scn *scn = run->scn;
    size_t count;

    for (uint32_t i = 0; i < scn->eventually_count; i++)
        judge_eventually(run, scn->eventually[i], idle);
    const struct sim_property *properties = sim_properties(run->world, &count);
    for (size_t i = 0; i < count; i++) {
        if (properties[i].kind == SM_SITE_EVENTUALLY && properties[i].hit_count > 0)
            judge_eventually(run, properties[i].name, idle);
    }
    judge_history(run);
}

/* ---- the end ---- */

static bool all_off(const struct run *run)
{
    for (uint32_t i = 0; i < run->world->machine_count; i++) {
        if (run->world->machines[i]->state != SIM_MACHINE_OFF)
            return false;
    }
    return true;
}

static void stop_machines(struct run *run)
{
    struct sim_world *world = run->world;

    for (uint32_t i = world->machine_count; i-- > 0;) {
        struct sim_machine *machine = world->machines[i];
        sim_machine_stop(machine, sm__clock_monotonic(&machine->home) + STOP_LIMIT_NS);
    }
    /* Well beyond the deadline on the slowest of clocks, so that a hook that misses it is reported
     * by its own factory. */
    sim_world_run(world, world->now + 2 * STOP_LIMIT_NS + SM_S);
    if (!world->failed && !all_off(run))
        finding_of_judgement(run, JOB_FINDING_DAEMON, "stop",
                             "machines did not stop within %lld s of virtual time",
                             (long long)(STOP_LIMIT_NS / SM_S));
}

static void copy_properties(struct run *run)
{
    struct job_result *result = run->result;
    size_t count;
    const struct sim_property *properties = sim_properties(run->world, &count);

    if (count > JOB_PROPERTIES_MAX)
        count = JOB_PROPERTIES_MAX;
    for (size_t i = 0; i < count; i++) {
        struct job_property *to = &result->properties[i];
        snprintf(to->name, sizeof to->name, "%s", properties[i].name);
        to->kind = properties[i].kind;
        to->hit_count = properties[i].hit_count;
        to->true_count = properties[i].true_count;
        const uint32_t pending =
            to->kind == SM_SITE_EVENTUALLY ? sim_property_pending(run->world, to->name) : 0;
        to->pending = pending == UINT32_MAX ? 0 : pending;
    }
    result->property_count = (uint32_t)count;
}

static void note_end(struct run *run)
{
    const struct sim_record record = {.kind = SIM_END, .object = run->result->verdict};

    run->world->step = 0;
    sim_note(run->world, &record);
}

static void count_losses(struct run *run)
{
    struct job_losses *sum = &run->result->losses;

    for (uint32_t i = 0; i < run->world->machine_count; i++) {
        const struct sim_losses *losses = sim_disk_losses(sim_disk_of(run->world->machines[i]));
        sum->lost_sectors += losses->lost_sectors;
        sum->kept_sectors += losses->kept_sectors;
        sum->lost_names += losses->lost_names;
        sum->kept_names += losses->kept_names;
    }
}

void worker_finish(struct run *run)
{
    struct job_result *result = run->result;
    const struct sim_world *world = run->world;

    if (result->verdict != JOB_FINDING && result->verdict != JOB_UNUSABLE) {
        note_end(run);
        result->virtual_ns = world->now;
        result->events = world->seq;
        result->digest = sim_world_digest(world);
    }
    result->real_ns = worker_real_ns() - run->started_ns;
    result->tasks_peak = world->tasks_peak;
    for (uint32_t i = 0; i < world->machine_count; i++) {
        if (world->machines[i]->heap.peak_bytes > result->heap_peak_bytes)
            result->heap_peak_bytes = world->machines[i]->heap.peak_bytes;
    }
    worker_network_count(run);
    count_losses(run);
    nemesis_count(run->nemesis, result);
    copy_properties(run);
    sim_digest_flush_trace(&run->world->digest);
    sim_libc_flush(run->world);
    output_flush(run);
}

static void pass_time(struct run *run)
{
    const sm_time end = run->scn->time_ns;
    const bool cut = run->command->until_ns < end;
    const enum sim_outcome outcome = sim_world_run(run->world, cut ? run->command->until_ns : end);

    if (outcome == SIM_FAILED)
        return;
    if (cut && outcome == SIM_TIME_UP) {
        worker_note(run, "stopped before its end: not judged");
        run->over = true;
        return;
    }
    worker_run_conclude(run, outcome == SIM_IDLE);
}

void worker_run_conclude(struct run *run, bool idle)
{
    judge(run, idle);
    if (!run->over)
        stop_machines(run);
    worker_judge_leaks(run);
}

int worker_run_begin(struct run *run)
{
    struct job_result *result = run->result;

    worker_result_init(result, run->command->seed);
    run->started_ns = worker_real_ns();
    output_create(run);
    const int error = make_world(run);
    if (error) {
        result->verdict = JOB_UNUSABLE;
        snprintf(result->text, sizeof result->text, "the world cannot be made: %s",
                 sm_strerror(error));
        return error;
    }
    finding_arm(run);
    return 0;
}

void worker_run_end(struct run *run)
{
    if (run->result->verdict == JOB_NOT_JUDGED)
        run->result->verdict = JOB_PASSED;
    worker_finish(run);
    finding_disarm(run);
}

void worker_run_free(struct run *run)
{
    nemesis_destroy(run->nemesis);
    sim_world_destroy(run->world);
    lo_net_destroy(run->net);
    sim_disk_destroy(run->disks);
    sim_libc_detach();
    free_plan(run);
    output_destroy(run);
}

void worker_run(struct run *run)
{
    if (worker_run_begin(run))
        return;
    pass_time(run);
    worker_run_end(run);
}
