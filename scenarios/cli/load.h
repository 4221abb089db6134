/* SPDX-License-Identifier: MIT */
/* A scenario as the command line names it: read, resolved, its plugin found. */
#ifndef STEELMILL_SCENARIOS_CLI_LOAD_H
#define STEELMILL_SCENARIOS_CLI_LOAD_H

#include "scenarios/cli/args.h"
#include "scenarios/file/scenario.h"

struct cli_scenario {
    const char *path; /* as typed */
    const char *const *sets;
    size_t set_count;
    struct scn_arena *arena;
    struct scn *scn; /* with plugin_path set */
};

/*
 * Reads a scenario file with the --set options and finds its plugin.
 * Ownership: `args` and `path` must live as long; cli_scenario_unload frees the rest.
 * Returns: 0; CLI_USAGE after a message to stderr, with nothing to unload.
 */
int cli_scenario_load(struct cli_scenario *out, const char *path, const struct cli_args *args);
void cli_scenario_unload(struct cli_scenario *scenario);

#endif
