/* SPDX-License-Identifier: MIT */
/*
 * Many seeds of one scenario on several workers at a time. Seeds are handed out as workers become
 * free; a worker that dies costs the seed it had, and is started again.
 */
#ifndef STEELMILL_SCENARIOS_CLI_SWEEP_H
#define STEELMILL_SCENARIOS_CLI_SWEEP_H

#include "scenarios/cli/load.h"
#include "scenarios/cli/outcome.h"

struct cli_sweep {
    const struct cli_scenario *scenario;
    const struct cli_args *args;
    uint64_t first, last, stride; /* seeds first, first + stride, ... up to last */
    uint32_t jobs;
    int64_t for_ns; /* hand out seeds for that long; INT64_MAX: up to the last */

    /* Called for each seed, in the order in which they finish. */
    void (*on_outcome)(void *arg, const struct cli_outcome *outcome);
    /* Called now and then. */
    void (*on_tick)(void *arg);
    void *arg;

    /* Results. */
    bool interrupted;
    int stopped; /* exit code that ended it early; 0: it went to its end */
    char why[JOB_TEXT_BYTES];
    int64_t real_ns;
};

/* Runs all of it. Returns 0, or an exit code after a message where nothing could be started. */
int cli_sweep_run(struct cli_sweep *sweep);

/* Seeds that the range has; UINT64_MAX where that does not fit. */
uint64_t cli_sweep_size(const struct cli_sweep *sweep);

/* As many as the processors that this process may use. */
uint32_t cli_default_jobs(void);

#endif
