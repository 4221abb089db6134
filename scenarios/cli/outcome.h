/* SPDX-License-Identifier: MIT */
/* What came of one run: the worker's result, checked, or the reason why there is none. */
#ifndef STEELMILL_SCENARIOS_CLI_OUTCOME_H
#define STEELMILL_SCENARIOS_CLI_OUTCOME_H

#include "scenarios/cli/cli.h"
#include "scenarios/cli/worker.h"

struct cli_outcome {
    int exit; /* CLI_PASSED, CLI_FINDING, CLI_USAGE (unusable), CLI_NOT_JUDGED */
    uint64_t seed;
    char text[JOB_TEXT_BYTES]; /* why it is unusable or not judged; else "" */
    bool complete;             /* the result below was written up to its end */
    struct job_result result;  /* texts are terminated, counts are within their arrays */
};

/*
 * Judges the reply that a worker gives when it has started.
 * Returns: true when it is ready; else `exit` and `text` say why not.
 */
bool cli_outcome_of_start(struct cli_outcome *outcome, const struct cli_worker *worker);
/* Judges the reply to a command and takes a copy of the result. */
void cli_outcome_of_run(struct cli_outcome *outcome, const struct cli_worker *worker);
/* There is no result. */
void cli_outcome_not_judged(struct cli_outcome *outcome, uint64_t seed, const char *why);

#endif
