/* SPDX-License-Identifier: MIT */
/*
 * The matrix of the disk's calls on names: each row is a call on a tree of its own, and what it
 * returns. The tree:  f g l: files, l is one more name of f;  d: a directory that holds a file f;
 * e: an empty one. There is no n.
 */
#include "tests/conformance/conformance.h"

#include <string.h>

#define R SM_FILE_READ
#define W SM_FILE_WRITE
#define C SM_FILE_CREATE
#define X SM_FILE_EXCL
#define T SM_FILE_TRUNC
#define D SM_FILE_DIRECT
#define A SM_FILE_ALONE

static struct sm_disk *disk(void)
{
    return sm_disk_get(conformance_factory());
}

/* ---- the calls, with arguments of one kind ---- */

static int call_open(const char *path, const char *to, uint32_t flags)
{
    struct sm_file *file = (void *)1;
    const int error = sm_file_open(disk(), &file, path, flags);

    (void)to;
    ck_assert(!error == (file != NULL));
    sm_file_close(file);
    return error;
}

static int call_unlink(const char *path, const char *to, uint32_t flags)
{
    (void)to, (void)flags;
    return sm_disk_unlink(disk(), path);
}

static int call_rename(const char *path, const char *to, uint32_t flags)
{
    (void)flags;
    return sm_disk_rename(disk(), path, to);
}

static int call_link(const char *path, const char *to, uint32_t flags)
{
    (void)flags;
    return sm_disk_link(disk(), path, to);
}

static int call_mkdir(const char *path, const char *to, uint32_t flags)
{
    (void)to, (void)flags;
    return sm_disk_mkdir(disk(), path);
}

static int call_rmdir(const char *path, const char *to, uint32_t flags)
{
    (void)to, (void)flags;
    return sm_disk_rmdir(disk(), path);
}

static int call_stat(const char *path, const char *to, uint32_t flags)
{
    struct sm_file_info info;

    (void)to, (void)flags;
    return sm_disk_stat(disk(), path, &info);
}

/* Appends "name ". */
static int add_name(void *arg, const char *name)
{
    strcat(arg, name);
    strcat(arg, " ");
    return 0;
}

static int call_list(const char *path, const char *to, uint32_t flags)
{
    char names[256] = "";

    (void)to, (void)flags;
    return sm_disk_list(disk(), path, add_name, names);
}

static int call_sync_dir(const char *path, const char *to, uint32_t flags)
{
    (void)to, (void)flags;
    return sm_disk_sync_dir(disk(), path);
}

/* ---- rows ---- */

struct row {
    int (*call)(const char *path, const char *to, uint32_t flags);
    const char *path, *to; /* in the row's tree; with a '!' before it: as it is */
    uint32_t flags;
    int expected;
    const char *left; /* the names in the tree afterwards; NULL: all that were there */
};

#define ALL "d e f g l "
#define LONG_NAME                                                            \
    "0123456789012345678901234567890123456789012345678901234567890123456789" \
    "0123456789012345678901234567890123456789012345678901234567890123456789" \
    "0123456789012345678901234567890123456789012345678901234567890123456789" \
    "01234567890123456789012345678901234567890123"
_Static_assert(sizeof LONG_NAME == SM_FILE_NAME_BYTES - 1, "the longest name but one byte");

