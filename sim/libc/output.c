/* SPDX-License-Identifier: MIT */
/*
 * What a machine prints, put together to lines; and syslog.
 */
#include "sim/libc/libc.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#define EXPORT SM__LIBC_EXPORT

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

/* ---- syslog ---- */

EXPORT void openlog(const char *ident, int option, int facility)
{
    if (!sim_libc_inside()) {
        SM__LIBC_REAL(openlog)(ident, option, facility);
        return;
    }
    struct sim_libc *libc = sim_libc_here();
    snprintf(libc->log_ident, sizeof libc->log_ident, "%s", ident ? ident : "");
    libc->log_has_pid = option & LOG_PID;
}

EXPORT void closelog(void)
{
    if (!sim_libc_inside())
        SM__LIBC_REAL(closelog)();
}

/* A mask of 0 changes nothing. It is kept as what it leaves out, so that it begins as 0. */
EXPORT int setlogmask(int mask)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(setlogmask)(mask);
    struct sim_libc *libc = sim_libc_here();
    const int old = ~libc->log_left_out & LOG_UPTO(LOG_DEBUG);
    if (mask)
        libc->log_left_out = ~mask;
    return old;
}

static size_t print_head(const struct sim_libc *libc, int priority, char *text, size_t size)
{
    char pid[16] = "";

    if (libc->log_has_pid)
        snprintf(pid, sizeof pid, "[%d]", (int)getpid());
    return (size_t)snprintf(text, size, "syslog<%d> %s%s%s", LOG_PRI(priority), libc->log_ident,
                            pid, libc->log_ident[0] || pid[0] ? ": " : "");
}

EXPORT void vsyslog(int priority, const char *format, va_list args)
{
    char text[1024];
    const int error = errno; /* for %m */

    if (!sim_libc_inside()) {
        SM__LIBC_REAL(vsyslog)(priority, format, args);
        return;
    }
    struct sim_libc *libc = sim_libc_here();
    if (LOG_MASK(LOG_PRI(priority)) & libc->log_left_out)
        return;
    size_t used = print_head(libc, priority, text, sizeof text);
    errno = error;
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
