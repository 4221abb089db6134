/* SPDX-License-Identifier: MIT */
#include "scenarios/cli/verify_seed.h"

#include <string.h>
#include <unistd.h>

#include "scenarios/cli/trace_file.h"

#define GAP_PAGES   256 /* a plugin lies that many pages lower in a fresh process, or more */
#define GAPS        4   /* different ones, one after the other */
#define REPEATS_MAX 3   /* further runs that tell what makes the difference */
#define OTHERS      4   /* runs of other seeds, before one that is to be after others */
#define FURTHER     16  /* runs that look for a difference that was seen once */

int cli_verify_lane_init(struct cli_verify_lane *lane, const struct cli_scenario *scenario,
                         const struct cli_args *args, const atomic_bool *given_up)
{
    struct cli_runner *const runners[] = {&lane->used, &lane->fresh};
    int error = 0;
    *lane = (struct cli_verify_lane){.args = args, .given_up = given_up};
    for (int i = 0; i < CLI_TRACE_FDS; i++) {
        lane->runs[i].trace_fd = cli_trace_file_open();
        if (lane->runs[i].trace_fd < 0)
            error = -lane->runs[i].trace_fd;
    }
    lane->reference = &lane->runs[0];
    lane->other = &lane->runs[1];
    lane->spare = &lane->runs[2];
    for (int i = 0; i < 2; i++) {
        int failed = cli_runner_init(runners[i], scenario, args);
        if (failed != 0)
            return failed;
        runners[i]->setup.quiet = true;
        for (int fd = 0; fd < CLI_TRACE_FDS; fd++)
            runners[i]->setup.trace_fds[fd] = lane->runs[fd].trace_fd;
    }
    if (error == 0)
        return 0;
    cli_error("no space for events: %s", strerror(error));
    return CLI_NOT_JUDGED;
}

void cli_verify_lane_finish(struct cli_verify_lane *lane)
{
    cli_runner_stop(&lane->used);
    cli_runner_stop(&lane->fresh);
    for (int i = 0; i < CLI_TRACE_FDS; i++)
        if (lane->runs[i].trace_fd >= 0)
            close(lane->runs[i].trace_fd);
}

/* ---- runs ---- */

struct job_command cli_verify_command(const struct cli_verify_lane *lane,
                                      const struct cli_runner *runner,
                                      const struct cli_change *change)
{
    struct job_command command = cli_runner_command(lane->args, &runner->setup, lane->seed);
    if (change != NULL) {
        command.base_shift = change->base_shift;
        command.heap_fill = change->heap_fill;
        command.stack_fill = change->stack_fill;
        if (change->after_others)
            command.flags |= JOB_SERIES;
    }
    return command;
}

/* Runs of other seeds, if that is what the change is; the next one follows in their process. */
static void run_others(struct cli_verify_lane *lane, struct cli_runner *runner,
                       const struct cli_change *change, struct cli_outcome *outcome)
{
    if (change == NULL || !change->after_others)
        return;
    struct job_command command = cli_verify_command(lane, runner, change);
    for (command.seed += OTHERS; command.seed != lane->seed; command.seed--)
        if (!atomic_load(lane->given_up))
            cli_runner_run(runner, &command, outcome);
}

static void run(struct cli_verify_lane *lane, struct cli_runner *runner,
                const struct cli_change *change, struct cli_verify_run *out)
{
    run_others(lane, runner, change, &out->outcome);
    struct job_command command = cli_verify_command(lane, runner, change);
    command.trace_fd = out->trace_fd;
    out->number = ++lane->run_count;
    out->change = change;
    if (atomic_load(lane->given_up)) {
        cli_outcome_not_judged(&out->outcome, lane->seed, "given up");
        return;
    }
    cli_trace_file_reset(out->trace_fd);
    cli_runner_run(runner, &command, &out->outcome);
}

/* A run of another seed comes first, so that the reference is never the first run of its process.
 */
static void start_used(struct cli_verify_lane *lane)
{
    if (lane->used.worker.state != CLI_WORKER_DOWN)
        return;
    lane->seed++;
    run(lane, &lane->used, NULL, lane->spare);
    lane->seed--;
    lane->run_count = 0;
}

