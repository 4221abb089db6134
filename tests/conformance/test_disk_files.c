/* SPDX-License-Identifier: MIT */
/* The matrix of the disk's calls on open files: transfers, sizes, space, and locks. */
#include "tests/conformance/conformance.h"

#include <limits.h>
#include <stdlib.h>
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

/* ---- transfers ---- */

/* Vectored calls move their pieces in turn, as one, and say how much. */
CONFORMS(vectored)
{
    struct sm_file *file = open_file("f", READ_WRITE | SM_FILE_CREATE);
    char a[3] = "", b[8] = "", text[] = "abcdefg";
    const struct iovec out[] = {{text, 3}, {text, 0}, {text + 3, 4}};
    const struct iovec in[] = {{a, 2}, {b, sizeof b}};

    ck_assert_int_eq(sm_file_pwritev(file, out, 3, 1), 7);
    ck_assert_int_eq(sm_file_size(file), 8);
    ck_assert_int_eq(sm_file_preadv(file, in, 2, 1), 7);
    ck_assert_str_eq(a, "ab");
    ck_assert_mem_eq(b, "cdefg", 5);
    ck_assert_int_eq(sm_file_preadv(file, in, 2, 8), 0);
    ck_assert_int_eq(sm_file_preadv(file, in, 0, 0), 0);
    ck_assert_int_eq(sm_file_pwritev(file, out, 0, 99), 0);
    ck_assert_int_eq(sm_file_size(file), 8);
    sm_file_close(file);
}

/* Transfers that make no sense, or that the handle was not opened for, are refused. */
CONFORMS(transfers_refused)
{
    struct sm_file *reader, *writer = open_file("f", SM_FILE_WRITE | SM_FILE_CREATE);
    char byte = 'x';
    const struct iovec piece = {&byte, 1}, huge[2] = {{&byte, INT_MAX}, {&byte, 1}};

    reader = open_file("f", SM_FILE_READ);
    ck_assert_int_eq(sm_file_preadv(writer, &piece, 1, 0), -EBADF);
    ck_assert_int_eq(sm_file_pwritev(reader, &piece, 1, 0), -EBADF);
    ck_assert_int_eq(sm_file_allocate(reader, 0, 1), -EBADF);
    ck_assert_int_eq(sm_file_preadv(reader, &piece, -1, 0), -EINVAL);
    ck_assert_int_eq(sm_file_preadv(reader, &piece, SM_FILE_PIECES_MAX + 1, 0), -EINVAL);
    ck_assert_int_eq(sm_file_preadv(reader, &piece, 1, -1), -EINVAL);
    ck_assert_int_eq(sm_file_pwritev(writer, huge, 2, 0), -EINVAL);
    ck_assert_int_eq(sm_file_pread(reader, &byte, (size_t)INT_MAX + 1, 0), -EINVAL);
    ck_assert_int_eq(sm_file_allocate(writer, -1, 1), -EINVAL);
    ck_assert_int_eq(sm_file_allocate(writer, 0, 0), -EINVAL);
    ck_assert_int_eq(sm_file_size(writer), 0);
    sm_file_close(reader);
    sm_file_close(writer);
}

/* Past the page cache: everything is a multiple of a block, or refused. */
CONFORMS(direct)
{
    enum { BLOCK = SM_FILE_DIRECT_BYTES };
    char *block = aligned_alloc(BLOCK, 2 * BLOCK);
    struct sm_file *file = open_file("f", READ_WRITE | SM_FILE_CREATE | SM_FILE_DIRECT);

    memset(block, 'x', 2 * BLOCK);
    ck_assert_int_eq(sm_file_pwrite(file, block, BLOCK, BLOCK), 0);
    ck_assert_int_eq(sm_file_size(file), 2 * BLOCK);
    ck_assert_int_eq(sm_file_pwrite(file, block, BLOCK, 1), -EINVAL);
    ck_assert_int_eq(sm_file_pwrite(file, block, 1, 0), -EINVAL);
    ck_assert_int_eq(sm_file_pwrite(file, block + 1, BLOCK, 0), -EINVAL);
    ck_assert_int_eq(sm_file_pread(file, block, BLOCK, 512), -EINVAL);
    ck_assert_int_eq(sm_file_pread(file, block, 512, 0), -EINVAL);
    ck_assert_int_eq(sm_file_truncate(file, BLOCK + 5), 0);
    ck_assert_int_eq(sm_file_pread(file, block, 2 * BLOCK, 0), BLOCK + 5);
    ck_assert(block[0] == '\0' && block[BLOCK] == 'x');
    sm_file_close(file);
    free(block);
}

