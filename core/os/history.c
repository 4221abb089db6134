/* SPDX-License-Identifier: MIT */
/*
 * Histories in production: a file that several processes append to, a line at a time.
 *
 *   invoke   PROCESS NUMBER MACHINE OPERATION KEY VALUE EXPECTED
 *   complete PROCESS NUMBER OUTCOME RESULT
 *
 * A line is one write. It is in the file before the operation begins, or after it has ended, so the
 * order of the lines is an order that the operations allow, and a process that is killed leaves
 * what it had written.
 */
#include "core/os/process.h"
#include "core/task.h"

#include <steelmill/history.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

static int history_fd = -1; /* set before there are threads */
static atomic_uint_least64_t operations;

int os_history_open(const char *path)
{
    history_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    return history_fd < 0 ? -errno : 0;
}

/* A history with a gap proves nothing: rather none of the rest. */
static void append(const char *line, int length)
{
    if (write(history_fd, line, (size_t)length) == length)
        return;
    static const char gap[] = "gap\n";
    (void)!write(history_fd, gap, sizeof gap - 1);
    history_fd = -1;
}

uint64_t sm_history_invoke(enum sm_operation operation, uint64_t key, uint64_t value,
                           uint64_t expected)
{
    char line[160];

    if (history_fd < 0)
        return 0;
    SM_ASSERT_MSG(sm__current, "an operation is recorded outside of any task");
    const uint64_t number = atomic_fetch_add(&operations, 1);
    append(line,
           snprintf(line, sizeof line,
                    "invoke %d %" PRIu64 " %" PRIu32 " %d %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
                    (int)getpid(), number, sm__current->home->index, (int)operation, key, value,
                    expected));
    return number;
}

void sm_history_complete(uint64_t number, enum sm_outcome outcome, uint64_t result)
{
    char line[96];

    if (history_fd >= 0)
        append(line, snprintf(line, sizeof line, "complete %d %" PRIu64 " %d %" PRIu64 "\n",
                              (int)getpid(), number, (int)outcome, result));
}
