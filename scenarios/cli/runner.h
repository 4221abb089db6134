/* SPDX-License-Identifier: MIT */
/*
 * Runs of one scenario, one after the other, by one worker that is started again when it dies.
 * A sweep, which keeps several workers busy, uses worker.h itself.
 */
#ifndef STEELMILL_SCENARIOS_CLI_RUNNER_H
#define STEELMILL_SCENARIOS_CLI_RUNNER_H

#include <limits.h>

#include "scenarios/cli/load.h"
#include "scenarios/cli/outcome.h"
#include "scenarios/cli/worker.h"

/*
 * Called while a run goes on, whenever `fd` can be read, and once more when it has ended. Returns
 * false to give the run up.
 */
struct cli_pump {
    int fd; /* -1: none */
    bool (*read)(void *arg);
    void *arg;
};

struct cli_runner {
    const struct cli_scenario *scenario;
    char program[PATH_MAX];
    struct cli_worker_setup setup;
    struct cli_worker worker;
    struct cli_pump pump;
};

/*
 * Finds the worker program; starts nothing yet. `setup` can be changed until the first run.
 * Returns: 0, or an exit code after a message to stderr.
 */
int cli_runner_init(struct cli_runner *runner, const struct cli_scenario *scenario,
                    const struct cli_args *args);
/*
 * Starts the worker unless it is up already, and waits until it is ready.
 * Returns: true; false with `outcome` set.
 */
bool cli_runner_start(struct cli_runner *runner, struct cli_outcome *outcome);
/* Does one run and waits for it. */
void cli_runner_run(struct cli_runner *runner, const struct job_command *command,
                    struct cli_outcome *outcome);
/* Ends the worker, so that the next run gets a fresh one. */
void cli_runner_stop(struct cli_runner *runner);

/* What a worker of a scenario is started with: no traces, output kept. */
struct cli_worker_setup cli_runner_setup(const struct cli_scenario *scenario,
                                         const struct cli_args *args, const char *program);

/* The command for one run with the options given. */
struct job_command cli_runner_command(const struct cli_args *args,
                                      const struct cli_worker_setup *setup, uint64_t seed);

#endif
