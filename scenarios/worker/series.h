/* SPDX-License-Identifier: MIT */
/* Many runs in one child: what sweeps want. */
#ifndef STEELMILL_SCENARIOS_WORKER_SERIES_H
#define STEELMILL_SCENARIOS_WORKER_SERIES_H

#include "scenarios/worker/worker.h"

struct series;

/* Returns 0, -ENOMEM. One per process. */
int series_create(struct series **out, struct worker *worker);
/* Whether a command may be carried out in a child that has carried out others. */
bool series_takes(const struct job_command *command);

enum series_end {
    SERIES_NEXT,    /* read the next command */
    SERIES_COMMAND, /* it is in *command already */
    SERIES_OVER,    /* there is none */
};
/*
 * Carries out a command that it takes, and those after it, as long as they pass, and replies to
 * each.
 */
enum series_end series_run(struct series *series, struct job_command *command);

#endif
