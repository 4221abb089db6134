/* SPDX-License-Identifier: MIT */
/*
 * The simulated disk beside a real directory: the same 100,000 random calls on both (25,000 with
 * AddressSanitizer), with the same results and the same bytes, as long as no fault is on. The calls
 * go to the simulated disk first, and what they return is noted; then to the directory, and it must
 * be the same. Each 500 calls the whole tree is looked at.
 *
 * Environment: DISK_SAME, where to make the directory; /dev/shm if it is there, /tmp if not.
 */
#include "core/random.h"
#include "core/sanitize.h"
#include "sim/disk.h"
#include "tests/core/world.h"
#include "tests/suite.h"

#include <steelmill/steelmill.h>

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define CALLS       (SM__ASAN ? 25000 : 100000)
#define SEGMENT     500 /* calls between two looks at all */
#define HANDLES     8
#define BYTES_MAX   20000
#define OFFSET_MAX  60000
#define RESULTS_MAX 4000000u

union handle {
    struct sm_file *file;
    int fd;
};

/* One side of the comparison. Results are 0, a count, or -errno. */
struct side {
    int (*open)(union handle *out, const char *path, uint32_t flags);
    void (*close)(union handle handle);
    int64_t (*read)(union handle handle, void *bytes, size_t size, int64_t offset);
    int64_t (*write)(union handle handle, const struct iovec *pieces, int count, int64_t offset);
    int (*truncate)(union handle handle, int64_t size);
    int (*allocate)(union handle handle, int64_t offset, int64_t size);
    int (*sync)(union handle handle);
    int64_t (*size)(union handle handle);
    int (*stat)(const char *path, struct sm_file_info *out);
    int (*unlink)(const char *path);
    int (*mkdir)(const char *path);
    int (*rmdir)(const char *path);
    int (*rename)(const char *from, const char *to);
    int (*link)(const char *from, const char *to);
    int (*list)(const char *path, sm_disk_name_fn fn, void *arg);
};

struct pass {
    const struct side *side;
    bool is_first; /* results are noted; then, they are compared */
    uint64_t draws, calls, failed;
    size_t results;
    bool is_open[HANDLES];
    union handle handles[HANDLES];
};

static int64_t *noted; /* by the first pass */
static struct sm_disk *disk;
static int folder;

/* ---- the simulated side ---- */

static int sim_open(union handle *out, const char *path, uint32_t flags)
{
    return sm_file_open(disk, &out->file, path, flags);
}

static void sim_close(union handle handle)
{
    sm_file_close(handle.file);
}

static int64_t sim_read(union handle handle, void *bytes, size_t size, int64_t offset)
{
    return sm_file_pread(handle.file, bytes, size, offset);
}

static int64_t sim_write(union handle handle, const struct iovec *pieces, int count, int64_t offset)
{
    return sm_file_pwritev(handle.file, pieces, count, offset);
}

static int sim_truncate(union handle handle, int64_t size)
{
    return sm_file_truncate(handle.file, size);
}

static int sim_allocate(union handle handle, int64_t offset, int64_t size)
{
    return sm_file_allocate(handle.file, offset, size);
}

static int sim_sync(union handle handle)
{
    return sm_file_fsync(handle.file);
}

static int64_t sim_size(union handle handle)
{
    return sm_file_size(handle.file);
}

static int sim_stat(const char *path, struct sm_file_info *out)
{
    return sm_disk_stat(disk, path, out);
}

static int sim_unlink(const char *path)
{
    return sm_disk_unlink(disk, path);
}

static int sim_mkdir(const char *path)
{
    return sm_disk_mkdir(disk, path);
}

static int sim_rmdir(const char *path)
{
    return sm_disk_rmdir(disk, path);
}

static int sim_rename(const char *from, const char *to)
{
    return sm_disk_rename(disk, from, to);
}

static int sim_link(const char *from, const char *to)
{
    return sm_disk_link(disk, from, to);
}

static int sim_list(const char *path, sm_disk_name_fn fn, void *arg)
{
    return sm_disk_list(disk, path, fn, arg);
}

