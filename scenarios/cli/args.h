/* SPDX-License-Identifier: MIT */
/*
 * The options of the command line.
 *
 * One table (args.c) has every option once; a verb names the set that it takes. An option that is
 * unknown, or belongs to other verbs, is an error with a suggestion.
 */
#ifndef STEELMILL_SCENARIOS_CLI_ARGS_H
#define STEELMILL_SCENARIOS_CLI_ARGS_H

#include <stdio.h>

#include "scenarios/cli/cli.h"

enum cli_option {
    CLI_OPT_SEED,
    CLI_OPT_SEEDS,
    CLI_OPT_FOR,
    CLI_OPT_JOBS,
    CLI_OPT_SHARD,
    CLI_OPT_FRESH,
    CLI_OPT_RUNS,
    CLI_OPT_SET,
    CLI_OPT_DIGEST,
    CLI_OPT_UNTIL,
    CLI_OPT_TRACE,
    CLI_OPT_GDB,
    CLI_OPT_FORMAT,
    CLI_OPT_OUTPUT,
    CLI_OPT_JUNIT,
    CLI_OPT_JSON,
    CLI_OPT_SCHEMA,
    CLI_OPT_LOG,
    CLI_OPT_WALL_LIMIT,
    CLI_OPT_MACHINE,
    CLI_OPT_DAEMON,
    CLI_OPT_ALL,
    CLI_OPT_DATA,
    CLI_OPT_STOP_LIMIT,
    CLI_OPT_NETWORK,
    CLI_OPT_METRICS,
    CLI_OPT_HISTORY,
    CLI_OPT_CONTROL,
    CLI_OPT_WORKERS,
    CLI_OPT_HELP,
    CLI_OPT_VERSION,
    CLI_OPT_COUNT
};

#define CLI_OPTION(name) (UINT32_C(1) << CLI_OPT_##name)

enum cli_format { CLI_FORMAT_TEXT, CLI_FORMAT_JSON };

#define CLI_LOG_NOTHING (-1)

struct cli_args {
    const struct cli_verb *verb;
    uint32_t given;     /* set of 1 << enum cli_option */
    const char **files; /* in order, pointing into argv */
    size_t file_count;
    const char **sets;    /* --set texts, in order */
    char set_workers[32]; /* the one that --workers means */
    size_t set_count;
    const char **daemons; /* --daemon names, in order */
    size_t daemon_count;
    const char *machine, *data, *network, *history, *control; /* NULL: not given */
    uint64_t seed;
    uint64_t seed_first, seed_last; /* both included */
    uint32_t shard, shard_count;    /* 1 <= shard <= shard_count */
    uint32_t metrics_port;          /* 0: none */
    uint32_t jobs;                  /* 0: as many as there are processors */
    uint32_t runs;
    uint64_t digest;
    int64_t until_ns, for_ns, wall_limit_ns, stop_limit_ns;
    int log_level; /* enum sm_log_level; CLI_LOG_NOTHING */
    enum cli_format format;
    const char *output, *junit; /* NULL: not given */
};

/*
 * Reads the arguments that follow the verb.
 * Ownership: `args` keeps pointers into argv; cli_args_finish frees the rest.
 * Returns: 0, or CLI_USAGE after a message to stderr. A given --help or --version ends the reading:
 *   the caller looks at `given` first.
 */
int cli_args_parse(struct cli_args *args, const struct cli_verb *verb, int argc, char **argv);
void cli_args_finish(struct cli_args *args);

static inline bool cli_given(const struct cli_args *args, enum cli_option option)
{
    return (args->given >> option & 1) != 0;
}

/* One line for each option of the set: name, value, what it does. */
void cli_args_print_options(FILE *file, uint32_t options);

#endif
