/* SPDX-License-Identifier: MIT */
#include "scenarios/cli/verify_chunk.h"

#include "scenarios/cli/signals.h"

/* Runs of one process of the even passes, or somewhat more. To start it takes as long as a few. */
#define RUNS_OF_PROCESS 400

/* True when the run came to a verdict, and not to one that verify tells itself. */
static bool run(struct cli_verify_lane *lane, bool is_odd, struct cli_fingerprint *out)
{
    struct cli_runner *runner = is_odd ? &lane->used : &lane->fresh;
    const struct cli_change *change = is_odd ? NULL : cli_change_together(lane->seed);
    struct job_command command = cli_verify_command(lane, runner, change);

    command.flags |= JOB_SERIES;
    cli_runner_run(runner, &command, &lane->pass_outcome);
    *out = cli_fingerprint_of(&lane->pass_outcome);
    return cli_verify_judged(&lane->pass_outcome) && out->finding != JOB_FINDING_TRAP;
}

static void run_seed(struct cli_verify_lane *lane, struct cli_chunk_seed *seed, uint32_t pass)
{
    struct cli_fingerprint fingerprint;

    if (atomic_load(lane->given_up) || cli_interrupted() ||
        !run(lane, pass % 2 == 1, &fingerprint)) {
        seed->suspect = true;
        return;
    }
    if (pass == 1) {
        seed->fingerprint = fingerprint;
    } else if (!cli_fingerprint_same(&fingerprint, &seed->fingerprint)) {
        seed->suspect = seed->differs = true;
        seed->differing = fingerprint;
    }
}

/* A run of another seed comes first, so that a seed's first two runs are never both the first of
 * their processes. */
static void start_used(struct cli_verify_lane *lane, uint64_t first)
{
    struct cli_fingerprint unused;

    if (lane->used.worker.state != CLI_WORKER_DOWN || cli_interrupted())
        return;
    lane->seed = first + 1;
    run(lane, true, &unused);
}

static void renew_fresh(struct cli_verify_lane *lane, uint32_t runs)
{
    if (lane->fresh_runs > RUNS_OF_PROCESS || lane->fresh.worker.state == CLI_WORKER_DOWN) {
        cli_verify_start_fresh(lane);
        lane->fresh_runs = 0;
    }
    lane->fresh_runs += runs;
}

void cli_verify_chunk(struct cli_verify_lane *lane, struct cli_verify_chunk *chunk)
{
    for (uint32_t i = 0; i < chunk->count; i++)
        chunk->seeds[i] = (struct cli_chunk_seed){0};
    start_used(lane, chunk->first);
    for (uint32_t pass = 1; pass <= lane->args->runs; pass++) {
        if (pass % 2 == 0)
            renew_fresh(lane, chunk->count);
        for (uint32_t i = 0; i < chunk->count; i++) {
            const uint32_t index = pass % 2 == 1 ? i : chunk->count - 1 - i;
            lane->seed = chunk->first + index;
            if (!chunk->seeds[index].suspect)
                run_seed(lane, &chunk->seeds[index], pass);
        }
    }
}

void cli_verify_chunk_seed(struct cli_verify_lane *lane, const struct cli_verify_chunk *chunk,
                           uint32_t index, struct cli_verified *out)
{
    const struct cli_chunk_seed *seed = &chunk->seeds[index];

    if (seed->suspect) {
        cli_verify_seed(lane, chunk->first + index, out);
        if (out->exit == CLI_PASSED && seed->differs)
            cli_verify_seed_further(lane, out);
        out->differing = seed->differing;
        return;
    }
    *out = (struct cli_verified){.seed = chunk->first + index,
                                 .exit = CLI_PASSED,
                                 .fingerprint = seed->fingerprint,
                                 .run = lane->args->runs};
}