static const struct side simulated = {sim_open,     sim_close, sim_read,   sim_write, sim_truncate,
                                      sim_allocate, sim_sync,  sim_size,   sim_stat,  sim_unlink,
                                      sim_mkdir,    sim_rmdir, sim_rename, sim_link,  sim_list};

/* ---- the real side ---- */

static int result_of(int result)
{
    return result < 0 ? -errno : 0;
}

static int real_open(union handle *out, const char *path, uint32_t flags)
{
    out->fd =
        openat(folder, path,
               O_RDWR | O_CLOEXEC | (flags & SM_FILE_CREATE ? O_CREAT : 0) |
                   (flags & SM_FILE_EXCL ? O_EXCL : 0) | (flags & SM_FILE_TRUNC ? O_TRUNC : 0),
               0600);
    return out->fd < 0 ? -errno : 0;
}

static void real_close(union handle handle)
{
    close(handle.fd);
}

static int64_t real_read(union handle handle, void *bytes, size_t size, int64_t offset)
{
    return pread(handle.fd, bytes, size, offset);
}

static int64_t real_write(union handle handle, const struct iovec *pieces, int count,
                          int64_t offset)
{
    return pwritev(handle.fd, pieces, count, offset);
}

static int real_truncate(union handle handle, int64_t size)
{
    return result_of(ftruncate(handle.fd, size));
}

static int real_allocate(union handle handle, int64_t offset, int64_t size)
{
    return -posix_fallocate(handle.fd, offset, size);
}

/* It would be slow, and shows nothing. */
static int real_sync(union handle handle)
{
    (void)handle;
    return 0;
}

static int64_t real_size(union handle handle)
{
    struct stat status;
    return fstat(handle.fd, &status) == 0 ? status.st_size : -errno;
}

static int real_stat(const char *path, struct sm_file_info *out)
{
    struct stat status;

    if (fstatat(folder, path, &status, 0) != 0)
        return -errno;
    const bool is_directory = S_ISDIR(status.st_mode);
    *out = (struct sm_file_info){.size_bytes = is_directory ? 0 : status.st_size,
                                 .links = is_directory ? 0 : (uint32_t)status.st_nlink,
                                 .is_directory = is_directory};
    return 0;
}

static int real_unlink(const char *path)
{
    return result_of(unlinkat(folder, path, 0));
}

static int real_mkdir(const char *path)
{
    return result_of(mkdirat(folder, path, 0700));
}

static int real_rmdir(const char *path)
{
    return result_of(unlinkat(folder, path, AT_REMOVEDIR));
}

static int real_rename(const char *from, const char *to)
{
    return result_of(renameat(folder, from, folder, to));
}

static int real_link(const char *from, const char *to)
{
    return result_of(linkat(folder, from, folder, to, 0));
}

