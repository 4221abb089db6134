/* SPDX-License-Identifier: MIT */
/* What the thread pool does with names. */
#include "core/os/disk_job.h"

#include <steelmill/disk.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER_MODE 0700

static int result_of(int result)
{
    return result == 0 ? 0 : os_disk_failure();
}

int os_disk_job_stat(struct os_disk_job *job)
{
    struct stat status;

    if (fstatat(job->folder_fd, job->path, &status, 0) != 0)
        return os_disk_failure();
    const bool is_directory = S_ISDIR(status.st_mode);
    *job->info = (struct sm_file_info){.id = status.st_ino,
                                       .size_bytes = is_directory ? 0 : status.st_size,
                                       .links = is_directory ? 0 : (uint32_t)status.st_nlink,
                                       .is_directory = is_directory};
    return 0;
}

int os_disk_job_unlink(struct os_disk_job *job)
{
    return result_of(unlinkat(job->folder_fd, job->path, 0));
}

int os_disk_job_rename(struct os_disk_job *job)
{
    const int error = result_of(renameat(job->folder_fd, job->path, job->folder_fd, job->to));
    return error == -EEXIST ? -ENOTEMPTY : error; /* file systems differ in the word */
}

int os_disk_job_link(struct os_disk_job *job)
{
    return result_of(linkat(job->folder_fd, job->path, job->folder_fd, job->to, 0));
}

int os_disk_job_mkdir(struct os_disk_job *job)
{
    return result_of(mkdirat(job->folder_fd, job->path, FOLDER_MODE));
}

int os_disk_job_rmdir(struct os_disk_job *job)
{
    const int error = result_of(unlinkat(job->folder_fd, job->path, AT_REMOVEDIR));
    return error == -EEXIST ? -ENOTEMPTY : error;
}

/* ---- lists ---- */

void os_disk_names_free(char **names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    free(names);
}

static int open_folder(int parent_fd, const char *path, DIR **out)
{
    const int fd = openat(parent_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return os_disk_failure();
    *out = fdopendir(fd);
    if (*out)
        return 0;
    const int error = os_disk_failure();
    close(fd);
    return error;
}

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* The next name; NULL: the end, or an error. */
static const char *next_name(DIR *folder, int *error)
{
    const struct dirent *entry;

    do {
        errno = 0;
        entry = readdir(folder);
    } while (entry && is_dots(entry->d_name));
    *error = entry || !errno ? 0 : os_disk_failure();
    return entry ? entry->d_name : NULL;
}

static int add_name(struct os_disk_job *job, size_t *capacity, const char *name)
{
    if (job->name_count == *capacity) {
        const size_t more = *capacity ? *capacity * 2 : 16;
        char **names = realloc(job->names, more * sizeof *names);
        if (!names)
            return -ENOMEM;
        job->names = names;
        *capacity = more;
    }
    char *copy = strdup(name);
    if (!copy)
        return -ENOMEM;
    job->names[job->name_count++] = copy;
    return 0;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int os_disk_job_list(struct os_disk_job *job)
{
    size_t capacity = 0;
    DIR *folder = NULL;
    const char *name;
    int error = open_folder(job->folder_fd, job->path, &folder);

    if (error)
        return error;
    while (!error && (name = next_name(folder, &error)))
        error = add_name(job, &capacity, name);
    closedir(folder);
    if (!error && job->name_count > 0)
        qsort(job->names, job->name_count, sizeof *job->names, compare);
    return error;
}

/* ---- syncs ---- */

int os_disk_job_sync_dir(struct os_disk_job *job)
{
    DIR *folder = NULL;
    int error = open_folder(job->folder_fd, job->path, &folder);

    if (error)
        return error;
    error = result_of(fsync(dirfd(folder)));
    closedir(folder);
    return error;
}

/* Syncs a folder and all in it; anything else is passed over. Paths are short, so this is not deep.
 */
static int sync_tree(int parent_fd, const char *path)
{
    const char *name;
    DIR *folder = NULL;
    int error = open_folder(parent_fd, path, &folder);

    if (error) /* a file, or it is gone meanwhile */
        return error == -ENOTDIR || error == -ENOENT ? 0 : error;
    error = result_of(fsync(dirfd(folder)));
    while (!error && (name = next_name(folder, &error)))
        error = sync_tree(dirfd(folder), name);
    closedir(folder);
    return error;
}

int os_disk_job_sync_names(struct os_disk_job *job)
{
    return sync_tree(job->folder_fd, ".");
}
