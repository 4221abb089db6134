/* SPDX-License-Identifier: MIT */
/* Whether a worker can run a scenario: its plugin loads and has the daemons. */
#ifndef STEELMILL_SCENARIOS_CLI_READINESS_H
#define STEELMILL_SCENARIOS_CLI_READINESS_H

#include "scenarios/cli/load.h"

/* Asks a worker. Returns: 0; CLI_USAGE or CLI_NOT_JUDGED after a message. */
int cli_check_readiness(const struct cli_scenario *scenario, const struct cli_args *args);

#endif