/* ---- sizes ---- */

/* Taking space lengthens a file, never shortens it, and leaves what is there. */
CONFORMS(allocate)
{
    struct sm_file *file = open_file("f", READ_WRITE | SM_FILE_CREATE);
    char bytes[10] = "";

    ck_assert_int_eq(sm_file_pwrite(file, "abc", 3, 4), 0);
    ck_assert_int_eq(sm_file_allocate(file, 0, 5), 0);
    ck_assert_int_eq(sm_file_size(file), 7);
    ck_assert_int_eq(sm_file_allocate(file, 5, 5000), 0);
    ck_assert_int_eq(sm_file_size(file), 5005);
    ck_assert_int_eq(sm_file_pread(file, bytes, 10, 0), 10);
    ck_assert_mem_eq(bytes, "\0\0\0\0abc\0\0\0", 10);
    ck_assert_int_eq(sm_file_fdatasync(file), 0);
    sm_file_close(file);
}

/* Beyond what a file may be, in either world, there is no writing. */
CONFORMS(too_big)
{
    struct sm_file *file = open_file("f", READ_WRITE | SM_FILE_CREATE);

    ck_assert_int_eq(sm_file_pwrite(file, "x", 1, INT64_MAX - 1), -EFBIG);
    ck_assert_int_eq(sm_file_size(file), 0);
    sm_file_close(file);
}

/* A handle sees what another one does to its file, also once its name is another's. */
CONFORMS(two_handles)
{
    struct sm_file *one = open_file("f", READ_WRITE | SM_FILE_CREATE), *two, *three;
    char byte = 0;

    two = open_file("f", READ_WRITE);
    ck_assert_int_eq(sm_file_pwrite(one, "abc", 3, 0), 0);
    ck_assert_int_eq(sm_file_truncate(two, 2), 0);
    ck_assert_int_eq(sm_file_size(one), 2);
    ck_assert_int_eq(sm_disk_rename(disk(), "f", "g"), 0);
    three = open_file("f", READ_WRITE | SM_FILE_CREATE);
    ck_assert_int_eq(sm_file_size(three), 0);
    ck_assert_int_eq(sm_file_pread(two, &byte, 1, 1), 1);
    ck_assert_int_eq(byte, 'b');
    sm_file_close(one);
    sm_file_close(two);
    sm_file_close(three);
}

/* ---- space: where the test may limit it ---- */

/* On a full disk a write says so, having written what fits; overwriting goes on. */
CONFORMS(full)
{
    static char block[64 << 10];
    struct sm_file *file;
    const struct iovec piece = {block, sizeof block};
    int count = 0, written;

    ck_assert_int_eq(sm_disk_mkdir(disk(), "small"), 0);
    if (!conformance_limit("small", 256 << 10))
        return; /* not root */
    file = open_file("small/f", READ_WRITE | SM_FILE_CREATE);
    while ((written = sm_file_pwritev(file, &piece, 1, count * (int64_t)sizeof block)) > 0)
        ck_assert_int_lt(++count, 5);
    ck_assert_int_eq(written, -ENOSPC);
    ck_assert_int_gt(count, 1);
    ck_assert_int_eq(sm_file_pwrite(file, block, sizeof block, sm_file_size(file)), -ENOSPC);
    ck_assert_int_eq(sm_file_allocate(file, 0, 1 << 20), -ENOSPC);
    ck_assert_int_eq(sm_file_pwrite(file, block, sizeof block, 0), 0);
    ck_assert_int_eq(sm_file_truncate(file, 0), 0);
    ck_assert_int_eq(sm_file_pwrite(file, block, sizeof block, 0), 0);
    sm_file_close(file);
}

