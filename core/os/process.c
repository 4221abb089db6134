/* SPDX-License-Identifier: MIT */
/* The seam: the log, and failures. */
#include "core/os/process.h"

#include "core/assert.h"
#include "core/seam.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct os_log_options log_options = {
    .level = SM_LOG_WARN, .json = false, .fd = STDERR_FILENO};

void os_log_set_up(const struct os_log_options *options)
{
    log_options = *options;
}

enum sm_log_level sm__log_level_max(void)
{
    return (enum sm_log_level)log_options.level;
}

bool sm__log_json(void)
{
    return log_options.json;
}

/* Nobody stops a daemon's. */
void *sm__kernel_begin(void)
{
    return NULL;
}

void sm__kernel_end(void *context)
{
    (void)context;
}

static void write_all(const char *text, size_t size)
{
    while (size > 0) {
        const ssize_t count = write(log_options.fd, text, size);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return; /* there is nobody to tell */
        text += count;
        size -= (size_t)count;
    }
}

/* The time of day, which steelmill's own lines lack: they count from the start of the process. */
static size_t stamp(char *text, size_t size)
{
    const sm_time now = sm__clock_wall(NULL);
    const time_t seconds = (time_t)(now / SM_S);
    struct tm utc;
    char day[32];

    gmtime_r(&seconds, &utc);
    strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &utc);
    const int length =
        snprintf(text, size, log_options.json ? "{\"wall\":\"%s.%03dZ\"," : "%s.%03dZ ", day,
                 (int)(now % SM_S / SM_MS));
    return length > 0 && (size_t)length < size ? (size_t)length : 0;
}

void sm__log_emit(struct sm__home *home, enum sm_log_level level, const char *line, size_t size)
{
    char text[4096];
    size_t used = stamp(text, sizeof text);
    const size_t skipped = log_options.json && used > 0; /* the brace */

    (void)home;
    if ((int)level > log_options.level || size < skipped)
        return;
    if (size - skipped > sizeof text - used)
        size = sizeof text - used + skipped;
    /* One write, so that lines of several workers and processes do not mix. */
    memcpy(text + used, line + skipped, size - skipped);
    write_all(text, used + size - skipped);
}

_Noreturn void sm__bug_report(const char *message)
{
    char text[640];
    const int length = snprintf(text, sizeof text, "steelmill: %s\n", message);

    if (length > 0)
        write_all(text, (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
    abort();
}