void cli_verify_start_fresh(struct cli_verify_lane *lane)
{
    cli_runner_stop(&lane->fresh);
    lane->fresh.setup.gap_pages = GAP_PAGES * (1 + lane->fresh_starts++ % GAPS);
}

/* ---- comparing ---- */

bool cli_verify_judged(const struct cli_outcome *outcome)
{
    return outcome->exit == CLI_PASSED || outcome->exit == CLI_FINDING;
}

struct cli_fingerprint cli_fingerprint_of(const struct cli_outcome *outcome)
{
    const struct job_result *result = &outcome->result;
    return (struct cli_fingerprint){result->digest, result->events, result->virtual_ns,
                                    result->verdict, result->finding};
}

bool cli_fingerprint_same(const struct cli_fingerprint *a, const struct cli_fingerprint *b)
{
    return a->digest == b->digest && a->events == b->events && a->virtual_ns == b->virtual_ns &&
           a->verdict == b->verdict && a->finding == b->finding;
}

static bool judged(const struct cli_verify_run *run)
{
    return cli_verify_judged(&run->outcome);
}

static bool same(const struct cli_verify_run *a, const struct cli_verify_run *b)
{
    const struct cli_fingerprint of_a = cli_fingerprint_of(&a->outcome);
    const struct cli_fingerprint of_b = cli_fingerprint_of(&b->outcome);
    return cli_fingerprint_same(&of_a, &of_b);
}

/* Does one more run into `spare`. True: it was judged, and differs from `run`. */
static bool differs_again(struct cli_verify_lane *lane, struct cli_runner *runner,
                          const struct cli_change *change, const struct cli_verify_run *from)
{
    run(lane, runner, change, lane->spare);
    return judged(lane->spare) && !same(from, lane->spare);
}

/* Is one of several more runs of the reference's process another one? It is in `spare` then. */
static bool differs_in_process(struct cli_verify_lane *lane)
{
    for (int i = 0; i < REPEATS_MAX; i++)
        if (differs_again(lane, &lane->used, NULL, lane->reference))
            return true;
    return false;
}

/* ---- why they differ ---- */

/* `runner` is the other run's. */
static enum cli_cause cause_of_repeat(struct cli_verify_lane *lane, struct cli_runner *runner)
{
    if (runner == &lane->used || differs_again(lane, runner, NULL, lane->other) ||
        differs_in_process(lane))
        return CLI_CAUSE_OUTSIDE;
    run(lane, &lane->used, cli_change_stack, lane->spare);
    if (!judged(lane->spare))
        return CLI_CAUSE_UNKNOWN;
    const struct cli_fingerprint filled = cli_fingerprint_of(&lane->spare->outcome);
    cli_verify_start_fresh(lane);
    run(lane, &lane->fresh, cli_change_stack, lane->spare);
    if (!judged(lane->spare))
        return CLI_CAUSE_UNKNOWN;
    const struct cli_fingerprint again = cli_fingerprint_of(&lane->spare->outcome);
    return cli_fingerprint_same(&filled, &again) ? CLI_CAUSE_REMAINS : CLI_CAUSE_LAYOUT;
}

/* Is it the change that makes the difference, or did it come by chance? */
static enum cli_cause cause_of_change(struct cli_verify_lane *lane)
{
    const struct cli_change *change = lane->other->change;
    if (differs_again(lane, &lane->used, change, lane->other))
        return CLI_CAUSE_OUTSIDE;
    if (!differs_in_process(lane))
        return change->cause;
    struct cli_verify_run *swap = lane->other;
    lane->other = lane->spare;
    lane->spare = swap;
    return CLI_CAUSE_OUTSIDE;
}

/* ---- who brings the difference about ---- */

/*
 * One more run that ends at an event. What is not deterministic may go another way this time; then
 * there is nothing to tell.
 */
