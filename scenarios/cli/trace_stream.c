/* SPDX-License-Identifier: MIT */
#include "scenarios/cli/trace_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "scenarios/cli/event_text.h"

static void print(struct cli_trace_stream *stream, const struct sim_record *record)
{
    if (stream->format == CLI_FORMAT_JSON) {
        cli_event_print_json(stream->out, stream->scn, record);
        fputc('\n', stream->out);
    } else {
        cli_event_print_text(stream->out, stream->scn, record);
    }
}

/* Prints what the pipe holds; false when nobody can read what we print. */
static bool drain(void *arg)
{
    struct cli_trace_stream *stream = arg;
    char *bytes = (char *)stream->records;
    for (;;) {
        ssize_t got =
            read(stream->read_fd, bytes + stream->bytes, sizeof stream->records - stream->bytes);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        stream->bytes += (size_t)got;
        size_t count = stream->bytes / sizeof stream->records[0];
        for (size_t i = 0; i < count; i++)
            print(stream, &stream->records[i]);
        stream->bytes -= count * sizeof stream->records[0];
        memmove(bytes, bytes + count * sizeof stream->records[0], stream->bytes);
    }
    return fflush(stream->out) == 0 && !ferror(stream->out);
}

int cli_trace_stream_open(struct cli_trace_stream *stream, struct cli_runner *runner, FILE *out,
                          enum cli_format format)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) != 0) {
        cli_error("no pipe for events: %s", strerror(errno));
        return CLI_NOT_JUDGED;
    }
    fcntl(fds[0], F_SETFL, O_NONBLOCK);
    stream->read_fd = fds[0];
    stream->write_fd = fds[1];
    stream->scn = runner->scenario->scn;
    stream->out = out;
    stream->format = format;
    stream->bytes = 0;
    runner->setup.trace_fds[0] = stream->write_fd;
    runner->pump = (struct cli_pump){.fd = stream->read_fd, .read = drain, .arg = stream};
    return 0;
}

void cli_trace_stream_close(struct cli_trace_stream *stream)
{
    close(stream->read_fd);
    close(stream->write_fd);
}
