/* SPDX-License-Identifier: MIT */
/* Pieces that all reports for people are made of. */
#ifndef STEELMILL_SCENARIOS_CLI_TEXT_H
#define STEELMILL_SCENARIOS_CLI_TEXT_H

#include <stdio.h>

#include <steelmill/base.h>

/* Prints a text of several lines, with `first` before the first one and `next` before the others.
 */
void cli_print_lines(FILE *file, const char *first, const char *next, const char *text);

/* "passed", "finding", "unusable", "diverged", "not judged" of an exit code. */
const char *cli_verdict_text(int exit);

/* Prints "verdict     passed", coloured, without a line feed. */
void cli_print_verdict(FILE *file, int exit);

#endif
