/* SPDX-License-Identifier: MIT */
/* What a sweep found: for people, as JSON, and its exit code. */
#ifndef STEELMILL_SCENARIOS_CLI_SWEEP_REPORT_H
#define STEELMILL_SCENARIOS_CLI_SWEEP_REPORT_H

#include "scenarios/cli/json.h"
#include "scenarios/cli/summary.h"
#include "scenarios/cli/sweep.h"

/* The exit code, for a summary that is complete. */
int cli_sweep_exit(const struct cli_sweep *sweep, const struct cli_summary *summary);

/* Findings first, the counts after them, the verdict last. */
void cli_sweep_report(FILE *file, const struct cli_sweep *sweep, const struct cli_summary *summary);
/* One object, an element of the array that is open. */
void cli_sweep_report_json(struct cli_json *json, const struct cli_sweep *sweep,
                           const struct cli_summary *summary);

#endif
