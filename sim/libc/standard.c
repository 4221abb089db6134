/* SPDX-License-Identifier: MIT */
/*
 * stdin, stdout and stderr. While worlds run, the process's are unbuffered ones whose reads and
 * writes come here, so that libc keeps no text of a machine's between two calls. What it does keep,
 * that a stream is at its end or has failed, follows the running machine once one has used them.
 * Wide characters, which such streams do not take, go by functions of ours.
 */
#include "sim/libc/libc.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio_ext.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <wchar.h>

#define EXPORT SM__LIBC_EXPORT
#define STATE  (_IO_EOF_SEEN | _IO_ERR_SEEN)

static FILE *streams[SIM_LIBC_FILE_FIRST];
static FILE *before[SIM_LIBC_FILE_FIRST]; /* the process's */
static bool is_attending;                 /* a machine has used them */
static struct sim_machine *attended;      /* whose state they have; NULL: the world's */

/* ---- their state ---- */

static void load(const int *flags)
{
    for (int i = 0; i < SIM_LIBC_FILE_FIRST; i++)
        streams[i]->_flags = (streams[i]->_flags & ~STATE) | (flags ? flags[i] : 0);
}

void sim_libc_streams_follow(struct sim_machine *machine)
{
    if (!is_attending || machine == attended)
        return;
    struct sim_libc *old = attended ? attended->libc : NULL, *next = machine ? machine->libc : NULL;
    for (int i = 0; old && i < SIM_LIBC_FILE_FIRST; i++)
        old->stream_flags[i] = streams[i]->_flags & STATE;
    load(next ? next->stream_flags : NULL);
    attended = machine;
}

/* The machine is off. */
void sim_libc_streams_finish(const struct sim_machine *machine)
{
    if (is_attending && machine == attended)
        load(NULL);
}

static void attend(struct sim_libc *libc)
{
    is_attending = true;
    attended = libc->machine;
    sim_libc_follow(libc);
}

/* ---- the process's streams ---- */

static ssize_t stream_write(void *cookie, const char *text, size_t size)
{
    const int stream = (int)(intptr_t)cookie;

    if (sim_libc_inside()) {
        struct sim_libc *libc = sim_libc_here();
        attend(libc);
        sim_libc_output_take(libc, stream, text, size);
        return (ssize_t)size;
    }
    return syscall(SYS_write, stream, text, size);
}

/* A machine's stdin is empty, but for what it has put there. */
static ssize_t stream_read(void *cookie, char *text, size_t size)
{
    if (!sim_libc_inside())
        return syscall(SYS_read, (int)(intptr_t)cookie, text, size);
    struct sim_libc *libc = sim_libc_here();
    attend(libc);
    if (libc->unread_count == 0)
        return 0;
    text[0] = libc->unread[--libc->unread_count];
    return 1;
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

void sim_libc_streams_attach(void)
{
    for (int i = 0; !streams[2] && i < 3; i++)
        streams[i] = open_stream(i);
    load(NULL);
    is_attending = false;
    attended = NULL;
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

void sim_libc_streams_detach(void)
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

void sim_libc_streams_forget(const struct sim_heap *heap)
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

EXPORT int ungetc(int c, FILE *stream)
{
    if (!sim_libc_inside() || sim_libc_standard(stream) < 0)
        return SM__LIBC_REAL(ungetc)(c, stream);
    struct sim_libc *libc = sim_libc_here();
    if (stream != streams[STDIN_FILENO] || c == EOF || libc->unread_count == sizeof libc->unread)
        return EOF;
    attend(libc);
    libc->unread[libc->unread_count++] = (char)c;
    stream->_flags &= ~_IO_EOF_SEEN;
    return (unsigned char)c;
}

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

/* ---- wide characters ---- */

/* Whether it is a stream whose text a machine keeps. */
static bool is_output(const FILE *stream)
{
    return sim_libc_inside() && sim_libc_standard(stream) > 0;
}

static int print_wide(const FILE *stream, const wchar_t *text, size_t count)
{
    char bytes[MB_LEN_MAX];
    mbstate_t state = {0};

    for (size_t i = 0; i < count; i++) {
        const size_t size = wcrtomb(bytes, text[i], &state);
        if (size == (size_t)-1)
            return -1;
        sim_libc_output_take(sim_libc_here(), sim_libc_standard(stream), bytes, size);
    }
    return (int)count;
}

EXPORT int vfwprintf(FILE *restrict stream, const wchar_t *restrict format, va_list args)
{
    wchar_t text[1024];

    if (!is_output(stream))
        return SM__LIBC_REAL(vfwprintf)(stream, format, args);
    const int count = vswprintf(text, sizeof text / sizeof text[0], format, args);
    return count < 0 ? -1 : print_wide(stream, text, (size_t)count);
}

EXPORT int vwprintf(const wchar_t *restrict format, va_list args)
{
    return vfwprintf(stdout, format, args);
}

EXPORT int fwprintf(FILE *restrict stream, const wchar_t *restrict format, ...)
{
    va_list args;

    va_start(args, format);
    const int count = vfwprintf(stream, format, args);
    va_end(args);
    return count;
}

EXPORT int wprintf(const wchar_t *restrict format, ...)
{
    va_list args;

    va_start(args, format);
    const int count = vfwprintf(stdout, format, args);
    va_end(args);
    return count;
}

EXPORT int fputws(const wchar_t *restrict text, FILE *restrict stream)
{
    return is_output(stream) ? print_wide(stream, text, wcslen(text))
                             : SM__LIBC_REAL(fputws)(text, stream);
}

EXPORT wint_t fputwc(wchar_t c, FILE *stream)
{
    if (!is_output(stream))
        return SM__LIBC_REAL(fputwc)(c, stream);
    return print_wide(stream, &c, 1) == 1 ? (wint_t)c : WEOF;
}

EXPORT wint_t putwc(wchar_t c, FILE *stream)
{
    return fputwc(c, stream);
}

EXPORT wint_t putwchar(wchar_t c)
{
    return fputwc(c, stdout);
}
