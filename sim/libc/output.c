/* SPDX-License-Identifier: MIT */
/*
 * stdout, stderr and syslog. While worlds run, the process's two streams are unbuffered ones whose
 * writes come here, so that libc keeps nothing of a machine's between two calls; lines are put
 * together per machine.
 */
#include "sim/libc/libc.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio_ext.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <syslog.h>
#include <unistd.h>

#define EXPORT SM__LIBC_EXPORT

static FILE *streams[3];
static FILE *before[3]; /* the process's */

/* ---- lines ---- */

static void emit(const struct sim_libc *libc, int stream, const char *text, size_t size)
{
    const struct sim_world *world = libc->machine->world;
    struct sim_heap *heap = sim_context_leave();

    if (world->options.output)
        world->options.output(world->options.arg, libc->machine, stream, text, size);
    sim_context_enter(heap);
}

static void flush_line(struct sim_libc *libc, int stream)
{
    struct sim_libc_line *line = &libc->output[stream - 1];

    if (line->used)
        emit(libc, stream, line->text, line->used);
    line->used = 0;
}

/* Lines that are too long are cut into pieces. */
void sim_libc_output_take(struct sim_libc *libc, int stream, const char *text, size_t size)
{
    struct sim_libc_line *line = &libc->output[stream - 1];

    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\n' && line->used == 0)
            emit(libc, stream, "", 0);
        if (text[i] == '\n' || line->used == sizeof line->text)
            flush_line(libc, stream);
        if (text[i] != '\n')
            line->text[line->used++] = text[i];
    }
}

void sim_libc_output_flush(struct sim_libc *libc)
{
    flush_line(libc, STDOUT_FILENO);
    flush_line(libc, STDERR_FILENO);
}

/* ---- the process's streams ---- */

static ssize_t stream_write(void *cookie, const char *text, size_t size)
{
    const int stream = (int)(intptr_t)cookie;

    if (sim_libc_inside()) {
        sim_libc_output_take(sim_libc_here(), stream, text, size);
        return (ssize_t)size;
    }
    return syscall(SYS_write, stream, text, size);
}

/* A machine's stdin is empty. */
static ssize_t stream_read(void *cookie, char *text, size_t size)
{
    return sim_libc_inside() ? 0 : syscall(SYS_read, (int)(intptr_t)cookie, text, size);
}

static FILE *open_stream(int number)
{
    const cookie_io_functions_t functions = {.read = stream_read, .write = stream_write};
    FILE *stream = fopencookie((void *)(intptr_t)number, number ? "w" : "r", functions);

    SM_ASSERT(stream);
    setvbuf(stream, NULL, _IONBF, 0);
    __fsetlocking(stream, FSETLOCKING_BYCALLER); /* a crash may leave the lock taken */
    return stream;
}

void sim_libc_output_attach(void)
{
    for (int i = 0; !streams[2] && i < 3; i++)
        streams[i] = open_stream(i);
    if (stdout == streams[STDOUT_FILENO])
        return;
    fflush(stdout);
    before[0] = stdin;
    before[1] = stdout;
    before[2] = stderr;
    stdin = streams[0];
    stdout = streams[1];
    stderr = streams[2];
}

void sim_libc_output_detach(void)
{
    stdin = before[0];
    stdout = before[1];
    stderr = before[2];
}

int sim_libc_standard(const FILE *stream)
{
    for (int i = 0; i < 3; i++) {
        if (streams[i] == stream)
            return i;
    }
    return -1;
}

void sim_libc_output_forget(const struct sim_heap *heap)
{
    static FILE **all;

    if (!all) /* by its name it would be the program's copy of the variable */
        all = sm__libc_next("_IO_list_all");
    FILE **link = all;
    while (*link) {
        if (sim_heap_holds(heap, *link))
            *link = (*link)->_chain;
        else
            link = &(*link)->_chain;
    }
}

/* ---- what would change the streams for all machines ---- */

EXPORT int setvbuf(FILE *restrict stream, char *restrict buffer, int mode, size_t size)
{
    return sim_libc_inside() && sim_libc_standard(stream) >= 0
               ? 0
               : SM__LIBC_REAL(setvbuf)(stream, buffer, mode, size);
}

EXPORT void setbuf(FILE *restrict stream, char *restrict buffer)
{
    (void)setvbuf(stream, buffer, buffer ? _IOFBF : _IONBF, BUFSIZ);
}

EXPORT void setbuffer(FILE *restrict stream, char *restrict buffer, size_t size)
{
    (void)setvbuf(stream, buffer, buffer ? _IOFBF : _IONBF, size);
}

EXPORT void setlinebuf(FILE *stream)
{
    (void)setvbuf(stream, NULL, _IOLBF, 0);
}

/* ---- syslog ---- */

EXPORT void openlog(const char *ident, int option, int facility)
{
    if (!sim_libc_inside()) {
        SM__LIBC_REAL(openlog)(ident, option, facility);
        return;
    }
    struct sim_libc *libc = sim_libc_here();
    snprintf(libc->log_ident, sizeof libc->log_ident, "%s", ident ? ident : "");
}

EXPORT void closelog(void)
{
    if (!sim_libc_inside())
        SM__LIBC_REAL(closelog)();
}

EXPORT int setlogmask(int mask)
{
    return sim_libc_inside() ? LOG_UPTO(LOG_DEBUG) : SM__LIBC_REAL(setlogmask)(mask);
}

EXPORT void vsyslog(int priority, const char *format, va_list args)
{
    char text[1024];

    if (!sim_libc_inside()) {
        SM__LIBC_REAL(vsyslog)(priority, format, args);
        return;
    }
    struct sim_libc *libc = sim_libc_here();
    size_t used = (size_t)snprintf(text, sizeof text, "syslog<%d> %s%s", LOG_PRI(priority),
                                   libc->log_ident, libc->log_ident[0] ? ": " : "");
    vsnprintf(text + used, sizeof text - used - 1, format, args);
    used = strlen(text);
    if (text[used - 1] != '\n')
        text[used++] = '\n';
    flush_line(libc, STDERR_FILENO);
    sim_libc_output_take(libc, STDERR_FILENO, text, used);
}

EXPORT void syslog(int priority, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsyslog(priority, format, args);
    va_end(args);
}

extern void __vsyslog_chk(int priority, int flag, const char *format, va_list args);
extern void __syslog_chk(int priority, int flag, const char *format, ...);

EXPORT void __vsyslog_chk(int priority, int flag, const char *format, va_list args)
{
    (void)flag;
    vsyslog(priority, format, args);
}

EXPORT void __syslog_chk(int priority, int flag, const char *format, ...)
{
    va_list args;

    (void)flag;
    va_start(args, format);
    vsyslog(priority, format, args);
    va_end(args);
}
