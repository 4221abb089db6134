/* SPDX-License-Identifier: MIT */
/*
 * Descriptors of a machine: stdin, stdout, stderr, and the few files of paths.c. Data belongs on
 * the machine's disk (steelmill/disk.h), so opening any other file to read finds nothing, and to
 * write ends the run.
 */
#include "sim/libc/libc.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int sim_libc_file_open(const char *call, const char *path, int flags)
{
    const struct sim_libc_source *source = sim_libc_source_find(path);
    struct sim_libc *libc = sim_libc_here();

    if (!source && (flags & (O_CREAT | O_ACCMODE)))
        sim_libc_refuse(call, "files to write are opened with sm_file_open");
    if (!source)
        return sm__libc_error(ENOENT);
    if (source->kind == SIM_LIBC_TEXT && (flags & O_ACCMODE) != O_RDONLY)
        return sm__libc_error(EROFS);
    for (int i = 0; i < SIM_LIBC_FILES_MAX; i++) {
        if (libc->files[i].source)
            continue;
        libc->files[i] = (struct sim_libc_file){.source = source};
        return i + SIM_LIBC_FILE_FIRST;
    }
    return sm__libc_error(EMFILE);
}

struct sim_libc_file *sim_libc_file_at(int fd)
{
    const int i = fd - SIM_LIBC_FILE_FIRST;
    struct sim_libc *libc = sim_libc_here();

    if (i >= 0 && i < SIM_LIBC_FILES_MAX && libc->files[i].source)
        return &libc->files[i];
    errno = EBADF;
    return NULL;
}

static ssize_t read_text(const struct sim_libc_file *file, void *buffer, size_t size,
                         int64_t offset)
{
    char text[SIM_LIBC_TEXT_BYTES];

    file->source->print(sim_libc_here()->machine, text, sizeof text);
    const int64_t length = (int64_t)strlen(text);
    if (offset >= length)
        return 0;
    if (size > (size_t)(length - offset))
        size = (size_t)(length - offset);
    memcpy(buffer, text + offset, size);
    return (ssize_t)size;
}

static ssize_t read_at(const struct sim_libc_file *file, void *buffer, size_t size, int64_t offset)
{
    switch (file->source->kind) {
    case SIM_LIBC_RANDOM:
        sm_random_bytes(&sim_libc_here()->stream, buffer, size);
        return (ssize_t)size;
    case SIM_LIBC_ZERO:
        memset(buffer, 0, size);
        return (ssize_t)size;
    case SIM_LIBC_TEXT:
        return read_text(file, buffer, size, offset);
    case SIM_LIBC_NULL:
        break;
    }
    return 0;
}

ssize_t sim_libc_file_read(int fd, void *buffer, size_t size)
{
    if (fd == STDIN_FILENO)
        return 0;
    struct sim_libc_file *file = sim_libc_file_at(fd);
    if (!file)
        return -1;
    const ssize_t count = read_at(file, buffer, size, file->offset);
    file->offset += count;
    return count;
}

ssize_t sim_libc_file_write(int fd, const void *data, size_t size)
{
    if (fd == STDOUT_FILENO || fd == STDERR_FILENO) {
        sim_libc_output_take(sim_libc_here(), fd, data, size);
        return (ssize_t)size;
    }
    const struct sim_libc_file *file = sim_libc_file_at(fd);
    if (!file)
        return -1;
    return file->source->kind == SIM_LIBC_TEXT ? sm__libc_error(EBADF) : (ssize_t)size;
}

int64_t sim_libc_file_seek(int fd, int64_t offset, int whence)
{
    char text[SIM_LIBC_TEXT_BYTES] = "";
    struct sim_libc_file *file = sim_libc_file_at(fd);

    if (!file)
        return -1;
    if (file->source->kind != SIM_LIBC_TEXT)
        return 0;
    file->source->print(sim_libc_here()->machine, text, sizeof text);
    const int64_t from = whence == SEEK_SET   ? 0
                         : whence == SEEK_CUR ? file->offset
                                              : (int64_t)strlen(text);
    if (from + offset < 0)
        return sm__libc_error(EINVAL);
    return file->offset = from + offset;
}

int sim_libc_file_close(int fd)
{
    if (fd >= 0 && fd < SIM_LIBC_FILE_FIRST)
        return 0;
    struct sim_libc_file *file = sim_libc_file_at(fd);
    if (!file)
        return -1;
    file->source = NULL;
    return 0;
}

static void fill_stat(struct stat *out, const struct sim_libc_source *source)
{
    memset(out, 0, sizeof *out);
    out->st_mode = source && source->kind == SIM_LIBC_TEXT ? S_IFREG | 0444 : S_IFCHR | 0666;
    out->st_nlink = 1;
    out->st_blksize = 4096;
    if (source && source->kind == SIM_LIBC_TEXT) {
        char text[SIM_LIBC_TEXT_BYTES];
        source->print(sim_libc_here()->machine, text, sizeof text);
        out->st_size = (off_t)strlen(text);
    }
}

int sim_libc_file_stat(int fd, struct stat *out)
{
    const struct sim_libc_file *file = NULL;

    if (fd < 0 || fd >= SIM_LIBC_FILE_FIRST) {
        file = sim_libc_file_at(fd);
        if (!file)
            return -1;
    }
    fill_stat(out, file ? file->source : NULL);
    return 0;
}

int sim_libc_path_stat(const char *path, struct stat *out)
{
    const struct sim_libc_source *source = sim_libc_source_find(path);

    if (!source)
        return sm__libc_error(ENOENT);
    fill_stat(out, source);
    return 0;
}
