/* SPDX-License-Identifier: MIT */
#include "scenarios/cli/shell.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *program = "steelmill";

void cli_shell_init(const char *argv0)
{
    program = argv0;
}

void cli_shell_word(FILE *file, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "@%+=:,./_-";
    if (*word != '\0' && word[strspn(word, plain)] == '\0') {
        fputs(word, file);
        return;
    }
    fputc('\'', file);
    for (; *word != '\0'; word++)
        if (*word == '\'')
            fputs("'\\''", file);
        else
            fputc(*word, file);
    fputc('\'', file);
}

void cli_shell_file(FILE *file, const char *path)
{
    if (*path == '-')
        fputs("./", file);
    cli_shell_word(file, path);
}

/* A script that calls us says how people call it: more than one word, so it is not quoted. */
static void print_program(FILE *file)
{
    const char *command = getenv("STEELMILL_COMMAND");
    if (command != NULL && *command != '\0')
        fputs(command, file);
    else
        cli_shell_word(file, program);
}

static void print_verb(FILE *file, const char *verb, const struct cli_scenario *scenario,
                       uint64_t seed)
{
    print_program(file);
    fprintf(file, " %s ", verb);
    cli_shell_file(file, scenario->path);
    fprintf(file, " --seed %" PRIu64, seed);
    for (size_t i = 0; i < scenario->set_count; i++) {
        fputs(" --set ", file);
        cli_shell_word(file, scenario->sets[i]);
    }
}

void cli_shell_replay(FILE *file, const struct cli_scenario *scenario, uint64_t seed,
                      uint64_t digest)
{
    print_verb(file, "replay", scenario, seed);
    if (digest != 0)
        fprintf(file, " --digest %016" PRIx64, digest);
}

void cli_shell_verify(FILE *file, const struct cli_scenario *scenario, uint64_t seed, uint32_t runs)
{
    print_verb(file, "verify", scenario, seed);
    fprintf(file, " --runs %" PRIu32, runs);
}
