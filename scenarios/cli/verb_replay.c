/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "scenarios/cli/report.h"
#include "scenarios/cli/runner.h"
#include "scenarios/cli/style.h"
#include "scenarios/cli/trace_stream.h"

/* What one replay needs; large, so not on the stack. */
struct replay {
    const struct cli_args *args;
    struct cli_scenario scenario;
    struct cli_runner runner;
    struct cli_outcome outcome;
    struct cli_trace_stream stream;
    struct cli_symbols *symbols;
};

/* Puts gdb in our place, with the run in the worker itself. */
static int debug(struct replay *replay, struct job_command *command)
{
    /* Escaping system calls and endless loops come as signals that the simulation handles. */
    static const char *const gdb[] = {
        "gdb",    "-q",
        "-ex",    "set breakpoint pending on",
        "-ex",    "handle SIGSYS SIGPROF SIGVTALRM SIGALRM nostop noprint pass",
        "--args", NULL};
    command->flags |= JOB_FOREGROUND;
    command->wall_limit_ns = INT64_MAX; /* people think slowly */
    fflush(stdout);
    int error = cli_worker_exec(&replay->runner.setup, command, gdb);
    cli_error("gdb cannot be started: %s", strerror(-error));
    return CLI_NOT_JUDGED;
}

/* The exit code, with the digest that was expected taken into account. */
static int compare(const struct replay *replay)
{
    const struct cli_outcome *outcome = &replay->outcome;
    if (!cli_given(replay->args, CLI_OPT_DIGEST) || !outcome->complete)
        return outcome->exit;
    if (cli_given(replay->args, CLI_OPT_UNTIL)) {
        fprintf(stderr, "steelmill: --digest is not compared: --until ends the run early\n");
        return outcome->exit;
    }
    if (outcome->exit != CLI_PASSED && outcome->exit != CLI_FINDING)
        return outcome->exit;
    if (outcome->result.digest == replay->args->digest)
        return outcome->exit;
    fprintf(stderr,
            "%ssteelmill: replay diverged%s: expected digest %016" PRIx64 ", got %016" PRIx64 "\n"
            "  if the scenario, its options, the plugin and steelmill are the same as then,\n"
            "  it is not deterministic: steelmill verify names the first difference\n",
            cli_style(stderr, CLI_RED), cli_style(stderr, CLI_PLAIN), replay->args->digest,
            outcome->result.digest);
    return CLI_DIVERGED;
}

static int run(struct replay *replay)
{
    const struct cli_args *args = replay->args;
    bool json = cli_given(args, CLI_OPT_JSON), trace = cli_given(args, CLI_OPT_TRACE);
    int failed = cli_runner_init(&replay->runner, &replay->scenario, args);
    if (failed != 0)
        return failed;
    struct job_command command = cli_runner_command(args, &replay->runner.setup, args->seed);
    if (cli_given(args, CLI_OPT_GDB))
        return debug(replay, &command);
    if (trace) {
        failed = cli_trace_stream_open(&replay->stream, &replay->runner, stdout, CLI_FORMAT_TEXT);
        if (failed != 0)
            return failed;
        command.trace_fd = replay->stream.write_fd;
    }
    if (!json) {
        printf("seed        %" PRIu64 "\n", args->seed);
        cli_report_header(stdout, &replay->scenario, args);
    }
    replay->runner.setup.quiet = json;
    command.flags |= json ? 0 : JOB_KEEP_OUTPUT;
    cli_runner_run(&replay->runner, &command, &replay->outcome);
    cli_runner_stop(&replay->runner);
    if (trace)
        cli_trace_stream_close(&replay->stream);
    if (!json)
        cli_report_run(stdout, &replay->scenario, &replay->outcome, replay->symbols);
    fflush(stdout);
    int exit = compare(replay);
    if (json)
        cli_report_run_json(stdout, &replay->scenario, &replay->outcome, replay->symbols, exit);
    return exit;
}

static int check_options(const struct cli_args *args)
{
    if (!cli_given(args, CLI_OPT_SEED)) {
        cli_error("replay: which run? --seed N is needed");
        return CLI_USAGE;
    }
    if (cli_given(args, CLI_OPT_JSON) && cli_given(args, CLI_OPT_TRACE)) {
        cli_error("replay: --json prints one object, without events; "
                  "see: steelmill trace --format json");
        return CLI_USAGE;
    }
    return 0;
}

int cli_verb_replay(const struct cli_args *args)
{
    int failed = check_options(args);
    if (failed != 0)
        return failed;
    struct replay *replay = calloc(1, sizeof *replay);
    if (replay == NULL)
        return CLI_NOT_JUDGED;
    replay->args = args;
    int exit = cli_scenario_load(&replay->scenario, args->files[0], args);
    if (exit == 0) {
        replay->symbols = cli_symbols_create();
        exit = replay->symbols != NULL ? run(replay) : CLI_NOT_JUDGED;
        cli_symbols_destroy(replay->symbols);
        cli_scenario_unload(&replay->scenario);
    }
    free(replay);
    return exit;
}