/* What is read-only can be read, and nothing changes. */
CONFORMS(read_only)
{
    struct sm_file *file;
    char byte = 0;

    ck_assert_int_eq(sm_disk_mkdir(disk(), "small"), 0);
    if (!conformance_limit("small", 256 << 10))
        return; /* not root */
    file = open_file("small/f", READ_WRITE | SM_FILE_CREATE);
    ck_assert_int_eq(sm_file_pwrite(file, "x", 1, 0), 0);
    ck_assert_int_eq(sm_file_fsync(file), 0);
    sm_file_close(file);
    conformance_freeze("small");
    ck_assert_int_eq(sm_file_open(disk(), &file, "small/f", READ_WRITE), -EROFS);
    ck_assert_int_eq(sm_file_open(disk(), &file, "small/g", READ_WRITE | SM_FILE_CREATE), -EROFS);
    ck_assert_int_eq(sm_disk_mkdir(disk(), "small/d"), -EROFS);
    ck_assert_int_eq(sm_disk_unlink(disk(), "small/f"), -EROFS);
    ck_assert_int_eq(sm_disk_rename(disk(), "small/f", "small/g"), -EROFS);
    ck_assert_int_eq(sm_disk_link(disk(), "small/f", "small/g"), -EROFS);
    file = open_file("small/f", SM_FILE_READ);
    ck_assert_int_eq(sm_file_pread(file, &byte, 1, 0), 1);
    ck_assert_int_eq(byte, 'x');
    sm_file_close(file);
}

/* ---- locks ---- */

#define SHARED    SM_FILE_LOCK_SHARED
#define EXCLUSIVE SM_FILE_LOCK_EXCLUSIVE

struct locks {
    struct sm_file *a, *b;
};

static struct locks lock_handles(void)
{
    struct locks locks;

    locks.a = open_file("f", READ_WRITE | SM_FILE_CREATE);
    locks.b = open_file("f", READ_WRITE);
    return locks;
}

static void unlock_handles(struct locks *locks)
{
    sm_file_close(locks->a);
    sm_file_close(locks->b);
}

/* Shared locks get on with each other, exclusive ones with none, where they meet. */
CONFORMS(lock_kinds)
{
    struct locks locks = lock_handles();

    ck_assert_int_eq(sm_file_lock(locks.a, SHARED, 10, 10, 0), 0);
    ck_assert_int_eq(sm_file_lock(locks.b, SHARED, 15, 10, 0), 0);
    ck_assert_int_eq(sm_file_lock(locks.b, EXCLUSIVE, 19, 1, 0), -ETIMEDOUT);
    ck_assert_int_eq(sm_file_lock_test(locks.b, EXCLUSIVE, 19, 1), 1);
    ck_assert_int_eq(sm_file_lock_test(locks.b, SHARED, 19, 1), 0);
    ck_assert_int_eq(sm_file_lock(locks.b, EXCLUSIVE, 20, 1, 0), 0);
    ck_assert_int_eq(sm_file_lock(locks.a, SHARED, 0, 0, 0), -ETIMEDOUT);
    ck_assert_int_eq(sm_file_lock(locks.a, SHARED, 0, 20, 0), 0);
    ck_assert_int_eq(sm_file_lock_test(locks.a, EXCLUSIVE, 0, 15), 0);
    unlock_handles(&locks);
}

