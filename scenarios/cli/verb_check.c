/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "scenarios/cli/load.h"
#include "scenarios/cli/readiness.h"

static int write_stdout(void *arg, const char *text, size_t size)
{
    (void)arg;
    return fwrite(text, 1, size, stdout) == size ? 0 : -1;
}

/* Prints a scenario as it was understood, whatever its plugin says to it. */
static int check_file(const char *path, const struct cli_args *args, bool separate)
{
    struct cli_scenario scenario;
    int failed = cli_scenario_load(&scenario, path, args);
    if (failed != 0)
        return failed;
    if (separate)
        puts("---");
    failed = cli_check_readiness(&scenario, args);
    if (failed != CLI_USAGE)
        scn_print(scenario.scn, write_stdout, NULL);
    cli_scenario_unload(&scenario);
    return failed;
}

int cli_verb_check(const struct cli_args *args)
{
    if (cli_given(args, CLI_OPT_SCHEMA)) {
        scn_print_schema(write_stdout, NULL);
        return CLI_PASSED;
    }
    int worst = CLI_PASSED;
    for (size_t i = 0; i < args->file_count; i++)
        worst = cli_worse(worst, check_file(args->files[i], args, i > 0));
    return worst;
}
