/* SPDX-License-Identifier: MIT */
/* The event records of a whole run in a temporary file without a name, for comparing two runs. */
#ifndef STEELMILL_SCENARIOS_CLI_TRACE_FILE_H
#define STEELMILL_SCENARIOS_CLI_TRACE_FILE_H

#include <stddef.h>

#include "sim/record.h"

/* Returns a descriptor that appends, close-on-exec; -errno. Its space is in $TMPDIR or /tmp. */
int cli_trace_file_open(void);

/* Empties it for another run. Returns 0, -errno. */
int cli_trace_file_reset(int fd);

/* A trace that is mapped for reading. */
struct cli_trace_view {
    const struct sim_record *records;
    size_t count;
};
/* Returns 0, -errno. */
int cli_trace_view_open(struct cli_trace_view *view, int fd);
void cli_trace_view_close(struct cli_trace_view *view);

/* The index of the first record that differs, or is in one of them only; SIZE_MAX: all are equal.
 */
size_t cli_trace_first_difference(const struct cli_trace_view *a, const struct cli_trace_view *b);

#endif
