/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "core/units.h"
#include "scenarios/cli/args.h"
#include "scenarios/cli/reader.h"
#include "scenarios/cli/shell.h"
#include "scenarios/cli/signals.h"
#include <steelmill/plugin.h>

#define COMMON      (CLI_OPTION(HELP) | CLI_OPTION(VERSION))
#define WITH_RUNS   (COMMON | CLI_OPTION(SET) | CLI_OPTION(LOG) | CLI_OPTION(WALL_LIMIT))
#define WITH_REPORT (WITH_RUNS | CLI_OPTION(JSON))

const struct cli_verb cli_verbs[] = {
    {"run", "FILE [--seed N] [--set KEY=VALUE]...", "One run; without --seed of a fresh seed.",
     NULL, WITH_REPORT | CLI_OPTION(SEED), 1, 1, cli_verb_run},
    {"replay", "FILE --seed N [--digest D] [--until T] [--trace] [--gdb]",
     "Repeats a run, to the bit.",
     "With --digest, exit code 3 says that the run was another one. --gdb starts a debugger on it.",
     WITH_REPORT | CLI_OPTION(SEED) | CLI_OPTION(DIGEST) | CLI_OPTION(UNTIL) | CLI_OPTION(TRACE) |
         CLI_OPTION(GDB),
     1, 1, cli_verb_replay},
    {"verify", "FILE [--seed N | --seeds A..B] [--runs K] [--jobs J]",
     "Is it deterministic? Names the first difference.",
     "Repeats a seed in fresh and in used worker processes and compares all events; then once\n"
     "each with other fill of stacks and heaps, and with heaps and stacks at other addresses. "
     "With\n"
     "--seeds, a seed has two runs, which differ in all of that at once, and only where they are\n"
     "not the same it is looked at as above. The verdict is one of: not deterministic; depends on\n"
     "uninitialised memory; depends on addresses (exit code 3, with the first event that differs\n"
     "and both stacks), or deterministic (0). A run that is a finding each time is deterministic.\n"
     "Logs are off unless --log is given.",
     WITH_REPORT | CLI_OPTION(SEED) | CLI_OPTION(SEEDS) | CLI_OPTION(RUNS) | CLI_OPTION(JOBS), 1, 1,
     cli_verb_verify},
    {"sweep", "FILE... [--seeds A..B | --for T] [--jobs J] [--shard I/N] [--junit OUT] [--fresh]",
     "Many seeds, in parallel.",
     "Without --seeds: 1..100; with --for, from a fresh seed on. The results do not depend on\n"
     "--jobs. A process goes on with the next seed as long as its runs pass; a run that does not\n"
     "is repeated in a fresh one. Findings are grouped by signature. Logs are off unless --log is "
     "given.",
     WITH_REPORT | CLI_OPTION(SEEDS) | CLI_OPTION(FOR) | CLI_OPTION(JOBS) | CLI_OPTION(SHARD) |
         CLI_OPTION(JUNIT) | CLI_OPTION(FRESH),
     1, UINT32_MAX, cli_verb_sweep},
    {"trace", "FILE --seed N [--format text|json] [-o OUT]", "Prints the events of a run.", NULL,
     WITH_RUNS | CLI_OPTION(SEED) | CLI_OPTION(UNTIL) | CLI_OPTION(FORMAT) | CLI_OPTION(OUTPUT), 1,
     1, cli_verb_trace},
    {"check", "FILE... [--set KEY=VALUE]... | --schema",
     "Validates scenarios and prints them with everything filled in.", NULL,
     COMMON | CLI_OPTION(SET) | CLI_OPTION(SCHEMA), 1, UINT32_MAX, cli_verb_check},
    {"judge", "FILE HISTORY [--json]", "Is what clients were told right?",
     "HISTORY is what machines have written that run with `serve FILE --history HISTORY`; FILE "
     "says\n"
     "by what it is judged (`expect: { linearizable: register }`).",
     COMMON | CLI_OPTION(SET) | CLI_OPTION(JSON), 2, 2, cli_verb_judge},
    {"daemons", "PLUGIN", "Lists the daemon types and properties that a plugin offers.", NULL,
     COMMON | CLI_OPTION(JSON), 1, 1, cli_verb_daemons},
    {"serve", "FILE --machine NAME [--daemon NAME]... | FILE --all",
     "Production: runs a machine of the file for real.",
     "Machine i of the file (from 1) is at 127.1.0.0 + i, as in simulation, or where the file's\n"
     "`hosts` has it. SIGTERM and SIGINT stop it; a second one ends it at once. It logs to "
     "stderr.\n"
     "With --all, each machine is a process.",
     COMMON | CLI_OPTION(SET) | CLI_OPTION(LOG) | CLI_OPTION(JSON) | CLI_OPTION(MACHINE) |
         CLI_OPTION(DAEMON) | CLI_OPTION(ALL) | CLI_OPTION(DATA) | CLI_OPTION(STOP_LIMIT) |
         CLI_OPTION(NETWORK) | CLI_OPTION(METRICS) | CLI_OPTION(HISTORY) | CLI_OPTION(CONTROL) |
         CLI_OPTION(WORKERS),
     1, 1, cli_verb_serve},
    {"ctl", "SOCKET factories | plugin add FILE | plugin remove NAME | stop NAME",
     "Asks a machine that `serve --control SOCKET` runs.",
     "factories       what it consists of, and how that is\n"
     "plugin add      loads a plugin, and runs its daemons in a factory of its name\n"
     "plugin remove   stops that factory, and unloads the plugin once nobody is in it\n"
     "stop            stops a factory, or the whole machine by its own name",
     COMMON, 2, 4, cli_verb_ctl},
};
const size_t cli_verb_count = sizeof cli_verbs / sizeof *cli_verbs;

