/* SPDX-License-Identifier: MIT */
/* Reports of single runs: for people, and as JSON. */
#ifndef STEELMILL_SCENARIOS_CLI_REPORT_H
#define STEELMILL_SCENARIOS_CLI_REPORT_H

#include <stdio.h>

#include "scenarios/cli/json.h"
#include "scenarios/cli/load.h"
#include "scenarios/cli/outcome.h"
#include "scenarios/cli/symbol.h"

/* Scenario and options in force, before anything runs. */
void cli_report_header(FILE *file, const struct cli_scenario *scenario,
                       const struct cli_args *args);

/* All of a run: verdict, counts, and the finding if it is one. */
void cli_report_run(FILE *file, const struct cli_scenario *scenario,
                    const struct cli_outcome *outcome, struct cli_symbols *symbols);

/* A finding with its backtrace, last events and the line that replays it. */
void cli_report_finding(FILE *file, const struct cli_scenario *scenario,
                        const struct job_result *result, struct cli_symbols *symbols);

/* "property", "signal", ... of an enum job_finding. */
const char *cli_finding_kind(uint32_t finding);

/* The same as one JSON object. */
void cli_report_run_json(FILE *file, const struct cli_scenario *scenario,
                         const struct cli_outcome *outcome, struct cli_symbols *symbols, int exit);
/* Members of the object that is open. */
void cli_report_scenario_json(struct cli_json *json, const struct cli_scenario *scenario);
void cli_report_faults_json(struct cli_json *json, const struct scn *scn,
                            const struct job_fault *faults, uint32_t count);
void cli_report_finding_json(struct cli_json *json, const struct cli_scenario *scenario,
                             const struct job_result *result, struct cli_symbols *symbols);

#endif
