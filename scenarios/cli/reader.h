/* SPDX-License-Identifier: MIT */
/* Whoever reads what we print. */
#ifndef STEELMILL_SCENARIOS_CLI_READER_H
#define STEELMILL_SCENARIOS_CLI_READER_H

#include <stdio.h>

#include <steelmill/base.h>

/* True if writing failed because the other end of a pipe was closed, as by head: no need to tell.
 */
bool cli_reader_left(FILE *file);

#endif
