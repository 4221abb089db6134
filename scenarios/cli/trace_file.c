/* SPDX-License-Identifier: MIT */
#include "scenarios/cli/trace_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int cli_trace_file_open(void)
{
    const char *folder = getenv("TMPDIR");
    if (folder == NULL || *folder == '\0')
        folder = "/tmp";
    int fd = open(folder, O_TMPFILE | O_RDWR | O_APPEND | O_CLOEXEC, 0600);
    if (fd >= 0)
        return fd;
    /* Some file systems have no files without a name: memory, then. */
    fd = memfd_create("steelmill-trace", MFD_CLOEXEC);
    if (fd < 0 || fcntl(fd, F_SETFL, O_APPEND) != 0) {
        int error = -errno;
        if (fd >= 0)
            close(fd);
        return error;
    }
    return fd;
}

int cli_trace_file_reset(int fd)
{
    return ftruncate(fd, 0) == 0 ? 0 : -errno;
}

int cli_trace_view_open(struct cli_trace_view *view, int fd)
{
    struct stat status;
    *view = (struct cli_trace_view){NULL, 0};
    if (fstat(fd, &status) != 0)
        return -errno;
    size_t count = (size_t)status.st_size / sizeof(struct sim_record);
    if (count == 0)
        return 0;
    void *records = mmap(NULL, count * sizeof(struct sim_record), PROT_READ, MAP_SHARED, fd, 0);
    if (records == MAP_FAILED)
        return -errno;
    *view = (struct cli_trace_view){records, count};
    return 0;
}

void cli_trace_view_close(struct cli_trace_view *view)
{
    if (view->records != NULL)
        munmap((void *)(uintptr_t)view->records, view->count * sizeof(struct sim_record));
    *view = (struct cli_trace_view){NULL, 0};
}

size_t cli_trace_first_difference(const struct cli_trace_view *a, const struct cli_trace_view *b)
{
    size_t shorter = a->count < b->count ? a->count : b->count;
    for (size_t i = 0; i < shorter; i++)
        if (memcmp(&a->records[i], &b->records[i], sizeof(struct sim_record)) != 0)
            return i;
    return a->count == b->count ? SIZE_MAX : shorter;
}
