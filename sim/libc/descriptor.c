/* SPDX-License-Identifier: MIT */
/* libc's calls on paths and descriptors, answered by files.c. */
#include "sim/libc/libc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define EXPORT SM__LIBC_EXPORT

/* The third argument is there only if a file may be made. */
#define MODE_OF(flags, mode)                   \
    do {                                       \
        va_list args_;                         \
        va_start(args_, flags);                \
        if (flags & (O_CREAT | __O_TMPFILE))   \
            mode = (mode_t)va_arg(args_, int); \
        va_end(args_);                         \
    } while (0)

#define OPEN(name)                                                         \
    EXPORT int name(const char *path, int flags, ...)                      \
    {                                                                      \
        mode_t mode = 0;                                                   \
        MODE_OF(flags, mode);                                              \
        return sim_libc_inside() ? sim_libc_file_open("open", path, flags) \
                                 : SM__LIBC_REAL(name)(path, flags, mode); \
    }
#define OPENAT(name)                                                               \
    EXPORT int name(int folder, const char *path, int flags, ...)                  \
    {                                                                              \
        mode_t mode = 0;                                                           \
        MODE_OF(flags, mode);                                                      \
        return sim_libc_inside() ? sim_libc_file_open("openat", path, flags)       \
                                 : SM__LIBC_REAL(name)(folder, path, flags, mode); \
    }

OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

extern int __open_2(const char *path, int flags);
extern int __open64_2(const char *path, int flags);
extern int __openat_2(int folder, const char *path, int flags);
extern int __openat64_2(int folder, const char *path, int flags);

EXPORT int __open_2(const char *path, int flags)
{
    return open(path, flags);
}

EXPORT int __open64_2(const char *path, int flags)
{
    return open64(path, flags);
}

EXPORT int __openat_2(int folder, const char *path, int flags)
{
    return openat(folder, path, flags);
}

EXPORT int __openat64_2(int folder, const char *path, int flags)
{
    return openat64(folder, path, flags);
}

EXPORT int creat(const char *path, mode_t mode)
{
    return open(path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

EXPORT ssize_t read(int fd, void *buffer, size_t size)
{
    return sim_libc_inside() ? sim_libc_file_read(fd, buffer, size)
                             : SM__LIBC_REAL(read)(fd, buffer, size);
}

extern ssize_t __read_chk(int fd, void *buffer, size_t size, size_t room);

EXPORT ssize_t __read_chk(int fd, void *buffer, size_t size, size_t room)
{
    SM_ASSERT_MSG(size <= room, "read of %zu bytes into a buffer of %zu", size, room);
    return read(fd, buffer, size);
}

EXPORT ssize_t write(int fd, const void *data, size_t size)
{
    return sim_libc_inside() ? sim_libc_file_write(fd, data, size)
                             : SM__LIBC_REAL(write)(fd, data, size);
}

EXPORT ssize_t writev(int fd, const struct iovec *parts, int count)
{
    ssize_t total = 0;

    if (!sim_libc_inside())
        return SM__LIBC_REAL(writev)(fd, parts, count);
    for (int i = 0; i < count; i++) {
        const ssize_t written = sim_libc_file_write(fd, parts[i].iov_base, parts[i].iov_len);
        if (written < 0)
            return -1;
        total += written;
    }
    return total;
}

EXPORT int close(int fd)
{
    return sim_libc_inside() ? sim_libc_file_close(fd) : SM__LIBC_REAL(close)(fd);
}

#define SEEK(name, type)                                                        \
    EXPORT type name(int fd, type offset, int whence)                           \
    {                                                                           \
        return sim_libc_inside() ? (type)sim_libc_file_seek(fd, offset, whence) \
                                 : SM__LIBC_REAL(name)(fd, offset, whence);     \
    }

SEEK(lseek, off_t)
SEEK(lseek64, off64_t)

EXPORT int isatty(int fd)
{
    return sim_libc_inside() ? (errno = ENOTTY, 0) : SM__LIBC_REAL(isatty)(fd);
}

_Static_assert(sizeof(struct stat) == sizeof(struct stat64), "one layout, two names");

#define FSTAT(name, type)                                                             \
    EXPORT int name(int fd, type *out)                                                \
    {                                                                                 \
        return sim_libc_inside() ? sim_libc_file_stat(fd, (struct stat *)(void *)out) \
                                 : SM__LIBC_REAL(name)(fd, out);                      \
    }
#define STAT(name, type)                                                                \
    EXPORT int name(const char *restrict path, type *restrict out)                      \
    {                                                                                   \
        return sim_libc_inside() ? sim_libc_path_stat(path, (struct stat *)(void *)out) \
                                 : SM__LIBC_REAL(name)(path, out);                      \
    }

FSTAT(fstat, struct stat)
FSTAT(fstat64, struct stat64)
STAT(stat, struct stat)
STAT(stat64, struct stat64)
STAT(lstat, struct stat)
STAT(lstat64, struct stat64)

EXPORT int access(const char *path, int mode)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(access)(path, mode);
    const struct sim_libc_source *source = sim_libc_source_find(path);
    if (!source)
        return sm__libc_error(ENOENT);
    return source->kind == SIM_LIBC_TEXT && (mode & (W_OK | X_OK)) ? sm__libc_error(EACCES) : 0;
}

EXPORT DIR *opendir(const char *path)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(opendir)(path);
    errno = ENOENT;
    return NULL;
}

