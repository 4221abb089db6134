/* SPDX-License-Identifier: MIT */
/* Files: what they hold, what is refused, what cancellation means. */
#include "tests/conformance/conformance.h"

#include <string.h>

#define READ_WRITE (SM_FILE_READ | SM_FILE_WRITE)

static struct sm_disk *disk(void)
{
    return sm_disk_get(conformance_factory());
}

static struct sm_file *open_file(const char *path, uint32_t flags)
{
    struct sm_file *file;

    ck_assert_int_eq(sm_file_open(disk(), &file, path, flags), 0);
    return file;
}

/* What was written is read, also by another handle; a read is short only at the end. */
CONFORMS(write_and_read)
{
    struct sm_file *file = open_file("data", READ_WRITE | SM_FILE_CREATE);
    char buffer[16] = "";

    ck_assert_int_eq(sm_file_pwrite(file, "abcdef", 6, 2), 0);
    ck_assert_int_eq(sm_file_size(file), 8);
    ck_assert_int_eq(sm_file_fsync(file), 0);
    ck_assert_int_eq(sm_file_pread(file, buffer, 16, 0), 8);
    ck_assert_mem_eq(buffer, "\0\0abcdef", 8);
    ck_assert_int_eq(sm_file_pread(file, buffer, 16, 8), 0);
    sm_file_close(file);
    file = open_file("data", SM_FILE_READ);
    ck_assert_int_eq(sm_file_pread(file, buffer, 3, 4), 3);
    ck_assert_mem_eq(buffer, "cde", 3);
    sm_file_close(file);
    sm_file_close(NULL);
}

/* Opening: a missing file, one that must not be there, one that loses its contents. */
CONFORMS(open_flags)
{
    struct sm_file *file = (void *)1;

    ck_assert_int_eq(sm_file_open(disk(), &file, "none", READ_WRITE), -ENOENT);
    ck_assert_ptr_null(file);
    file = open_file("new", SM_FILE_WRITE | SM_FILE_CREATE | SM_FILE_EXCL);
    ck_assert_int_eq(sm_file_pwrite(file, "abc", 3, 0), 0);
    sm_file_close(file);
    ck_assert_int_eq(
        sm_file_open(disk(), &file, "new", SM_FILE_WRITE | SM_FILE_CREATE | SM_FILE_EXCL), -EEXIST);
    file = open_file("new", SM_FILE_WRITE | SM_FILE_TRUNC);
    ck_assert_int_eq(sm_file_size(file), 0);
    sm_file_close(file);
}

/* Paths and flags that make no sense are refused. */
CONFORMS(open_bad_arguments)
{
    static const char *const paths[] = {"", "/a", "a/", "a//b", "../a", "a/..", "./a", "."};
    struct sm_file *file;

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        ck_assert_int_eq(sm_file_open(disk(), &file, paths[i], READ_WRITE | SM_FILE_CREATE),
                         -EINVAL);
    ck_assert_int_eq(sm_file_open(disk(), &file, "a", 0), -EINVAL);
    ck_assert_int_eq(sm_file_open(disk(), &file, "a", SM_FILE_READ | SM_FILE_TRUNC), -EINVAL);
    ck_assert_int_eq(sm_file_open(disk(), &file, "a", SM_FILE_READ | SM_FILE_EXCL), -EINVAL);
    ck_assert_int_eq(sm_file_open(disk(), &file, "a", 1u << 20), -EINVAL);
}

/* A handle does what it was opened for, at places that exist. */
CONFORMS(handle_bad_arguments)
{
    struct sm_file *writer = open_file("a", SM_FILE_WRITE | SM_FILE_CREATE);
    struct sm_file *reader = open_file("a", SM_FILE_READ);
    char byte = 'x';

    ck_assert_int_eq(sm_file_pread(writer, &byte, 1, 0), -EBADF);
    ck_assert_int_eq(sm_file_pwrite(reader, &byte, 1, 0), -EBADF);
    ck_assert_int_eq(sm_file_truncate(reader, 0), -EBADF);
    ck_assert_int_eq(sm_file_pread(reader, &byte, 1, -1), -EINVAL);
    ck_assert_int_eq(sm_file_pwrite(writer, &byte, 1, -1), -EINVAL);
    ck_assert_int_eq(sm_file_truncate(writer, -1), -EINVAL);
    sm_file_close(writer);
    sm_file_close(reader);
}

