/* SPDX-License-Identifier: MIT */
#include "core/os/disk_job.h"

#include <steelmill/disk.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES_MAX 255
#define FILE_MODE      0600
#define FOLDER_MODE    0700

bool os_disk_path_valid(const char *path)
{
    if (strlen(path) > PATH_BYTES_MAX)
        return false;
    for (;;) {
        const size_t length = strcspn(path, "/");
        const bool dots =
            (length == 1 && path[0] == '.') || (length == 2 && path[0] == '.' && path[1] == '.');
        if (length == 0 || dots)
            return false;
        if (!path[length])
            return true;
        path += length + 1;
    }
}

static int failure(void)
{
    return errno == EDQUOT ? -ENOSPC : -errno;
}

/* ---- names ---- */

/* Calls `fn` for each folder of a path, outermost first, until it fails. Returns 0, -errno. */
static int each_parent(const struct os_disk_job *job, const char *path,
                       int (*fn)(int folder_fd, const char *folder))
{
    char folder[PATH_BYTES_MAX + 1];
    int error = 0;

    for (const char *slash = strchr(path, '/'); slash && !error; slash = strchr(slash + 1, '/')) {
        snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
        error = fn(job->folder_fd, folder);
    }
    return error;
}

static int make_folder(int folder_fd, const char *folder)
{
    return mkdirat(folder_fd, folder, FOLDER_MODE) == 0 || errno == EEXIST ? 0 : failure();
}

static int sync_folder(int folder_fd, const char *folder)
{
    const int fd = openat(folder_fd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return failure();
    const int error = fsync(fd) == 0 ? 0 : failure();
    close(fd);
    return error;
}

static int open_flags(uint32_t flags)
{
    static const int access[] = {[SM_FILE_READ] = O_RDONLY,
                                 [SM_FILE_WRITE] = O_WRONLY,
                                 [SM_FILE_READ | SM_FILE_WRITE] = O_RDWR};
    return access[flags & (SM_FILE_READ | SM_FILE_WRITE)] | O_CLOEXEC | O_NOCTTY |
           (flags & SM_FILE_CREATE ? O_CREAT : 0) | (flags & SM_FILE_EXCL ? O_EXCL : 0) |
           (flags & SM_FILE_TRUNC ? O_TRUNC : 0);
}

/* A folder is no file of the machine's. */
static int refuse_folder(struct os_disk_job *job)
{
    struct stat status;

    if (fstat(job->fd, &status) == 0 && S_ISREG(status.st_mode))
        return 0;
    close(job->fd);
    job->fd = -1;
    return -ENOENT;
}

int os_disk_job_open(struct os_disk_job *job)
{
    const int flags = open_flags(job->flags);

    job->fd = openat(job->folder_fd, job->path, flags, FILE_MODE);
    if (job->fd < 0 && errno == ENOENT && flags & O_CREAT) {
        const int error = each_parent(job, job->path, make_folder);
        if (error)
            return error;
        job->fd = openat(job->folder_fd, job->path, flags, FILE_MODE);
    }
    if (job->fd < 0)
        return errno == ENOTDIR && !(flags & O_CREAT) ? -ENOENT : failure();
    return refuse_folder(job);
}

int os_disk_job_unlink(struct os_disk_job *job)
{
    if (unlinkat(job->folder_fd, job->path, 0) == 0)
        return 0;
    return errno == EISDIR || errno == ENOTDIR ? -ENOENT : failure();
}

int os_disk_job_rename(struct os_disk_job *job)
{
    if (renameat(job->folder_fd, job->path, job->folder_fd, job->to) == 0)
        return 0;
    if (errno != ENOENT || faccessat(job->folder_fd, job->path, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOTDIR ? -ENOENT : failure();
    const int error = each_parent(job, job->to, make_folder);
    if (error)
        return error;
    return renameat(job->folder_fd, job->path, job->folder_fd, job->to) == 0 ? 0 : failure();
}

static int sync_tree(int parent_fd, const char *name);

/* The folders that lie in an open one. */
static int sync_below(DIR *folder)
{
    const struct dirent *entry;
    int error = 0;

    while (!error && (entry = readdir(folder))) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            error = sync_tree(dirfd(folder), entry->d_name);
    }
    return error;
}

/* Syncs a folder and all in it; anything else is passed over. Paths are short, so this is not deep.
 */
static int sync_tree(int parent_fd, const char *name)
{
    const int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0) /* a file, or it is gone meanwhile */
        return errno == ENOTDIR || errno == ELOOP || errno == ENOENT ? 0 : failure();
    DIR *folder = fdopendir(fd);
    if (!folder) {
        const int error = failure();
        close(fd);
        return error;
    }
    int error = fsync(fd) == 0 ? 0 : failure();
    if (!error)
        error = sync_below(folder);
    closedir(folder);
    return error;
}

int os_disk_job_sync_names(struct os_disk_job *job)
{
    return sync_tree(job->folder_fd, ".");
}

/* ---- bytes ---- */

int os_disk_job_read(struct os_disk_job *job)
{
    size_t done = 0;

    while (done < job->size) {
        const ssize_t count = pread(job->fd, (char *)job->buffer + done, job->size - done,
                                    job->offset + (int64_t)done);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return failure();
        if (count == 0)
            break;
        done += (size_t)count;
    }
    return (int)done;
}

int os_disk_job_write(struct os_disk_job *job)
{
    size_t done = 0;

    while (done < job->size) {
        const ssize_t count = pwrite(job->fd, (const char *)job->data + done, job->size - done,
                                     job->offset + (int64_t)done);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return failure();
        done += (size_t)count;
    }
    return 0;
}

int os_disk_job_truncate(struct os_disk_job *job)
{
    return ftruncate(job->fd, job->offset) == 0 ? 0 : failure();
}

int os_disk_job_fsync(struct os_disk_job *job)
{
    if (fsync(job->fd) != 0)
        return failure();
    if (!job->flags)
        return 0;
    const int error = sync_folder(job->folder_fd, ".");
    return error ? error : each_parent(job, job->path, sync_folder);
}