static const struct row opens[] = {
    {call_open, "f", NULL, R, 0, NULL},
    {call_open, "f", NULL, W | T, 0, NULL},
    {call_open, "f", NULL, R | W | C, 0, NULL},
    {call_open, "f", NULL, R | A, 0, NULL},
    {call_open, "f", NULL, R | W | D, 0, NULL},
    {call_open, "d/f", NULL, R, 0, NULL},
    {call_open, "n", NULL, R | W | C, 0, ALL "n "},
    {call_open, "n", NULL, W | C | X, 0, ALL "n "},
    {call_open, "n", NULL, R | W, -ENOENT, NULL},
    {call_open, "n/n", NULL, R, -ENOENT, NULL},
    {call_open, "n/n", NULL, R | W | C, -ENOENT, NULL},
    {call_open, "f", NULL, R | W | C | X, -EEXIST, NULL},
    {call_open, "d", NULL, R | W | C | X, -EEXIST, NULL},
    {call_open, "d", NULL, R, -EISDIR, NULL},
    {call_open, "d", NULL, W, -EISDIR, NULL},
    {call_open, "d", NULL, W | C, -EISDIR, NULL},
    {call_open, "f/n", NULL, R, -ENOTDIR, NULL},
    {call_open, "f/n", NULL, W | C, -ENOTDIR, NULL},
    {call_open, "f/n/n", NULL, R, -ENOTDIR, NULL},
    {call_open, "f", NULL, 0, -EINVAL, NULL},
    {call_open, "f", NULL, C, -EINVAL, NULL},
    {call_open, "f", NULL, R | X, -EINVAL, NULL},
    {call_open, "f", NULL, R | T, -EINVAL, NULL},
    {call_open, "f", NULL, R | 1u << 20, -EINVAL, NULL},
    {call_open, LONG_NAME "x", NULL, R | W | C, 0, LONG_NAME "x " ALL},
    {call_open, LONG_NAME "xy", NULL, R | W | C, -ENAMETOOLONG, NULL},
    {call_open, "!", NULL, R, -EINVAL, NULL},
    {call_open, "!.", NULL, R, -EINVAL, NULL},
    {call_open, "!/f", NULL, R, -EINVAL, NULL},
    {call_open, "d/../f", NULL, R, -EINVAL, NULL},
    {call_open, "f/", NULL, R, -EINVAL, NULL},
    {call_open, "d//f", NULL, R, -EINVAL, NULL},
};

static const struct row removals[] = {
    {call_unlink, "f", NULL, 0, 0, "d e g l "},
    {call_unlink, "d/f", NULL, 0, 0, NULL},
    {call_unlink, "n", NULL, 0, -ENOENT, NULL},
    {call_unlink, "n/n", NULL, 0, -ENOENT, NULL},
    {call_unlink, "d", NULL, 0, -EISDIR, NULL},
    {call_unlink, "e", NULL, 0, -EISDIR, NULL},
    {call_unlink, "f/n", NULL, 0, -ENOTDIR, NULL},
    {call_unlink, "!.", NULL, 0, -EINVAL, NULL},
    {call_unlink, LONG_NAME "xy", NULL, 0, -ENAMETOOLONG, NULL},
    {call_rmdir, "e", NULL, 0, 0, "d f g l "},
    {call_rmdir, "d", NULL, 0, -ENOTEMPTY, NULL},
    {call_rmdir, "f", NULL, 0, -ENOTDIR, NULL},
    {call_rmdir, "n", NULL, 0, -ENOENT, NULL},
    {call_rmdir, "f/n", NULL, 0, -ENOTDIR, NULL},
    {call_rmdir, "!.", NULL, 0, -EINVAL, NULL},
    {call_mkdir, "n", NULL, 0, 0, ALL "n "},
    {call_mkdir, "e/n", NULL, 0, 0, NULL},
    {call_mkdir, "f", NULL, 0, -EEXIST, NULL},
    {call_mkdir, "d", NULL, 0, -EEXIST, NULL},
    {call_mkdir, "n/n", NULL, 0, -ENOENT, NULL},
    {call_mkdir, "f/n", NULL, 0, -ENOTDIR, NULL},
    {call_mkdir, "!..", NULL, 0, -EINVAL, NULL},
};

