/* SPDX-License-Identifier: MIT */
/*
 * JUnit reports of sweeps. A scenario is a test suite. Its test cases are one for each finding, one
 * for each expectation, and one, "other seeds", for all the rest: names that stay the same from one
 * sweep to the next.
 */
#ifndef STEELMILL_SCENARIOS_CLI_JUNIT_H
#define STEELMILL_SCENARIOS_CLI_JUNIT_H

#include <stdio.h>

#include "scenarios/cli/summary.h"
#include "scenarios/cli/sweep.h"

void cli_junit_begin(FILE *file);
void cli_junit_suite(FILE *file, const struct cli_sweep *sweep, const struct cli_summary *summary);
void cli_junit_end(FILE *file);

#endif
