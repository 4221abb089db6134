/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/units.h"
#include "scenarios/cli/junit.h"
#include "scenarios/cli/progress.h"
#include "scenarios/cli/readiness.h"
#include "scenarios/cli/report.h"
#include "scenarios/cli/seed.h"
#include "scenarios/cli/sweep.h"
#include "scenarios/cli/sweep_report.h"

/* One scenario's sweep, with what the callbacks need. */
struct sweeping {
    struct cli_scenario scenario;
    struct cli_sweep sweep;
    struct cli_summary summary;
    struct cli_progress progress;
};

/* Where the results of all scenarios go. */
struct sink {
    const struct cli_args *args;
    struct cli_json json; /* an array that is open, with --json */
    FILE *junit;          /* NULL: not wanted */
    uint64_t first_seed, last_seed;
};

static void on_outcome(void *arg, const struct cli_outcome *outcome)
{
    struct sweeping *sweeping = arg;
    cli_summary_add(&sweeping->summary, outcome);
}

static void on_tick(void *arg)
{
    struct sweeping *sweeping = arg;
    cli_progress_draw(&sweeping->progress, cli_summary_seed_count(&sweeping->summary),
                      sweeping->summary.failed_count, sweeping->summary.not_judged_count);
}

/* A sweep's shard I of N is every Nth seed, beginning with the Ith. */
static void init_sweep(struct sweeping *sweeping, const struct sink *sink)
{
    const struct cli_args *args = sink->args;
    uint64_t skipped = args->shard - 1;
    bool empty = sink->last_seed - sink->first_seed < skipped;
    sweeping->sweep = (struct cli_sweep){
        .scenario = &sweeping->scenario,
        .args = args,
        .first = empty ? 1 : sink->first_seed + skipped,
        .last = empty ? 0 : sink->last_seed,
        .stride = args->shard_count,
        .jobs = args->jobs > 0 ? args->jobs : cli_default_jobs(),
        .for_ns = cli_given(args, CLI_OPT_FOR) ? args->for_ns : INT64_MAX,
        .on_outcome = on_outcome,
        .on_tick = on_tick,
        .arg = sweeping,
    };
    cli_progress_init(&sweeping->progress, cli_sweep_size(&sweeping->sweep));
    if (sweeping->progress.seed_total > UINT32_MAX)
        sweeping->progress.seed_total = UINT64_MAX; /* --for: time ends it */
}

static void print_header(const struct sweeping *sweeping, const struct sink *sink)
{
    const struct cli_args *args = sink->args;
    char duration[64];
    if (sink->last_seed == UINT64_MAX)
        printf("seeds       from %" PRIu64 " on", sink->first_seed);
    else
        printf("seeds       %" PRIu64 "..%" PRIu64, sink->first_seed, sink->last_seed);
    if (cli_given(args, CLI_OPT_FOR)) {
        sm__format_duration(duration, sizeof duration, args->for_ns);
        printf(", for %s", duration);
    }
    if (args->shard_count > 1)
        printf(", shard %" PRIu32 "/%" PRIu32, args->shard, args->shard_count);
    putchar('\n');
    cli_report_header(stdout, &sweeping->scenario, args);
    fflush(stdout);
}

static void report(struct sweeping *sweeping, struct sink *sink)
{
    cli_summary_sort(&sweeping->summary);
    if (cli_given(sink->args, CLI_OPT_JSON))
        cli_sweep_report_json(&sink->json, &sweeping->sweep, &sweeping->summary);
    else
        cli_sweep_report(stdout, &sweeping->sweep, &sweeping->summary);
    if (sink->junit != NULL)
        cli_junit_suite(sink->junit, &sweeping->sweep, &sweeping->summary);
}

