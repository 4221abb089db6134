/* SPDX-License-Identifier: MIT */
/* What a failing run says of itself: where, when, and what was going on. For people. */
#ifndef STEELMILL_SCENARIOS_CLI_FINDING_TEXT_H
#define STEELMILL_SCENARIOS_CLI_FINDING_TEXT_H

#include <stdio.h>

#include "scenarios/cli/symbol.h"
#include "scenarios/file/scenario.h"

/* Time, machine, task, backtrace, faults around it, and the last events, a few lines each. */
void cli_print_finding(FILE *file, const struct scn *scn, const struct job_result *result,
                       const struct cli_frame *frames, size_t count);

#endif
