/* SPDX-License-Identifier: MIT */
/* Which scenario file was meant, where there is none of the name that was given. */
#ifndef STEELMILL_SCENARIOS_CLI_NEAR_FILE_H
#define STEELMILL_SCENARIOS_CLI_NEAR_FILE_H

#include <limits.h>
#include <stdbool.h>

/*
 * Of a name without ".yaml", a folder's, one of the shipped scenarios', or a mistyped one: the file
 * that exists.
 * Returns: false: none is near.
 */
bool cli_near_file(const char *path, char near[PATH_MAX]);

#endif