static int sweep_loaded(struct sweeping *sweeping, struct sink *sink)
{
    init_sweep(sweeping, sink);
    if (!cli_given(sink->args, CLI_OPT_JSON))
        print_header(sweeping, sink);
    int exit = CLI_NOT_JUDGED;
    if (cli_summary_init(&sweeping->summary, &sweeping->scenario) == 0)
        exit = cli_sweep_run(&sweeping->sweep);
    cli_progress_clear(&sweeping->progress);
    if (exit == 0) {
        report(sweeping, sink);
        exit = cli_sweep_exit(&sweeping->sweep, &sweeping->summary);
    }
    if (sweeping->sweep.interrupted)
        exit = CLI_NOT_JUDGED;
    cli_summary_finish(&sweeping->summary);
    return exit;
}

static int sweep_file(const char *path, struct sink *sink, bool *interrupted)
{
    struct sweeping *sweeping = calloc(1, sizeof *sweeping);
    if (sweeping == NULL)
        return CLI_NOT_JUDGED;
    int exit = cli_scenario_load(&sweeping->scenario, path, sink->args);
    if (exit == 0) {
        exit = sweep_loaded(sweeping, sink);
        *interrupted = sweeping->sweep.interrupted;
        cli_scenario_unload(&sweeping->scenario);
    }
    free(sweeping);
    return exit;
}

/* Nothing runs before all files are known to be right. */
static int check_files(const struct cli_args *args)
{
    for (size_t i = 0; i < args->file_count; i++) {
        struct cli_scenario scenario;
        int exit = cli_scenario_load(&scenario, args->files[i], args);
        if (exit != 0)
            return exit;
        exit = cli_check_readiness(&scenario, args);
        cli_scenario_unload(&scenario);
        if (exit != 0)
            return exit;
    }
    return 0;
}

static int sweep_files(struct sink *sink)
{
    const struct cli_args *args = sink->args;
    int worst = CLI_PASSED;
    bool interrupted = false;
    for (size_t i = 0; i < args->file_count && worst != CLI_USAGE; i++) {
        if (i > 0 && !cli_given(args, CLI_OPT_JSON))
            putchar('\n');
        int exit = sweep_file(args->files[i], sink, &interrupted);
        if (interrupted)
            return CLI_NOT_JUDGED;
        worst = cli_worse(worst, exit);
    }
    return worst;
}

static int sweep_into(struct sink *sink)
{
    bool json = cli_given(sink->args, CLI_OPT_JSON);
    if (sink->junit != NULL)
        cli_junit_begin(sink->junit);
    if (json) {
        cli_json_begin(&sink->json, stdout);
        cli_json_open(&sink->json, NULL, '{');
        cli_json_open(&sink->json, "sweeps", '[');
    }
    int exit = sweep_files(sink);
    if (json) {
        cli_json_close(&sink->json, ']');
        cli_json_i64(&sink->json, "exit", exit);
        cli_json_close(&sink->json, '}');
        putchar('\n');
    }
    if (sink->junit != NULL)
        cli_junit_end(sink->junit);
    return exit;
}

static void choose_seeds(struct sink *sink)
{
    bool open = cli_given(sink->args, CLI_OPT_FOR) && !cli_given(sink->args, CLI_OPT_SEEDS);
    sink->first_seed = open ? cli_fresh_seed() : sink->args->seed_first;
    sink->last_seed = open ? UINT64_MAX : sink->args->seed_last;
}

int cli_verb_sweep(const struct cli_args *given)
{
    struct cli_args args = *given;
    struct sink sink = {.args = &args};
    if (!cli_given(given, CLI_OPT_LOG))
        args.log_level = CLI_LOG_NOTHING;
    int exit = check_files(&args);
    if (exit != 0)
        return exit;
    choose_seeds(&sink);
    if (args.junit != NULL && (sink.junit = fopen(args.junit, "w")) == NULL) {
        cli_error("%s: %s", args.junit, strerror(errno));
        return CLI_USAGE;
    }
    exit = sweep_into(&sink);
    if (sink.junit != NULL && fclose(sink.junit) != 0) {
        cli_error("%s: %s", args.junit, strerror(errno));
        exit = cli_worse(exit, CLI_NOT_JUDGED);
    }
    return exit;
}
