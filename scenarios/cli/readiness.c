/* SPDX-License-Identifier: MIT */
#include "scenarios/cli/readiness.h"

#include <stdlib.h>

#include "scenarios/cli/runner.h"

int cli_check_readiness(const struct cli_scenario *scenario, const struct cli_args *args)
{
    struct cli_runner runner;
    int failed = cli_runner_init(&runner, scenario, args);
    if (failed != 0)
        return failed;
    struct cli_outcome *outcome = calloc(1, sizeof *outcome);
    if (outcome == NULL) {
        cli_error("out of memory");
        return CLI_NOT_JUDGED;
    }
    runner.setup.quiet = true;
    if (!cli_runner_start(&runner, outcome)) {
        cli_error("%s: %s", scenario->path, outcome->text);
        failed = outcome->exit;
    }
    cli_runner_stop(&runner);
    free(outcome);
    return failed;
}