static int real_list(const char *path, sm_disk_name_fn fn, void *arg)
{
    struct dirent **entries;
    const int count = scandirat(folder, path, &entries, NULL, alphasort);

    for (int i = 0; i < count; i++) {
        if (entries[i]->d_name[0] != '.')
            fn(arg, entries[i]->d_name);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    return result_of(count);
}

static const struct side real = {real_open,     real_close, real_read,   real_write, real_truncate,
                                 real_allocate, real_sync,  real_size,   real_stat,  real_unlink,
                                 real_mkdir,    real_rmdir, real_rename, real_link,  real_list};

/* ---- calls, drawn alike for both ---- */

static uint64_t draw(struct pass *pass, uint64_t bound)
{
    return sm__random_scale(sm__random_draw(42, pass->draws++), bound);
}

static void note(struct pass *pass, const char *call, int64_t result)
{
    ck_assert_uint_lt(pass->results, RESULTS_MAX);
    if (pass->is_first)
        noted[pass->results] = result;
    ck_assert_msg(
        noted[pass->results] == result, "call %llu, %s: %lld in simulation, %lld for real",
        (unsigned long long)pass->calls, call, (long long)noted[pass->results], (long long)result);
    pass->results++;
    pass->failed += result < 0 && result > -4096;
}

/* One of some eighty paths, three parts deep at most; files and directories share the names. */
static const char *draw_path(struct pass *pass, char text[16])
{
    size_t at = 0;

    for (uint64_t parts = 1 + draw(pass, 3); parts > 0; parts--) {
        text[at++] = (char)('a' + draw(pass, 4));
        text[at++] = '/';
    }
    text[at - 1] = '\0';
    return text;
}

static void call_close(struct pass *pass, size_t i)
{
    if (pass->is_open[i])
        pass->side->close(pass->handles[i]);
    pass->is_open[i] = false;
}

static void call_open(struct pass *pass, size_t i)
{
    uint32_t flags = SM_FILE_READ | SM_FILE_WRITE;
    char path[16];

    call_close(pass, i);
    if (draw(pass, 2))
        flags |= draw(pass, 4) ? SM_FILE_CREATE : SM_FILE_CREATE | SM_FILE_EXCL;
    if (draw(pass, 8) == 0)
        flags |= SM_FILE_TRUNC;
    const int error = pass->side->open(&pass->handles[i], draw_path(pass, path), flags);
    pass->is_open[i] = error == 0;
    note(pass, "open", error);
}

static void note_bytes(struct pass *pass, union handle handle, size_t size, int64_t offset)
{
    static char bytes[4 * OFFSET_MAX];
    const int64_t count = pass->side->read(handle, bytes, size, offset);

    note(pass, "read", count);
    if (count > 0)
        note(pass, "bytes", (int64_t)(XXH3_64bits(bytes, (size_t)count) >> 1));
}

static void call_write(struct pass *pass, union handle handle)
{
    static char bytes[BYTES_MAX];
    const size_t size = draw(pass, draw(pass, 2) ? 600 : BYTES_MAX);
    const struct iovec pieces[] = {{bytes, size / 3}, {bytes + size / 3, size - size / 3}};

    memset(bytes, (int)(1 + pass->calls % 255), size);
    note(pass, "write", pass->side->write(handle, pieces, 2, (int64_t)draw(pass, OFFSET_MAX)));
}

static void call_file(struct pass *pass, size_t i)
{
    const union handle handle = pass->handles[i];
    const int64_t at = (int64_t)draw(pass, OFFSET_MAX);

    switch (draw(pass, 10)) {
    case 0:
        call_close(pass, i);
        break;
    case 1:
        note(pass, "sync", pass->side->sync(handle));
        break;
    case 2:
        note(pass, "truncate", pass->side->truncate(handle, at));
        break;
    case 3:
        note(pass, "allocate", pass->side->allocate(handle, at, 1 + at / 4));
        break;
    case 4:
        note(pass, "size", pass->side->size(handle));
        break;
    case 5:
    case 6:
        note_bytes(pass, handle, draw(pass, BYTES_MAX), at);
        break;
    default:
        call_write(pass, handle);
    }
}

static void call_stat(struct pass *pass, const char *path)
{
    struct sm_file_info info = {0};

    note(pass, "stat", pass->side->stat(path, &info));
    note(pass, "kind", info.is_directory);
    note(pass, "size", info.size_bytes);
    note(pass, "links", info.links);
}

static void call_name(struct pass *pass)
{
    const struct side *side = pass->side;
    char from[16], to[16];

    draw_path(pass, from);
    draw_path(pass, to);
    switch (draw(pass, 8)) {
    case 0:
    case 1:
        note(pass, "mkdir", side->mkdir(from));
        break;
    case 2:
        note(pass, "rmdir", side->rmdir(from));
        break;
    case 3:
        note(pass, "unlink", side->unlink(from));
        break;
    case 4:
        note(pass, "link", side->link(from, to));
        break;
    case 5:
        call_stat(pass, from);
        break;
    default:
        note(pass, "rename", side->rename(from, to));
    }
}

/* ---- whole trees ---- */

struct names {
    size_t count;
    char texts[8][2];
};

static int add_name(void *arg, const char *name)
{
    struct names *names = arg;

    ck_assert_uint_lt(names->count, 8);
    ck_assert_uint_eq(strlen(name), 1);
    strcpy(names->texts[names->count++], name);
    return 0;
}

static void look_at_file(struct pass *pass, const char *path)
{
    union handle handle;
    const int error = pass->side->open(&handle, path, SM_FILE_READ | SM_FILE_WRITE);

    note(pass, "open", error);
    note_bytes(pass, handle, (size_t)4 * OFFSET_MAX, 0);
    pass->side->close(handle);
}

/* prefix: "" or a directory with a '/' behind it. Directories move, so a tree may be deep. */
static void look_at_tree(struct pass *pass, const char *prefix)
{
    struct names names = {0};
    struct sm_file_info info;
    char path[256];

    snprintf(path, sizeof path, "%s", prefix);
    path[*prefix ? strlen(prefix) - 1 : 0] = '\0';
    note(pass, "list", pass->side->list(*path ? path : ".", add_name, &names));
    for (size_t i = 0; i < names.count; i++) {
        snprintf(path, sizeof path - 1, "%s%s", prefix, names.texts[i]);
        note(pass, "name", names.texts[i][0]);
        call_stat(pass, path);
        ck_assert_int_eq(pass->side->stat(path, &info), 0);
        if (info.is_directory)
            look_at_tree(pass, strcat(path, "/"));
        else
            look_at_file(pass, path);
    }
}

/* ---- the two passes ---- */

static void make_calls(struct pass *pass)
{
    for (pass->calls = 1; pass->calls <= CALLS; pass->calls++) {
        const size_t i = draw(pass, HANDLES);
        if (draw(pass, 4) == 0)
            call_name(pass);
        else if (!pass->is_open[i] || draw(pass, 16) == 0)
            call_open(pass, i);
        else
            call_file(pass, i);
        if (pass->calls % SEGMENT == 0)
            look_at_tree(pass, "");
    }
    for (size_t i = 0; i < HANDLES; i++)
        call_close(pass, i);
}

static int make_simulated_calls(void *arg, struct sim_machine *machine)
{
    disk = sim_disk_of(machine);
    make_calls(arg);
    return 0;
}

static void pass_in_simulation(struct pass *pass)
{
    const struct sim_options options = {.seed = 1, .log_level = -1};
    static struct tw tw;

    tw_create(&tw, 1, &options, make_simulated_calls, pass);
    struct sim_disks *disks = sim_disk_create(tw.world);
    tw_run(&tw, 100000 * SM_S);
    ck_assert_msg(tw.failure.kind == 0, "%s", tw.failure.text);
    tw_destroy(&tw);
    sim_disk_destroy(disks);
}

static const char *place(void)
{
    const char *given = getenv("DISK_SAME");
    return given ? given : access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
}

/* 100,000 calls have the same results on both, byte for byte; many of them fail, and alike. */
START_TEST(same_as_a_real_directory)
{
    char path[256], command[300];
    struct pass first = {.side = &simulated, .is_first = true}, second = {.side = &real};

    noted = malloc(RESULTS_MAX * sizeof *noted);
    ck_assert_ptr_nonnull(noted);
    pass_in_simulation(&first);
    ck_assert_uint_gt(first.calls, CALLS);
    ck_assert_uint_gt(first.failed, CALLS / 10);
    snprintf(path, sizeof path, "%s/steelmill-same-XXXXXX", place());
    ck_assert_ptr_nonnull(mkdtemp(path));
    folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    make_calls(&second);
    ck_assert_uint_eq(first.results, second.results);
    close(folder);
    snprintf(command, sizeof command, "rm -rf %s", path);
    ck_assert_int_eq(system(command), 0);
    free(noted);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("disk same");
    TCase *tc = tcase_create("same");

    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, same_as_a_real_directory);
    suite_add_tcase(suite, tc);
    return suite_run(suite);
}
