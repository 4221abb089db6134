/* SPDX-License-Identifier: MIT */
/* Colours: on terminals only, and not where NO_COLOR is set. */
#ifndef STEELMILL_SCENARIOS_CLI_STYLE_H
#define STEELMILL_SCENARIOS_CLI_STYLE_H

#include <stdio.h>

enum cli_style { CLI_PLAIN, CLI_BOLD, CLI_DIM, CLI_RED, CLI_GREEN, CLI_YELLOW };

/* The sequence that begins a style, or "" where `file` takes none. CLI_PLAIN ends the others. */
const char *cli_style(FILE *file, enum cli_style style);

#endif
