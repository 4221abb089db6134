/* SPDX-License-Identifier: MIT */
/*
 * sm_main: programs that daemons are linked into. Such a program stands in for steelmill-worker
 * (libsteelmill-sim-main) or steelmill-serve (libsteelmill-main): started by a user it becomes
 * `steelmill`, which starts it again as that.
 *
 *   simulation.c, production.c   sm_main of either library
 *   become.c                     how it becomes steelmill
 */
#ifndef STEELMILL_SCENARIOS_MAIN_MAIN_H
#define STEELMILL_SCENARIOS_MAIN_MAIN_H

#include <stdbool.h>

/* True if steelmill has started it, in the place of its own program. */
bool main_is_started(int argc, char **argv);
/*
 * Becomes steelmill with this command line, whose plugin is this program.
 *   variable: of the environment, tells steelmill which of its programs this one stands in for
 * Returns the exit code after a message: there is no steelmill.
 */
int main_become(const char *variable, int argc, char **argv);

#endif
