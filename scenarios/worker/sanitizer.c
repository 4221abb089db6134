/* SPDX-License-Identifier: MIT */
/*
 * A sanitizer's report becomes a finding, with the machine and the task that ran. (Of the process
 * of a run, that is: elsewhere the report goes to stderr, as usual.)
 */
#include "scenarios/worker/worker.h"

#include "core/sanitize.h"
#include "sim/context.h"

#include <stdio.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

/* ---- AddressSanitizer ---- */

static const char *skip(const char *text, const char *past)
{
    const char *found = strstr(text, past);
    return found ? found + strlen(past) : text;
}

/*
 * The report's first line but for its addresses, which are others in each run:
 *   ==17==ERROR: AddressSanitizer: heap-use-after-free on address 0x... at pc ...
 */
static void on_report(const char *report)
{
    const char *kind = __asan_get_report_description();
    const size_t size = __asan_get_report_access_size();
    char text[JOB_TEXT_BYTES], line[256];

    if (kind && kind[0] && size)
        snprintf(text, sizeof text, "AddressSanitizer: %s: a %s of %zu byte%s", kind,
                 __asan_get_report_access_type() ? "write" : "read", size, size == 1 ? "" : "s");
    else if (kind && kind[0])
        snprintf(text, sizeof text, "AddressSanitizer: %s", kind);
    else {
        snprintf(line, sizeof line, "%s", skip(report, "ERROR: "));
        snprintf(text, sizeof text, "%.*s", (int)strcspn(line, "\n"), line);
    }
    finding_of_report(kind && kind[0] ? kind : "AddressSanitizer", text);
}

/* What the sanitizer asks libc for from here on, to name places, is not the machine's. */
EXPORT void __asan_on_error(void);

EXPORT void __asan_on_error(void)
{
    sim_context_leave();
}

__attribute__((constructor)) static void listen(void)
{
    __asan_set_error_report_callback(on_report);
}

/* ---- UndefinedBehaviorSanitizer: called for each of its reports, where it is linked ---- */

EXPORT void __ubsan_on_report(void);
__attribute__((weak)) void __ubsan_get_current_report_data(const char **kind, const char **message,
                                                           const char **file, unsigned *line,
                                                           unsigned *column, char **address);

EXPORT void __ubsan_on_report(void)
{
    const char *kind = "", *message = "", *file = "";
    unsigned line = 0, column = 0;
    char *address = NULL, text[JOB_TEXT_BYTES];

    if (__ubsan_get_current_report_data)
        __ubsan_get_current_report_data(&kind, &message, &file, &line, &column, &address);
    snprintf(text, sizeof text, "UndefinedBehaviorSanitizer: %s", message);
    finding_of_report(kind, text);
}
