/* SPDX-License-Identifier: MIT */
/* Backtraces for people and programs: the user's frames first-class, all others folded. */
#ifndef STEELMILL_SCENARIOS_CLI_BACKTRACE_H
#define STEELMILL_SCENARIOS_CLI_BACKTRACE_H

#include "scenarios/cli/json.h"
#include "scenarios/cli/symbol.h"

/* Prints frames, innermost first; nothing where there are none. Recursion is one line. */
void cli_print_backtrace(FILE *file, const struct job_result *result,
                         const struct cli_frame *frames, size_t count);

/* An array of objects. */
void cli_backtrace_json(struct cli_json *json, const char *name, const struct cli_frame *frames,
                        size_t count);

#endif
