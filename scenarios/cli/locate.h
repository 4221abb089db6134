/* SPDX-License-Identifier: MIT */
/*
 * Where the other files of a steelmill are: the worker program and plugins.
 *
 * Each function prints a message that lists the places it searched when it finds nothing.
 */
#ifndef STEELMILL_SCENARIOS_CLI_LOCATE_H
#define STEELMILL_SCENARIOS_CLI_LOCATE_H

#include <limits.h>

#include <steelmill/base.h>

/*
 * The worker program: $STEELMILL_WORKER, else beside this program or where the build and the
 * installation put it.
 * Returns: 0, CLI_NOT_JUDGED.
 */
int cli_locate_worker(char path[static PATH_MAX]);
/* The same for the program that serves: $STEELMILL_SERVE, else its places. */
int cli_locate_serve(char path[static PATH_MAX]);

/*
 * A plugin.
 *   name: with a '/' a path, relative to `folder` or else to the current directory; without one the
 *         name of a file NAME.so in `folder`, in the build tree, or among the installed plugins
 *   where: begins the message: the scenario file
 * Returns: 0 with an absolute path, CLI_USAGE.
 */
int cli_locate_plugin(const char *where, const char *name, const char *folder,
                      char path[static PATH_MAX]);

#endif
