/* SPDX-License-Identifier: MIT */
/*
 * Time zone and locale, which are UTC and "C" on every machine, and the texts that libc keeps
 * between calls: each machine has its own.
 */
#include "sim/libc/libc.h"

#include <errno.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>

#define EXPORT SIM_LIBC_EXPORT

/* ---- time zone ---- */

EXPORT void tzset(void)
{
    if (!sim_libc_inside())
        SIM_LIBC_REAL(tzset)();
}

EXPORT struct tm *localtime_r(const time_t *restrict time, struct tm *restrict out)
{
    if (!sim_libc_inside())
        return SIM_LIBC_REAL(localtime_r)(time, out);
    if (!gmtime_r(time, out))
        return NULL;
    out->tm_zone = "UTC";
    return out;
}

EXPORT struct tm *localtime(const time_t *time)
{
    return sim_libc_inside() ? localtime_r(time, &sim_libc_here()->calendar)
                             : SIM_LIBC_REAL(localtime)(time);
}

EXPORT struct tm *gmtime(const time_t *time)
{
    return sim_libc_inside() ? gmtime_r(time, &sim_libc_here()->calendar)
                             : SIM_LIBC_REAL(gmtime)(time);
}

EXPORT time_t mktime(struct tm *time)
{
    if (!sim_libc_inside())
        return SIM_LIBC_REAL(mktime)(time);
    time->tm_isdst = 0;
    const time_t seconds = timegm(time);
    time->tm_zone = "UTC";
    return seconds;
}

EXPORT char *asctime(const struct tm *time)
{
    return sim_libc_inside() ? asctime_r(time, sim_libc_here()->calendar_text)
                             : SIM_LIBC_REAL(asctime)(time);
}

EXPORT char *ctime(const time_t *time)
{
    return sim_libc_inside() ? asctime(localtime(time)) : SIM_LIBC_REAL(ctime)(time);
}

EXPORT char *ctime_r(const time_t *restrict time, char *restrict text)
{
    struct tm calendar;

    if (!sim_libc_inside())
        return SIM_LIBC_REAL(ctime_r)(time, text);
    return asctime_r(localtime_r(time, &calendar), text);
}

/* libc looks at the variable TZ here, and at the files that it names. */
EXPORT size_t strftime(char *restrict text, size_t size, const char *restrict format,
                       const struct tm *restrict time)
{
    static char zone[] = "TZ=UTC0";
    static char *zone_only[] = {zone, NULL};
    char **machine_environ = environ;

    if (!sim_libc_inside())
        return SIM_LIBC_REAL(strftime)(text, size, format, time);
    struct sim_heap *heap = sim_context_leave();
    environ = zone_only;
    const size_t length = SIM_LIBC_REAL(strftime)(text, size, format, time);
    environ = machine_environ;
    sim_context_enter(heap);
    return length;
}

/* ---- locale ---- */

static bool is_c_locale(const char *name)
{
    return !name[0] || strcmp(name, "C") == 0 || strcmp(name, "POSIX") == 0;
}

EXPORT char *setlocale(int category, const char *name)
{
    static char c_locale[] = "C";

    if (!sim_libc_inside())
        return SIM_LIBC_REAL(setlocale)(category, name);
    return !name || is_c_locale(name) ? c_locale : NULL;
}

EXPORT locale_t newlocale(int mask, const char *name, locale_t base)
{
    if (!sim_libc_inside())
        return SIM_LIBC_REAL(newlocale)(mask, name, base);
    if (!is_c_locale(name)) {
        errno = ENOENT;
        return (locale_t)0;
    }
    return SIM_LIBC_REAL(newlocale)(mask, "C", base);
}

/* There is one locale only, so none needs to be in force. */
EXPORT locale_t uselocale(locale_t locale)
{
    return sim_libc_inside() ? LC_GLOBAL_LOCALE : SIM_LIBC_REAL(uselocale)(locale);
}

/* ---- texts ---- */

EXPORT char *strtok(char *restrict text, const char *restrict delimiters)
{
    return sim_libc_inside() ? strtok_r(text, delimiters, &sim_libc_here()->strtok_rest)
                             : SIM_LIBC_REAL(strtok)(text, delimiters);
}

/* libc's own keeps a block of the heap for unknown numbers. */
EXPORT char *strerror(int error)
{
    if (!sim_libc_inside())
        return SIM_LIBC_REAL(strerror)(error);
    const char *known = strerrordesc_np(error);
    char *text = sim_libc_here()->error_text;
    if (known)
        snprintf(text, SIM_LIBC_TEXT_BYTES, "%s", known);
    else
        snprintf(text, SIM_LIBC_TEXT_BYTES, "Unknown error %d", error);
    return text;
}

EXPORT char *strerror_l(int error, locale_t locale)
{
    return sim_libc_inside() ? strerror(error) : SIM_LIBC_REAL(strerror_l)(error, locale);
}

EXPORT char *strsignal(int number)
{
    if (!sim_libc_inside())
        return SIM_LIBC_REAL(strsignal)(number);
    const char *known = sigdescr_np(number);
    char *text = sim_libc_here()->error_text;
    if (known)
        snprintf(text, SIM_LIBC_TEXT_BYTES, "%s", known);
    else
        snprintf(text, SIM_LIBC_TEXT_BYTES, "Unknown signal %d", number);
    return text;
}