/* A file grows by zeros and shrinks from its end. */
CONFORMS(truncate_both_ways)
{
    struct sm_file *file = open_file("a", READ_WRITE | SM_FILE_CREATE);
    char buffer[8] = "";

    ck_assert_int_eq(sm_file_pwrite(file, "abcd", 4, 0), 0);
    ck_assert_int_eq(sm_file_truncate(file, 2), 0);
    ck_assert_int_eq(sm_file_truncate(file, 4), 0);
    ck_assert_int_eq(sm_file_pread(file, buffer, 8, 0), 4);
    ck_assert_mem_eq(buffer, "ab\0\0", 4);
    sm_file_close(file);
}

/* Names: directories are made first; a rename moves; what was removed lives on for who has it. */
CONFORMS(names)
{
    struct sm_file *file, *other;
    char buffer[4] = "";

    ck_assert_int_eq(sm_file_open(disk(), &file, "log/1", READ_WRITE | SM_FILE_CREATE), -ENOENT);
    ck_assert_int_eq(sm_disk_mkdir(disk(), "log"), 0);
    ck_assert_int_eq(sm_disk_mkdir(disk(), "log/2026"), 0);
    ck_assert_int_eq(sm_disk_mkdir(disk(), "archive"), 0);
    file = open_file("log/2026/1", READ_WRITE | SM_FILE_CREATE);
    ck_assert_int_eq(sm_file_pwrite(file, "new", 3, 0), 0);
    ck_assert_int_eq(sm_disk_rename(disk(), "log/2026/1", "archive/1"), 0);
    ck_assert_int_eq(sm_file_open(disk(), &other, "log/2026/1", SM_FILE_READ), -ENOENT);
    ck_assert_int_eq(sm_disk_sync(disk()), 0);
    ck_assert_int_eq(sm_disk_unlink(disk(), "archive/1"), 0);
    ck_assert_int_eq(sm_disk_unlink(disk(), "archive/1"), -ENOENT);
    ck_assert_int_eq(sm_disk_rename(disk(), "archive/1", "b"), -ENOENT);
    ck_assert_int_eq(sm_disk_rename(disk(), "log/2026/1", "../b"), -EINVAL);
    ck_assert_int_eq(sm_file_pread(file, buffer, 3, 0), 3);
    ck_assert_mem_eq(buffer, "new", 3);
    sm_file_close(file);
}

static int sync_file(void *file)
{
    return sm_file_fsync(file);
}

/* A cancelled task does nothing on the disk. */
CONFORMS(disk_was_cancelled)
{
    struct sm_file *file = open_file("a", READ_WRITE | SM_FILE_CREATE);

    ck_assert_int_eq(conformance_cancelled_before(sync_file, file), -ECANCELED);
    sm_file_close(file);
}

static int write_for_ever(void *file)
{
    static char bytes[65536];
    int error = 0;

    while (!error)
        error = sm_file_pwrite(file, bytes, sizeof bytes, 0);
    return error;
}

/* Calls under way are cancelled, and the file can be closed then: nobody uses it any more. */
CONFORMS(disk_is_cancelled)
{
    struct sm_file *file = open_file("a", READ_WRITE | SM_FILE_CREATE);

    ck_assert_int_eq(conformance_cancelled(write_for_ever, file), -ECANCELED);
    sm_file_close(file);
}

/* A factory that stops ends the work of its daemons on the disk. */
CONFORMS(disk_factory_stops)
{
    struct sm_file *file = open_file("a", READ_WRITE | SM_FILE_CREATE);

    ck_assert_int_eq(conformance_stopped(write_for_ever, file), -ECANCELED);
    sm_file_close(file);
}

CONFORMANCE_TESTS(disk, write_and_read, open_flags, open_bad_arguments, handle_bad_arguments,
                  truncate_both_ways, names, disk_was_cancelled, disk_is_cancelled,
                  disk_factory_stops)