EXPORT ssize_t readlink(const char *restrict path, char *restrict buffer, size_t size)
{
    return sim_libc_inside() ? sm__libc_error(ENOENT) : SM__LIBC_REAL(readlink)(path, buffer, size);
}

/* ---- streams ---- */

static ssize_t stream_read(void *cookie, char *buffer, size_t size)
{
    return sim_libc_file_read((int)(intptr_t)cookie, buffer, size);
}

static ssize_t stream_write(void *cookie, const char *data, size_t size)
{
    return sim_libc_file_write((int)(intptr_t)cookie, data, size);
}

static int stream_seek(void *cookie, off64_t *offset, int whence)
{
    const int64_t at = sim_libc_file_seek((int)(intptr_t)cookie, *offset, whence);

    *offset = at;
    return at < 0 ? -1 : 0;
}

static int stream_close(void *cookie)
{
    return sim_libc_file_close((int)(intptr_t)cookie);
}

static FILE *open_stream(int fd, const char *mode)
{
    const cookie_io_functions_t functions = {stream_read, stream_write, stream_seek, stream_close};
    FILE *stream = fopencookie((void *)(intptr_t)fd, mode, functions);

    if (stream && fd >= SIM_LIBC_FILE_FIRST)
        sim_libc_file_at(fd)->stream = stream;
    return stream;
}

static FILE *open_path(const char *path, const char *mode)
{
    const bool both = strchr(mode, '+');
    const int access = both ? O_RDWR : mode[0] == 'r' ? O_RDONLY : O_WRONLY;
    const int fd = sim_libc_file_open("fopen", path, access | (mode[0] == 'r' ? 0 : O_CREAT));

    return fd < 0 ? NULL : open_stream(fd, mode);
}

EXPORT FILE *fopen(const char *restrict path, const char *restrict mode)
{
    return sim_libc_inside() ? open_path(path, mode) : SM__LIBC_REAL(fopen)(path, mode);
}

EXPORT FILE *fopen64(const char *restrict path, const char *restrict mode)
{
    return sim_libc_inside() ? open_path(path, mode) : SM__LIBC_REAL(fopen64)(path, mode);
}

EXPORT FILE *fdopen(int fd, const char *mode)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(fdopen)(fd, mode);
    if (fd < 0 || fd >= SIM_LIBC_FILE_FIRST) {
        if (!sim_libc_file_at(fd))
            return NULL;
    }
    return open_stream(fd, mode);
}

/* Closing a stream that all machines share closes nothing. */
EXPORT int fclose(FILE *stream)
{
    return sim_libc_inside() && sim_libc_standard(stream) >= 0 ? 0 : SM__LIBC_REAL(fclose)(stream);
}

static int number_of(FILE *stream)
{
    const struct sim_libc *libc = sim_libc_here();
    const int standard = sim_libc_standard(stream);

    if (standard >= 0)
        return standard;
    for (int i = 0; i < SIM_LIBC_FILES_MAX; i++) {
        if (libc->files[i].source && libc->files[i].stream == stream)
            return i + SIM_LIBC_FILE_FIRST;
    }
    return sm__libc_error(EBADF);
}

EXPORT int fileno(FILE *stream)
{
    return sim_libc_inside() ? number_of(stream) : SM__LIBC_REAL(fileno)(stream);
}

EXPORT int fileno_unlocked(FILE *stream)
{
    return sim_libc_inside() ? number_of(stream) : SM__LIBC_REAL(fileno_unlocked)(stream);
}

/* ---- formatted output to a number ---- */

static int print_to(int fd, const char *format, va_list args)
{
    char *text;
    const int size = vasprintf(&text, format, args);

    if (size < 0)
        return -1;
    const ssize_t written = sim_libc_file_write(fd, text, (size_t)size);
    free(text);
    return (int)written;
}

EXPORT int vdprintf(int fd, const char *format, va_list args)
{
    return sim_libc_inside() ? print_to(fd, format, args)
                             : SM__LIBC_REAL(vdprintf)(fd, format, args);
}

EXPORT int dprintf(int fd, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    const int size = vdprintf(fd, format, args);
    va_end(args);
    return size;
}

extern int __vdprintf_chk(int fd, int flag, const char *format, va_list args);
extern int __dprintf_chk(int fd, int flag, const char *format, ...);

EXPORT int __vdprintf_chk(int fd, int flag, const char *format, va_list args)
{
    (void)flag;
    return vdprintf(fd, format, args);
}

EXPORT int __dprintf_chk(int fd, int flag, const char *format, ...)
{
    va_list args;

    (void)flag;
    va_start(args, format);
    const int size = vdprintf(fd, format, args);
    va_end(args);
    return size;
}
