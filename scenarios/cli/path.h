/* SPDX-License-Identifier: MIT */
/* Paths for people. */
#ifndef STEELMILL_SCENARIOS_CLI_PATH_H
#define STEELMILL_SCENARIOS_CLI_PATH_H

#include <steelmill/base.h>

/*
 * Joins a source file's path to the folder that it is relative to, removes "." and "..", and makes
 * it relative to the current directory where it lies below it.
 * Returns: a text to free; NULL when out of memory. An empty path stays empty.
 */
char *cli_path_shorten(const char *folder, const char *path);

/* What follows the last slash. */
const char *cli_path_base(const char *path);

#endif
