/* SPDX-License-Identifier: MIT */
/* Which seeds are verified, and how that is told. What is done with a seed: verify_seed.h. */
#include <stdio.h>

#include "scenarios/cli/report.h"
#include "scenarios/cli/seed.h"
#include "scenarios/cli/sweep.h"
#include "scenarios/cli/verify_lanes.h"
#include "scenarios/cli/verify_report.h"

#define RUNS_OF_MANY 2 /* of each seed, unless --runs says otherwise */

static void tell(void *arg, const struct cli_verified *verified)
{
    const struct cli_verify *verify = arg;
    if (!cli_given(verify->args, CLI_OPT_JSON))
        cli_verify_report(verify->scenario, verify->args, verified);
    else if (verified->exit != CLI_PASSED || verified->seed == verify->last)
        cli_verify_report_json(verify->scenario, verify->args, verified);
}

static uint32_t lane_count(const struct cli_verify *verify)
{
    const uint32_t jobs = verify->args->jobs > 0 ? verify->args->jobs : cli_default_jobs();
    const uint64_t more = verify->last - verify->first; /* seeds besides the first */
    return more < jobs ? (uint32_t)more + 1 : jobs;
}

static int verify_seeds(struct cli_verify *verify)
{
    const bool json = cli_given(verify->args, CLI_OPT_JSON);
    if (!json) {
        cli_verify_report_header(verify);
        cli_report_header(stdout, verify->scenario, verify->args);
    }
    int exit = cli_verify_run(verify);
    if (!json && exit == CLI_PASSED)
        cli_verify_report_passed(verify->first, verify->last);
    return exit;
}

int cli_verb_verify(const struct cli_args *given)
{
    struct cli_args args = *given;
    struct cli_scenario scenario;
    struct cli_verify verify = {.args = &args, .scenario = &scenario, .tell = tell, .arg = &verify};
    if (cli_given(&args, CLI_OPT_SEED) && cli_given(&args, CLI_OPT_SEEDS)) {
        cli_error("verify: either --seed or --seeds");
        return CLI_USAGE;
    }
    if (!cli_given(&args, CLI_OPT_LOG))
        args.log_level = CLI_LOG_NOTHING; /* of so many runs, they would say little */
    int exit = cli_scenario_load(&scenario, args.files[0], &args);
    if (exit != 0)
        return exit;
    verify.first = args.seed_first;
    verify.last = args.seed_last;
    if (!cli_given(&args, CLI_OPT_SEEDS))
        verify.first = verify.last = cli_given(&args, CLI_OPT_SEED) ? args.seed : cli_fresh_seed();
    verify.lane_count = lane_count(&verify);
    verify.one_by_one = verify.first == verify.last;
    if (!verify.one_by_one && !cli_given(&args, CLI_OPT_RUNS))
        args.runs = RUNS_OF_MANY;
    exit = verify_seeds(&verify);
    cli_scenario_unload(&scenario);
    return exit;
}
