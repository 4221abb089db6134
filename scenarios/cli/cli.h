/* SPDX-License-Identifier: MIT */
/*
 * The command line program, `steelmill`: reads scenarios, has workers run them, and reports.
 *
 * It never loads a plugin itself. Where to start reading: main.c has the table of verbs, args.c the
 * options, job.c has one run done by one worker, and verb_*.c is a verb each. Everything that
 * speaks to a worker goes through worker.c; everything that is printed goes through report*.c and
 * text.c.
 */
#ifndef STEELMILL_SCENARIOS_CLI_CLI_H
#define STEELMILL_SCENARIOS_CLI_CLI_H

#include <steelmill/base.h>

/* Exit codes are a part of the contract; none is above 125, so that `git bisect run` works. */
enum cli_exit {
    CLI_PASSED = 0,
    CLI_FINDING = 1,
    CLI_USAGE = 2,
    CLI_DIVERGED = 3,
    CLI_NOT_JUDGED = 125,
};

struct cli_args;

/* A verb of the command line. */
struct cli_verb {
    const char *name;
    const char *usage; /* what follows the name: "FILE [OPTION]..." */
    const char *about; /* one sentence */
    const char *more;  /* further help; may be NULL */
    uint32_t options;  /* set of 1 << enum cli_option */
    uint32_t files_min, files_max;
    int (*run)(const struct cli_args *args); /* returns the exit code */
};

extern const struct cli_verb cli_verbs[];
extern const size_t cli_verb_count;

int cli_verb_run(const struct cli_args *args);
int cli_verb_replay(const struct cli_args *args);
int cli_verb_verify(const struct cli_args *args);
int cli_verb_sweep(const struct cli_args *args);
int cli_verb_check(const struct cli_args *args);
int cli_verb_judge(const struct cli_args *args);
int cli_verb_daemons(const struct cli_args *args);
int cli_verb_trace(const struct cli_args *args);
int cli_verb_ctl(const struct cli_args *args);
int cli_verb_serve(const struct cli_args *args);

/* The worse of two exit codes, for what has several results: 2, then 3, 1, 125, 0. */
int cli_worse(int a, int b);

/* Prints "steelmill: ..." and a line feed to stderr. */
void cli_error(const char *format, ...) SM_PRINTF(1, 2);

#endif
