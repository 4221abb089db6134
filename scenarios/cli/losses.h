/* SPDX-License-Identifier: MIT */
/* What losses of power have taken from the disks, in reports. */
#ifndef STEELMILL_SCENARIOS_CLI_LOSSES_H
#define STEELMILL_SCENARIOS_CLI_LOSSES_H

#include <stdio.h>

#include "scenarios/cli/json.h"
#include "scenarios/job.h"

void cli_losses_add(struct job_losses *sum, const struct job_losses *losses);
/* A line; none where nothing was at stake. */
void cli_losses_print(FILE *file, const struct job_losses *losses);
/* A member "disk". */
void cli_losses_json(struct cli_json *json, const struct job_losses *losses);

#endif