static const struct job_result *find_origin(struct cli_verify_lane *lane, struct cli_runner *runner,
                                            const struct cli_change *change,
                                            const struct sim_record *record,
                                            struct cli_outcome *outcome)
{
    run_others(lane, runner, change, outcome);
    struct job_command command = cli_verify_command(lane, runner, change);
    command.watch_event = record->seq;
    command.watch_cause = record->cause;
    cli_runner_run(runner, &command, outcome);
    return outcome->complete && outcome->result.frame_count > 0 ? &outcome->result : NULL;
}

static void find_origins(struct cli_verify_lane *lane, struct cli_verified *out)
{
    struct cli_trace_view a, b;
    cli_trace_view_open(&a, lane->reference->trace_fd);
    cli_trace_view_open(&b, lane->other->trace_fd);
    size_t at = cli_trace_first_difference(&a, &b);
    if (at < a.count)
        out->reference_origin =
            find_origin(lane, &lane->used, NULL, &a.records[at], &lane->reference_origin);
    /* What differs between processes needs another one than the reference's. */
    struct cli_runner *runner = lane->other->change == NULL ? &lane->fresh : &lane->used;
    if (at < b.count)
        out->other_origin =
            find_origin(lane, runner, lane->other->change, &b.records[at], &lane->other_origin);
    cli_trace_view_close(&a);
    cli_trace_view_close(&b);
}

/* ---- a seed ---- */

/* True when `other` is the same as the reference; else what is known of it is in `out`. */
static bool compare(struct cli_verify_lane *lane, struct cli_runner *runner,
                    const struct cli_change *change, struct cli_verified *out)
{
    run(lane, runner, change, lane->other);
    if (!judged(lane->other)) {
        out->exit = lane->other->outcome.exit;
        return false;
    }
    if (same(lane->reference, lane->other))
        return true;
    out->exit = CLI_DIVERGED;
    out->cause = change == NULL ? cause_of_repeat(lane, runner) : cause_of_change(lane);
    find_origins(lane, out);
    return false;
}

static bool repeat(struct cli_verify_lane *lane, uint32_t count, struct cli_verified *out)
{
    for (uint32_t number = 2; number <= count; number++) {
        struct cli_runner *runner = number % 2 == 0 ? &lane->fresh : &lane->used;
        if (runner == &lane->fresh)
            cli_verify_start_fresh(lane);
        if (!compare(lane, runner, NULL, out))
            return false;
    }
    return true;
}

static bool change(struct cli_verify_lane *lane, struct cli_verified *out)
{
    for (size_t i = 0; i < cli_change_count; i++)
        if (!compare(lane, &lane->used, &cli_changes[i], out))
            return false;
    return true;
}

static void conclude(const struct cli_verify_lane *lane, struct cli_verified *out)
{
    out->reference = lane->reference;
    out->other = lane->other;
    out->run = lane->other->number;
}

void cli_verify_seed(struct cli_verify_lane *lane, uint64_t seed, struct cli_verified *out)
{
    *out = (struct cli_verified){.seed = seed, .exit = CLI_PASSED, .run = 1};
    lane->seed = seed;
    lane->run_count = 0;
    start_used(lane);
    run(lane, &lane->used, NULL, lane->reference);
    out->reference = out->other = lane->reference;
    out->fingerprint = cli_fingerprint_of(&lane->reference->outcome);
    if (!judged(lane->reference)) {
        out->exit = lane->reference->outcome.exit;
        return;
    }
    if (lane->reference->outcome.result.finding == JOB_FINDING_TRAP) {
        out->exit = CLI_DIVERGED;
        out->cause = CLI_CAUSE_TRAP;
        return;
    }
    if (repeat(lane, lane->args->runs, out) && compare(lane, &lane->used, &cli_change_earlier, out))
        change(lane, out);
    conclude(lane, out);
}

void cli_verify_seed_further(struct cli_verify_lane *lane, struct cli_verified *out)
{
    if (compare(lane, &lane->used, cli_change_together(lane->seed), out) &&
        repeat(lane, FURTHER, out)) {
        out->exit = CLI_DIVERGED;
        out->cause = CLI_CAUSE_ONCE;
    }
    conclude(lane, out);
}
