/* SPDX-License-Identifier: MIT */
/* Command lines that can be pasted into a shell. */
#ifndef STEELMILL_SCENARIOS_CLI_SHELL_H
#define STEELMILL_SCENARIOS_CLI_SHELL_H

#include <stdio.h>

#include "scenarios/cli/load.h"

/* How this program was called; for command lines. Once, at the start. */
void cli_shell_init(const char *argv0);

/* Prints one word, quoted as a POSIX shell needs it. */
void cli_shell_word(FILE *file, const char *word);

/* A file as a word: one that begins with '-' is not taken for an option. */
void cli_shell_file(FILE *file, const char *path);

/* Prints the line that replays a run, without a line feed. `digest` 0: none to compare with. */
void cli_shell_replay(FILE *file, const struct cli_scenario *scenario, uint64_t seed,
                      uint64_t digest);
/* The same for the line that verifies a seed. */
void cli_shell_verify(FILE *file, const struct cli_scenario *scenario, uint64_t seed,
                      uint32_t runs);

#endif