static const struct row renames[] = {
    {call_rename, "f", "n", 0, 0, "d e g l n "},
    {call_rename, "f", "g", 0, 0, "d e g l "},
    {call_rename, "f", "f", 0, 0, NULL},
    {call_rename, "f", "l", 0, 0, NULL},
    {call_rename, "f", "d/f", 0, 0, "d e g l "},
    {call_rename, "d/f", "n", 0, 0, ALL "n "},
    {call_rename, "d", "n", 0, 0, "e f g l n "},
    {call_rename, "d", "e", 0, 0, "e f g l "},
    {call_rename, "d", "e/n", 0, 0, "e f g l "},
    {call_rename, "d", "d", 0, 0, NULL},
    {call_rename, "n", "f", 0, -ENOENT, NULL},
    {call_rename, "n", "n/n", 0, -ENOENT, NULL},
    {call_rename, "f", "n/n", 0, -ENOENT, NULL},
    {call_rename, "f", "g/n", 0, -ENOTDIR, NULL},
    {call_rename, "f/n", "n", 0, -ENOTDIR, NULL},
    {call_rename, "f", "e", 0, -EISDIR, NULL},
    {call_rename, "e", "f", 0, -ENOTDIR, NULL},
    {call_rename, "e", "d", 0, -ENOTEMPTY, NULL},
    {call_rename, "d/f", "d", 0, -ENOTEMPTY, NULL},
    {call_rename, "d", "d/n", 0, -EINVAL, NULL},
    {call_rename, "d", "d/f/n", 0, -ENOTDIR, NULL},
    {call_rename, "f", "!../n", 0, -EINVAL, NULL},
    {call_link, "f", "n", 0, 0, ALL "n "},
    {call_link, "d/f", "e/n", 0, 0, NULL},
    {call_link, "f", "g", 0, -EEXIST, NULL},
    {call_link, "f", "f", 0, -EEXIST, NULL},
    {call_link, "f", "d", 0, -EEXIST, NULL},
    {call_link, "d", "f", 0, -EEXIST, NULL},
    {call_link, "d", "n", 0, -EPERM, NULL},
    {call_link, "n", "g", 0, -ENOENT, NULL},
    {call_link, "f", "n/n", 0, -ENOENT, NULL},
    {call_link, "f", "g/n", 0, -ENOTDIR, NULL},
};

static const struct row looks[] = {
    {call_stat, "f", NULL, 0, 0, NULL},           {call_stat, "d", NULL, 0, 0, NULL},
    {call_stat, "!.", NULL, 0, 0, NULL},          {call_stat, "n", NULL, 0, -ENOENT, NULL},
    {call_stat, "f/n", NULL, 0, -ENOTDIR, NULL},  {call_stat, "!..", NULL, 0, -EINVAL, NULL},
    {call_list, "d", NULL, 0, 0, NULL},           {call_list, "e", NULL, 0, 0, NULL},
    {call_list, "f", NULL, 0, -ENOTDIR, NULL},    {call_list, "n", NULL, 0, -ENOENT, NULL},
    {call_list, "!/", NULL, 0, -EINVAL, NULL},    {call_sync_dir, "d", NULL, 0, 0, NULL},
    {call_sync_dir, "!.", NULL, 0, 0, NULL},      {call_sync_dir, "f", NULL, 0, -ENOTDIR, NULL},
    {call_sync_dir, "n", NULL, 0, -ENOENT, NULL}, {call_sync_dir, "f/n", NULL, 0, -ENOTDIR, NULL},
};

#define ROWS(rows_) (sizeof(rows_) / sizeof *(rows_))
_Static_assert(ROWS(opens) + ROWS(removals) + ROWS(renames) + ROWS(looks) >= 100, "the matrix");

/* ---- carrying them out ---- */

static void make_file(const char *tree, const char *name)
{
    struct sm_file *file;
    char path[64];

    snprintf(path, sizeof path, "%s/%s", tree, name);
    ck_assert_int_eq(sm_file_open(disk(), &file, path, W | C | X), 0);
    ck_assert_int_eq(sm_file_pwrite(file, "hello", 5, 0), 0);
    sm_file_close(file);
}