static const char exit_codes[] =
    "Exit codes: 0 passed, 1 a finding, 2 bad usage or scenario, 3 not deterministic or replay\n"
    "diverged, 125 could not be judged.\n";

void cli_error(const char *format, ...)
{
    va_list list;
    fflush(stdout);
    fputs("steelmill: ", stderr);
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fputc('\n', stderr);
}

int cli_worse(int a, int b)
{
    static const int order[] = {CLI_USAGE, CLI_DIVERGED, CLI_FINDING, CLI_NOT_JUDGED};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (a == order[i] || b == order[i])
            return order[i];
    return CLI_PASSED;
}

static int print_version(void)
{
    printf("steelmill %s (contract %u)\n", STEELMILL_VERSION, SM_CONTRACT_VERSION);
    return CLI_PASSED;
}

static int print_help(void)
{
    printf(
        "usage: steelmill VERB ...\n\n"
        "Runs a distributed system, written as daemons in C, in a deterministic simulation.\n\n");
    for (size_t i = 0; i < cli_verb_count; i++)
        printf("  %-8s  %s\n", cli_verbs[i].name, cli_verbs[i].about);
    printf("\nsteelmill VERB --help says more.\n%s", exit_codes);
    return CLI_PASSED;
}

static int print_verb_help(const struct cli_verb *verb)
{
    printf("usage: steelmill %s %s\n\n%s\n", verb->name, verb->usage, verb->about);
    if (verb->more != NULL)
        printf("%s\n", verb->more);
    fputc('\n', stdout);
    cli_args_print_options(stdout, verb->options);
    printf("\n%s", exit_codes);
    return CLI_PASSED;
}

static int unknown_verb(const char *word)
{
    const char *names[sizeof cli_verbs / sizeof *cli_verbs];
    char known[256] = "";
    for (size_t i = 0; i < cli_verb_count; i++) {
        size_t used = strlen(known);
        names[i] = cli_verbs[i].name;
        snprintf(known + used, sizeof known - used, "%s%s", i > 0 ? ", " : "", names[i]);
    }
    const char *nearest = sm__suggest(word, names, cli_verb_count);
    if (nearest != NULL)
        cli_error("unknown verb '%s'; did you mean '%s'?", word, nearest);
    else
        cli_error("unknown verb '%s'; there are: %s", word, known);
    return CLI_USAGE;
}

static int run_verb(const struct cli_verb *verb, int argc, char **argv)
{
    struct cli_args args;
    int exit = cli_args_parse(&args, verb, argc, argv);
    if (exit == 0) {
        if (cli_given(&args, CLI_OPT_HELP))
            exit = print_verb_help(verb);
        else if (cli_given(&args, CLI_OPT_VERSION))
            exit = print_version();
        else
            exit = verb->run(&args);
    }
    cli_args_finish(&args);
    return exit;
}

static int dispatch(int argc, char **argv)
{
    if (argc < 2) {
        cli_error("what should be done? see: steelmill --help");
        return CLI_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return print_help();
    if (strcmp(argv[1], "--version") == 0)
        return print_version();
    for (size_t i = 0; i < cli_verb_count; i++)
        if (strcmp(argv[1], cli_verbs[i].name) == 0)
            return run_verb(&cli_verbs[i], argc - 2, argv + 2);
    return unknown_verb(argv[1]);
}

/*
 * A cron job or a service may start us with standard descriptors closed: then the next file opened
 * would become one of them. What stands there can be read (as empty), and not be written to.
 */
static void open_standard(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            (void)open("/dev/null", O_RDONLY); /* the lowest number that is free */
}

int main(int argc, char **argv)
{
    open_standard();
    cli_shell_init(argc > 0 ? argv[0] : "steelmill");
    cli_signals_init();
    int exit = dispatch(argc, argv);
    if (fflush(stdout) == 0 && !ferror(stdout))
        return exit;
    if (!cli_reader_left(stdout))
        cli_error("the output could not be written");
    return cli_worse(exit, CLI_NOT_JUDGED);
}
