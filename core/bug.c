/* SPDX-License-Identifier: MIT */
#include "core/assert.h"
#include "core/seam.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

_Noreturn void sm__bug(const char *file, int line, const char *format, ...)
{
    char message[512];
    const char *slash = strrchr(file, '/');
    va_list args;

    va_start(args, format);
    int used = vsnprintf(message, sizeof message, format, args);
    va_end(args);
    if (used < 0)
        used = 0;
    if ((size_t)used < sizeof message)
        snprintf(message + used, sizeof message - (size_t)used, " (%s:%d)",
                 slash ? slash + 1 : file, line);
    sm__bug_report(message);
}
