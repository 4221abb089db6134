/* SPDX-License-Identifier: MIT */
/*
 * Part (a) of determinism: the same bases, repeated.
 *
 * The first run is the reference. Runs 3, 5, ... go on in its process; runs 2, 4, ... get a fresh
 * process each, which first does one run of another seed. So each seed is compared across processes
 * and across positions in a process's life.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scenarios/cli/report.h"
#include "scenarios/cli/runner.h"
#include "scenarios/cli/seed.h"
#include "scenarios/cli/trace_file.h"
#include "scenarios/cli/verify_report.h"

struct verify {
    const struct cli_args *args;
    struct cli_scenario scenario;
    struct cli_runner used, fresh; /* the reference's process, and the other ones */
    struct cli_outcome reference, other;
    struct cli_outcome reference_origin, other_origin;
    struct cli_verified verified;
};

/* One run with its events in `trace_fd`; -1: they are not wanted. */
static void run(struct verify *verify, struct cli_runner *runner, uint64_t seed, int trace_fd,
                struct cli_outcome *outcome)
{
    struct job_command command = cli_runner_command(verify->args, &runner->setup, seed);
    command.trace_fd = trace_fd;
    if (trace_fd >= 0)
        cli_trace_file_reset(trace_fd);
    cli_runner_run(runner, &command, outcome);
}

static bool same_result(const struct cli_outcome *a, const struct cli_outcome *b)
{
    const struct job_result *x = &a->result, *y = &b->result;
    return x->digest == y->digest && x->events == y->events && x->virtual_ns == y->virtual_ns &&
           x->verdict == y->verdict && x->finding == y->finding;
}

static bool judged(const struct cli_outcome *outcome)
{
    return outcome->exit == CLI_PASSED || outcome->exit == CLI_FINDING;
}

/* Run `number` of the seed, 2 or more; its outcome is in `other`. */
static void repeat(struct verify *verify, uint64_t seed, uint32_t number)
{
    struct cli_runner *runner = number % 2 == 0 ? &verify->fresh : &verify->used;
    if (runner == &verify->fresh) {
        cli_runner_stop(runner);
        run(verify, runner, seed + number, -1, &verify->other);
    }
    run(verify, runner, seed, verify->verified.other_fd, &verify->other);
}

static int not_judged(struct verify *verify, const struct cli_outcome *outcome)
{
    verify->verified.reason = outcome->text;
    return outcome->exit;
}

/*
 * One more run that ends at an event, to learn who brings it about. What is not deterministic may
 * go another way this time; then there is nothing to tell.
 */
static const struct job_result *find_origin(struct verify *verify, struct cli_runner *runner,
                                            const struct sim_record *record,
                                            struct cli_outcome *outcome)
{
    struct job_command command =
        cli_runner_command(verify->args, &runner->setup, verify->verified.seed);
    command.watch_event = record->seq;
    command.watch_cause = record->cause;
    cli_runner_run(runner, &command, outcome);
    return outcome->complete && outcome->result.frame_count > 0 ? &outcome->result : NULL;
}

static int diverged(struct verify *verify)
{
    struct cli_first_difference first;
    struct cli_verified *verified = &verify->verified;
    if (!cli_verify_first_difference(verified, &first))
        return CLI_DIVERGED;
    if (first.has_reference)
        verified->reference_origin =
            find_origin(verify, &verify->used, &first.reference, &verify->reference_origin);
    if (first.has_other)
        verified->other_origin =
            find_origin(verify, &verify->fresh, &first.other, &verify->other_origin);
    return CLI_DIVERGED;
}

static int verify_seed(struct verify *verify, uint64_t seed)
{
    struct cli_verified *verified = &verify->verified;
    verified->seed = seed;
    verified->number = 1;
    run(verify, &verify->used, seed, verified->reference_fd, &verify->reference);
    if (!judged(&verify->reference))
        return not_judged(verify, &verify->reference);
    verified->reference_digest = verify->reference.result.digest;
    for (verified->number = 2; verified->number <= verify->args->runs; verified->number++) {
        repeat(verify, seed, verified->number);
        if (!judged(&verify->other))
            return not_judged(verify, &verify->other);
        verified->other_digest = verify->other.result.digest;
        if (!same_result(&verify->reference, &verify->other))
            return diverged(verify);
    }
    verified->number = verify->args->runs;
    if (!cli_given(verify->args, CLI_OPT_JSON))
        cli_verify_report_same(&verify->reference, verify->args->runs);
    return CLI_PASSED;
}

static int init_runners(struct verify *verify)
{
    struct cli_runner *runners[] = {&verify->used, &verify->fresh};
    struct cli_verified *verified = &verify->verified;
    verified->reference_fd = cli_trace_file_open();
    verified->other_fd = cli_trace_file_open();
    if (verified->reference_fd < 0 || verified->other_fd < 0) {
        int error = verified->reference_fd < 0 ? verified->reference_fd : verified->other_fd;
        cli_error("no space for events: %s", strerror(-error));
        return CLI_NOT_JUDGED;
    }
    for (int i = 0; i < 2; i++) {
        int failed = cli_runner_init(runners[i], &verify->scenario, verify->args);
        if (failed != 0)
            return failed;
        runners[i]->setup.trace_fds[0] = verified->reference_fd;
        runners[i]->setup.trace_fds[1] = verified->other_fd;
        runners[i]->setup.quiet = true;
    }
    return 0;
}

static int verify_seeds(struct verify *verify, uint64_t first, uint64_t last)
{
    int exit = CLI_PASSED;
    for (uint64_t seed = first; exit == CLI_PASSED; seed++) {
        exit = verify_seed(verify, seed);
        if (seed == last)
            break;
    }
    cli_runner_stop(&verify->used);
    cli_runner_stop(&verify->fresh);
    verify->verified.exit = exit;
    if (cli_given(verify->args, CLI_OPT_JSON))
        cli_verify_report_json(&verify->scenario, &verify->verified);
    else if (exit != CLI_PASSED)
        cli_verify_report(&verify->scenario, &verify->verified);
    return exit;
}

static int verify_scenario(struct verify *verify)
{
    const struct cli_args *args = verify->args;
    uint64_t first = args->seed_first, last = args->seed_last;
    if (!cli_given(args, CLI_OPT_SEEDS))
        first = last = cli_given(args, CLI_OPT_SEED) ? args->seed : cli_fresh_seed();
    if (!cli_given(args, CLI_OPT_JSON)) {
        printf("seed        %" PRIu64, first);
        if (last != first)
            printf("..%" PRIu64, last);
        putchar('\n');
        cli_report_header(stdout, &verify->scenario, args);
    }
    int exit = init_runners(verify);
    if (exit == 0)
        exit = verify_seeds(verify, first, last);
    if (verify->verified.reference_fd >= 0)
        close(verify->verified.reference_fd);
    if (verify->verified.other_fd >= 0)
        close(verify->verified.other_fd);
    return exit;
}

int cli_verb_verify(const struct cli_args *args)
{
    if (cli_given(args, CLI_OPT_SEED) && cli_given(args, CLI_OPT_SEEDS)) {
        cli_error("verify: either --seed or --seeds");
        return CLI_USAGE;
    }
    struct verify *verify = calloc(1, sizeof *verify);
    if (verify == NULL)
        return CLI_NOT_JUDGED;
    verify->args = args;
    verify->verified.reason = "";
    int exit = cli_scenario_load(&verify->scenario, args->files[0], args);
    if (exit == 0) {
        exit = verify_scenario(verify);
        cli_scenario_unload(&verify->scenario);
    }
    free(verify);
    return exit;
}