/* A handle is never in its own way: it changes kinds, and cuts its locks to pieces. */
CONFORMS(lock_pieces)
{
    struct locks locks = lock_handles();

    ck_assert_int_eq(sm_file_lock(locks.a, EXCLUSIVE, 0, 30, 0), 0);
    ck_assert_int_eq(sm_file_lock(locks.a, SHARED, 10, 10, 0), 0);
    ck_assert_int_eq(sm_file_lock_test(locks.b, SHARED, 9, 1), 1);
    ck_assert_int_eq(sm_file_lock_test(locks.b, SHARED, 10, 10), 0);
    ck_assert_int_eq(sm_file_lock_test(locks.b, EXCLUSIVE, 10, 10), 1);
    ck_assert_int_eq(sm_file_lock_test(locks.b, SHARED, 20, 1), 1);
    ck_assert_int_eq(sm_file_unlock(locks.a, 5, 20), 0);
    ck_assert_int_eq(sm_file_lock_test(locks.b, EXCLUSIVE, 5, 20), 0);
    ck_assert_int_eq(sm_file_lock_test(locks.b, SHARED, 4, 1), 1);
    ck_assert_int_eq(sm_file_lock_test(locks.b, SHARED, 25, 1), 1);
    ck_assert_int_eq(sm_file_lock_test(locks.b, SHARED, 30, 0), 0);
    ck_assert_int_eq(sm_file_unlock(locks.b, 0, 0), 0);
    ck_assert_int_eq(sm_file_lock(locks.a, SHARED, -1, 1, 0), -EINVAL);
    ck_assert_int_eq(sm_file_unlock(locks.a, 0, -1), -EINVAL);
    ck_assert_int_eq(sm_file_lock_test(locks.a, SHARED, INT64_MAX, 2), -EINVAL);
    unlock_handles(&locks);
}

static int lock_all(void *file)
{
    return sm_file_lock(file, EXCLUSIVE, 0, 0, SM_FOREVER);
}

/* A lock waits until it is free: by an unlock, or by a close. Or it times out, or is cancelled. */
CONFORMS(lock_waits)
{
    struct locks locks = lock_handles();
    struct sm_task *task;
    int result = 1;

    ck_assert_int_eq(sm_file_lock(locks.a, SHARED, 5, 1, SM_FOREVER), 0);
    const sm_time deadline = sm_now() + CONFORMANCE_WAIT;
    ck_assert_int_eq(sm_file_lock(locks.b, EXCLUSIVE, 0, 0, deadline), -ETIMEDOUT);
    ck_assert_int_ge(sm_now(), deadline);
    ck_assert_int_eq(conformance_cancelled(lock_all, locks.b), -ECANCELED);
    ck_assert_int_eq(sm_task_spawn(&task, "locks", lock_all, locks.b), 0);
    ck_assert_int_eq(sm_sleep(CONFORMANCE_WAIT), 0);
    ck_assert_int_eq(sm_file_unlock(locks.a, 5, 1), 0);
    ck_assert_int_eq(sm_task_join(task, &result, sm_now() + SM_S), 0);
    ck_assert_int_eq(result, 0);
    ck_assert_int_eq(sm_task_spawn(&task, "locks", lock_all, locks.a), 0);
    ck_assert_int_eq(sm_sleep(CONFORMANCE_WAIT), 0);
    sm_file_close(locks.b);
    ck_assert_int_eq(sm_task_join(task, &result, sm_now() + SM_S), 0);
    ck_assert_int_eq(result, 0);
    sm_file_close(locks.a);
}

/* A file that is opened alone is nobody else's until it is closed; its contents are safe from who
 * does not get it. */
CONFORMS(alone)
{
    const uint32_t flags = READ_WRITE | SM_FILE_CREATE | SM_FILE_ALONE;
    struct sm_file *file = open_file("f", flags), *other;

    ck_assert_int_eq(sm_file_pwrite(file, "x", 1, 0), 0);
    ck_assert_int_eq(sm_file_open(disk(), &other, "f", flags | SM_FILE_TRUNC), -EBUSY);
    ck_assert_ptr_null(other);
    ck_assert_int_eq(sm_file_size(file), 1);
    sm_file_close(file);
    other = open_file("f", flags | SM_FILE_TRUNC);
    ck_assert_int_eq(sm_file_size(other), 0);
    sm_file_close(other);
}

CONFORMANCE_TESTS(disk_files, vectored, transfers_refused, direct, allocate, too_big, two_handles,
                  full, read_only, lock_kinds, lock_pieces, lock_waits, alone)
