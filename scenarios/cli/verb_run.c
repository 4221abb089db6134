/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>

#include "scenarios/cli/report.h"
#include "scenarios/cli/runner.h"
#include "scenarios/cli/seed.h"

/* One run of a scenario that is loaded. */
static int run(const struct cli_scenario *scenario, const struct cli_args *args, uint64_t seed,
               struct cli_outcome *outcome, struct cli_symbols *symbols)
{
    bool json = cli_given(args, CLI_OPT_JSON);
    struct cli_runner runner;
    int failed = cli_runner_init(&runner, scenario, args);
    if (failed != 0)
        return failed;
    if (!json) {
        printf("seed        %" PRIu64 "\n", seed);
        cli_report_header(stdout, scenario, args);
    }
    struct job_command command = cli_runner_command(args, &runner.setup, seed);
    runner.setup.quiet = json;
    command.flags |= json ? 0 : JOB_KEEP_OUTPUT;
    cli_runner_run(&runner, &command, outcome);
    cli_runner_stop(&runner);
    if (json)
        cli_report_run_json(stdout, scenario, outcome, symbols, outcome->exit);
    else
        cli_report_run(stdout, scenario, outcome, symbols);
    return outcome->exit;
}

int cli_verb_run(const struct cli_args *args)
{
    uint64_t seed = cli_given(args, CLI_OPT_SEED) ? args->seed : cli_fresh_seed();
    struct cli_scenario scenario;
    int failed = cli_scenario_load(&scenario, args->files[0], args);
    if (failed != 0)
        return failed;
    struct cli_outcome *outcome = calloc(1, sizeof *outcome);
    struct cli_symbols *symbols = cli_symbols_create();
    int exit = CLI_NOT_JUDGED;
    if (outcome != NULL && symbols != NULL)
        exit = run(&scenario, args, seed, outcome, symbols);
    cli_symbols_destroy(symbols);
    free(outcome);
    cli_scenario_unload(&scenario);
    return exit;
}
