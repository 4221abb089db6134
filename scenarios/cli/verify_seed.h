/* SPDX-License-Identifier: MIT */
/*
 * Is one seed deterministic?
 *
 * Part (a), the same bases, repeated: run 1 is the reference. Runs 3, 5, ... are further runs of
 * its process, which has done others before; runs 2, 4, ... are each the first of a fresh process,
 * whose code and static data lie elsewhere. So each seed is compared between processes, and between
 * the first run of a process and a later one.
 *
 * Each of these runs is a forked child of its process: what it has changed is gone with it, and
 * cannot leak into the next one. Then comes a run as the last of several in one child, where what
 * the others leave must make no difference.
 *
 * Part (b), one thing changed at a time (verify_cause.h): more runs in the reference's process.
 *
 * Where run 1 was stopped because a daemon went past libc, that is the answer.
 *
 * When two runs differ, a few more of them tell why, and one more of each kind ends at the first
 * event that differs, to learn who brought it about.
 */
#ifndef STEELMILL_SCENARIOS_CLI_VERIFY_SEED_H
#define STEELMILL_SCENARIOS_CLI_VERIFY_SEED_H

#include <stdatomic.h>

#include "scenarios/cli/runner.h"
#include "scenarios/cli/verify_cause.h"

struct cli_verify_run {
    struct cli_outcome outcome;
    int trace_fd;                    /* its events */
    uint32_t number;                 /* from 1 */
    const struct cli_change *change; /* NULL: none */
};

/* What must be the same in all runs of a seed. */
struct cli_fingerprint {
    uint64_t digest, events;
    int64_t virtual_ns;
    uint32_t verdict, finding;
};
struct cli_fingerprint cli_fingerprint_of(const struct cli_outcome *outcome);
bool cli_fingerprint_same(const struct cli_fingerprint *a, const struct cli_fingerprint *b);

/* What is known of a seed. All pointers are valid until the lane's next seed. */
struct cli_verified {
    uint64_t seed;
    int exit; /* CLI_PASSED: all runs the same; CLI_DIVERGED; else `other` was not judged */
    enum cli_cause cause;
    struct cli_fingerprint fingerprint, differing; /* of run 1; of a run that differed once */
    uint32_t run;                                  /* number of the last one */
    /* NULL: the seed passed, or a difference came once. */
    const struct cli_verify_run *reference, *other;
    /* Where the first differing event came from; NULL: not known, or stopped in run 1. */
    const struct job_result *reference_origin, *other_origin;
};

/* One seed after the other: processes, and room for runs. */
struct cli_verify_lane {
    const struct cli_args *args;
    uint64_t seed;
    struct cli_runner used, fresh; /* the reference's process; a new one each time */
    struct cli_verify_run runs[CLI_TRACE_FDS];
    struct cli_verify_run *reference, *other, *spare;
    uint32_t run_count;    /* of this seed */
    uint32_t fresh_starts; /* of all seeds */
    uint32_t fresh_runs;   /* of passes, since the latest of them */
    struct cli_outcome reference_origin, other_origin, pass_outcome;
    const atomic_bool *given_up; /* nobody wants to know any more */
};

/* Returns 0, or an exit code after a message to stderr; to be finished in any case. */
int cli_verify_lane_init(struct cli_verify_lane *lane, const struct cli_scenario *scenario,
                         const struct cli_args *args, const atomic_bool *given_up);
void cli_verify_lane_finish(struct cli_verify_lane *lane);

/* All of the above. */
void cli_verify_seed(struct cli_verify_lane *lane, uint64_t seed, struct cli_verified *out);
/* Goes on with a seed that has passed, although runs of it have differed. */
void cli_verify_seed_further(struct cli_verify_lane *lane, struct cli_verified *out);

/* A new process for the next run of `fresh`, with its code elsewhere. */
void cli_verify_start_fresh(struct cli_verify_lane *lane);
/* The command for a run of the lane's seed, without a trace. */
struct job_command cli_verify_command(const struct cli_verify_lane *lane,
                                      const struct cli_runner *runner,
                                      const struct cli_change *change);
/* Whether a run came to a verdict. */
bool cli_verify_judged(const struct cli_outcome *outcome);

#endif