static void make_tree(const char *tree)
{
    char path[64], link[64];

    ck_assert_int_eq(sm_disk_mkdir(disk(), tree), 0);
    for (const char *name = "de"; *name; name++) {
        snprintf(path, sizeof path, "%s/%c", tree, *name);
        ck_assert_int_eq(sm_disk_mkdir(disk(), path), 0);
    }
    make_file(tree, "f");
    make_file(tree, "g");
    make_file(tree, "d/f");
    snprintf(path, sizeof path, "%s/f", tree);
    snprintf(link, sizeof link, "%s/l", tree);
    ck_assert_int_eq(sm_disk_link(disk(), path, link), 0);
}

static const char *place(char *text, size_t size, const char *tree, const char *path)
{
    if (!path || path[0] == '!')
        return path ? path + 1 : NULL;
    snprintf(text, size, "%s/%s", tree, path);
    return text;
}

static void carry_out(const struct row *row, const char *tree, size_t number)
{
    char path[512], to[512], names[512] = "";

    make_tree(tree);
    const int result = row->call(place(path, sizeof path, tree, row->path),
                                 place(to, sizeof to, tree, row->to), row->flags);
    ck_assert_msg(result == row->expected, "row %zu, %s %s: %d, not %d", number, row->path,
                  row->to ? row->to : "", result, row->expected);
    ck_assert_int_eq(sm_disk_list(disk(), tree, add_name, names), 0);
    ck_assert_msg(strcmp(names, row->left ? row->left : ALL) == 0, "row %zu, %s %s: left are %s",
                  number, row->path, row->to ? row->to : "", names);
}

#define CARRY_OUT(rows_)                        \
    for (size_t i = 0; i < ROWS(rows_); i++) {  \
        char tree[16];                          \
        snprintf(tree, sizeof tree, "t%zu", i); \
        carry_out(&(rows_)[i], tree, i);        \
    }

/* Opening: what is there, what is not, what is in the way, and flags and paths of any kind. */
CONFORMS(disk_opens){CARRY_OUT(opens)}

/* Names go, directories come and go; what must not, stays. */
CONFORMS(disk_removals){CARRY_OUT(removals)}

/* Names move, and become more; what is in the way goes, or stays and says why. */
CONFORMS(disk_renames){CARRY_OUT(renames)}

/* Looking at names, and making them durable. */
CONFORMS(disk_looks){CARRY_OUT(looks)}

/* What a look says: sizes, kinds, counts of names, and whether two names are of one file. */
CONFORMS(disk_stats)
{
    struct sm_file_info f, g, l, d;

    make_tree("t");
    ck_assert_int_eq(sm_disk_stat(disk(), "t/f", &f), 0);
    ck_assert_int_eq(sm_disk_stat(disk(), "t/g", &g), 0);
    ck_assert_int_eq(sm_disk_stat(disk(), "t/l", &l), 0);
    ck_assert_int_eq(sm_disk_stat(disk(), "t/d", &d), 0);
    ck_assert(f.id == l.id && f.id != g.id && f.id != d.id);
    ck_assert(!f.is_directory && d.is_directory);
    ck_assert_int_eq(f.size_bytes, 5);
    ck_assert_int_eq(d.size_bytes, 0);
    ck_assert(f.links == 2 && l.links == 2 && g.links == 1 && d.links == 0);
}

static int stop_at_f(void *arg, const char *name)
{
    add_name(arg, name);
    return strcmp(name, "f") == 0 ? 42 : 0;
}

/* A listing is in the order of bytes, and ends when its reader has enough. */
CONFORMS(disk_list_ends)
{
    char names[64] = "";

    make_tree("t");
    ck_assert_int_eq(sm_disk_list(disk(), "t", stop_at_f, names), 42);
    ck_assert_str_eq(names, "d e f ");
}

CONFORMANCE_TESTS(disk_names, disk_opens, disk_removals, disk_renames, disk_looks, disk_stats,
                  disk_list_ends)
