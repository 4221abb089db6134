/* SPDX-License-Identifier: MIT */
/*
 * What leaves a run as text. Log lines go to the log's descriptor, and what daemons print to
 * stdout, or stderr, if whoever started the run wants it; both are buffered, and whoever writes
 * flushes the other first. The latest printed lines are kept for a finding.
 */
#include "scenarios/worker/worker.h"
#include "sim/host.h"
#include "sim/libc/libc.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BUFFER_BYTES ((size_t)64 * 1024)
#define HEAD_BYTES   256

struct buffer {
    size_t used;
    char text[BUFFER_BYTES];
};

struct output {
    struct buffer log, print;
    size_t kept; /* bytes in `latest`, whole lines */
    char latest[JOB_OUTPUT_BYTES];
};

void output_create(struct run *run)
{
    run->output = sim_host_alloc(sizeof *run->output);
}

void output_destroy(struct run *run)
{
    sim_host_free(run->output);
    run->output = NULL;
}

/* Host code in a machine's task, perhaps: out of its context, and its errno stays as it is. */
void output_write(int fd, const void *data, size_t size)
{
    struct sim_heap *heap = sim_context_leave();
    const int saved = errno;
    const char *bytes = data;

    while (size > 0) {
        const ssize_t written = syscall(SYS_write, fd, bytes, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            break; /* nobody reads any more: no reason to change the run */
        bytes += written;
        size -= (size_t)written;
    }
    errno = saved;
    sim_context_enter(heap);
}

static void flush(struct buffer *buffer, int fd)
{
    if (buffer->used)
        output_write(fd, buffer->text, buffer->used);
    buffer->used = 0;
}

static void append(struct buffer *buffer, int fd, const char *text, size_t size)
{
    if (size > BUFFER_BYTES)
        return;
    if (buffer->used + size > BUFFER_BYTES)
        flush(buffer, fd);
    memcpy(buffer->text + buffer->used, text, size);
    buffer->used += size;
}

static int print_fd(const struct run *run)
{
    return run->command->flags & JOB_PRINT_ASIDE ? STDERR_FILENO : STDOUT_FILENO;
}

void output_flush(struct run *run)
{
    flush(&run->output->log, run->command->log_fd);
    flush(&run->output->print, print_fd(run));
}

void output_take_log(void *arg, const char *text, size_t size)
{
    struct run *run = arg;

    if (run->command->log_fd < 0)
        return;
    flush(&run->output->print, print_fd(run));
    append(&run->output->log, run->command->log_fd, text, size);
    if (run->command->flags & JOB_FOREGROUND) /* in a debugger the latest line counts */
        output_flush(run);
}

/* Drops the oldest lines until there is room. */
static void keep_line(struct output *output, const char *line, size_t size)
{
    size_t drop = 0;

    if (size >= sizeof output->latest)
        return;
    while (output->kept - drop + size >= sizeof output->latest) {
        const char *end =
            memchr(output->latest + drop, '\n', output->kept - drop); /* there is one */
        drop = (size_t)(end - output->latest) + 1;
    }
    memmove(output->latest, output->latest + drop, output->kept - drop);
    output->kept -= drop;
    memcpy(output->latest + output->kept, line, size);
    output->kept += size;
}

void output_take_print(void *arg, const struct sim_machine *machine, int stream, const char *text,
                       size_t size)
{
    struct run *run = arg;
    const sm_time now = run->world->now;
    char line[HEAD_BYTES + SIM_LIBC_LINE_BYTES];
    int used = snprintf(line, HEAD_BYTES, "%5lld.%09lld %s %s ", (long long)(now / SM_S),
                        (long long)(now % SM_S), machine->name, stream == 1 ? "out" : "err");

    memcpy(line + used, text, size);
    line[(size_t)used + size] = '\n';
    const size_t length = (size_t)used + size + 1;
    keep_line(run->output, line, length);
    if (!(run->command->flags & JOB_KEEP_OUTPUT))
        return;
    flush(&run->output->log, run->command->log_fd);
    append(&run->output->print, print_fd(run), line, length);
    if (run->command->flags & JOB_FOREGROUND)
        output_flush(run);
}

void output_keep(const struct run *run, struct job_result *result)
{
    memcpy(result->output, run->output->latest, run->output->kept);
    result->output[run->output->kept] = '\0';
}
