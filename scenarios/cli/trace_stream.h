/* SPDX-License-Identifier: MIT */
/* Event records on their way from a worker to a file for people or programs, while they happen. */
#ifndef STEELMILL_SCENARIOS_CLI_TRACE_STREAM_H
#define STEELMILL_SCENARIOS_CLI_TRACE_STREAM_H

#include <stdio.h>

#include "scenarios/cli/runner.h"
#include "sim/record.h"

#define CLI_TRACE_RECORDS 256

struct cli_trace_stream {
    int read_fd, write_fd;
    const struct scn *scn;
    FILE *out;
    enum cli_format format;
    size_t bytes; /* of a record that is not complete yet */
    struct sim_record records[CLI_TRACE_RECORDS];
};

/*
 * Opens a pipe for records and plugs it into a runner that has not started its worker yet. The
 * command's trace_fd is then `write_fd`.
 * Returns: 0, CLI_NOT_JUDGED after a message.
 */
int cli_trace_stream_open(struct cli_trace_stream *stream, struct cli_runner *runner, FILE *out,
                          enum cli_format format);
void cli_trace_stream_close(struct cli_trace_stream *stream);

#endif
