/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "scenarios/cli/reader.h"
#include "scenarios/cli/report.h"
#include "scenarios/cli/runner.h"
#include "scenarios/cli/text.h"
#include "scenarios/cli/trace_stream.h"

struct tracing {
    struct cli_scenario scenario;
    struct cli_runner runner;
    struct cli_outcome outcome;
    struct cli_trace_stream stream;
};

static int run(struct tracing *tracing, const struct cli_args *args, FILE *out)
{
    int failed = cli_runner_init(&tracing->runner, &tracing->scenario, args);
    if (failed == 0)
        failed = cli_trace_stream_open(&tracing->stream, &tracing->runner, out, args->format);
    if (failed != 0)
        return failed;
    tracing->runner.setup.quiet = true;
    struct job_command command = cli_runner_command(args, &tracing->runner.setup, args->seed);
    command.trace_fd = tracing->stream.write_fd;
    cli_runner_run(&tracing->runner, &command, &tracing->outcome);
    cli_runner_stop(&tracing->runner);
    cli_trace_stream_close(&tracing->stream);
    const struct cli_outcome *outcome = &tracing->outcome;
    if (cli_reader_left(out))
        return outcome->exit;
    const char *why = outcome->exit == CLI_FINDING ? outcome->result.text : outcome->text;
    fprintf(stderr, "%s%s%s\n", cli_verdict_text(outcome->exit), *why != '\0' ? ": " : "", why);
    return outcome->exit;
}

static int run_into(struct tracing *tracing, const struct cli_args *args)
{
    if (args->output == NULL)
        return run(tracing, args, stdout);
    FILE *out = fopen(args->output, "w");
    if (out == NULL) {
        cli_error("%s: %s", args->output, strerror(errno));
        return CLI_USAGE;
    }
    int exit = run(tracing, args, out);
    if (fclose(out) != 0) {
        cli_error("%s: %s", args->output, strerror(errno));
        exit = cli_worse(exit, CLI_NOT_JUDGED);
    }
    return exit;
}

int cli_verb_trace(const struct cli_args *args)
{
    if (!cli_given(args, CLI_OPT_SEED)) {
        cli_error("trace: which run? --seed N is needed");
        return CLI_USAGE;
    }
    struct tracing *tracing = calloc(1, sizeof *tracing);
    if (tracing == NULL)
        return CLI_NOT_JUDGED;
    int exit = cli_scenario_load(&tracing->scenario, args->files[0], args);
    if (exit == 0) {
        exit = run_into(tracing, args);
        cli_scenario_unload(&tracing->scenario);
    }
    free(tracing);
    return exit;
}
