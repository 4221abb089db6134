/* SPDX-License-Identifier: MIT */
/*
 * Time zone and locale, and the texts that libc keeps between calls: each machine has its own.
 *
 * A machine's zone is what its variable TZ says, as a rule ("CET-1CEST,M3.5.0,M10.5.0/3") or as one
 * of the names of zones.c ("Europe/Berlin"); the host's database is not asked. libc knows one zone
 * at a time, so it is told the machine's before it is asked. The locale is "C" on every machine.
 */
#include "sim/libc/libc.h"

#include <errno.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>

#define EXPORT     SM__LIBC_EXPORT
#define ZONE_BYTES ((size_t)128)

/* ---- time zone ---- */

/* What libc sees as the environment meanwhile. */
static char zone[ZONE_BYTES] = "TZ=UTC0", no_database[] = "TZDIR=/nonexistent";
static char *zone_environment[] = {zone, no_database, NULL};

struct scope {
    struct sim_heap *heap;
    char **environment;
};

/* Once in a machine's life. */
static void warn(struct sim_libc *libc, const char *text)
{
    char line[SIM_LIBC_TEXT_BYTES];

    if (libc->zone_warned)
        return;
    libc->zone_warned = true;
    snprintf(line, sizeof line, "libc: there is no time zone '%.64s' (TZ): it is UTC\n", text);
    sim_libc_output_take(libc, STDERR_FILENO, line, strlen(line));
}

/* NULL: there is no zone of that name. */
static const char *zone_rule(const char *name)
{
    static char last_name[64];
    static const char *last_rule; /* most ask for the same one again and again */
    char word[64];

    if (last_rule && strcmp(name, last_name) == 0)
        return last_rule;
    if (strchr(name, ' ') || snprintf(word, sizeof word, " %s ", name) >= (int)sizeof word)
        return NULL;
    const struct sim_libc_zone *at = sim_libc_zones;
    while (at->rule && !strstr(at->names, word))
        at++;
    if (at->rule) {
        strcpy(last_name, name);
        last_rule = at->rule;
    }
    return at->rule;
}

/* A rule names an offset, so it has a digit. */
static const char *rule_of(struct sim_libc *libc)
{
    static const char folder[] = "/usr/share/zoneinfo/";
    const char *text = sim_libc_env_get(libc, "TZ");

    if (!text || !text[0] || strcmp(text, "/etc/localtime") == 0)
        return "UTC0";
    text += text[0] == ':';
    const char *name =
        strncmp(text, folder, sizeof folder - 1) == 0 ? text + sizeof folder - 1 : text;
    const char *rule = zone_rule(name);
    if (rule)
        return rule;
    if (text[0] != '/' && strpbrk(text, "0123456789") && strlen(text) < ZONE_BYTES - sizeof "TZ=")
        return text;
    warn(libc, text);
    return "UTC0";
}

static struct scope enter_zone(struct sim_libc *libc)
{
    const char *rule = rule_of(libc);
    const struct scope scope = {sim_context_leave(), environ};

    snprintf(zone, sizeof zone, "TZ=%s", rule);
    environ = zone_environment;
    SM__LIBC_REAL(tzset)(); /* not much, where it is the same zone as before */
    return scope;
}

static void leave_zone(struct scope scope)
{
    environ = scope.environment;
    sim_context_enter(scope.heap);
}

void sim_libc_zone_set(struct sim_libc *libc)
{
    leave_zone(enter_zone(libc));
}

EXPORT void tzset(void)
{
    if (sim_libc_inside())
        sim_libc_zone_set(sim_libc_here());
    else
        SM__LIBC_REAL(tzset)();
}

EXPORT struct tm *localtime_r(const time_t *restrict time, struct tm *restrict out)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(localtime_r)(time, out);
    const struct scope scope = enter_zone(sim_libc_here());
    struct tm *result = SM__LIBC_REAL(localtime_r)(time, out);
    leave_zone(scope);
    return result;
}

EXPORT struct tm *localtime(const time_t *time)
{
    return sim_libc_inside() ? localtime_r(time, &sim_libc_here()->calendar)
                             : SM__LIBC_REAL(localtime)(time);
}

EXPORT struct tm *gmtime(const time_t *time)
{
    return sim_libc_inside() ? gmtime_r(time, &sim_libc_here()->calendar)
                             : SM__LIBC_REAL(gmtime)(time);
}

EXPORT time_t mktime(struct tm *time)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(mktime)(time);
    const struct scope scope = enter_zone(sim_libc_here());
    const time_t seconds = SM__LIBC_REAL(mktime)(time);
    leave_zone(scope);
    return seconds;
}

EXPORT char *asctime(const struct tm *time)
{
    return sim_libc_inside() ? asctime_r(time, sim_libc_here()->calendar_text)
                             : SM__LIBC_REAL(asctime)(time);
}

EXPORT char *ctime(const time_t *time)
{
    return sim_libc_inside() ? asctime(localtime(time)) : SM__LIBC_REAL(ctime)(time);
}

EXPORT char *ctime_r(const time_t *restrict time, char *restrict text)
{
    struct tm calendar;

    if (!sim_libc_inside())
        return SM__LIBC_REAL(ctime_r)(time, text);
    return asctime_r(localtime_r(time, &calendar), text);
}

EXPORT size_t strftime(char *restrict text, size_t size, const char *restrict format,
                       const struct tm *restrict time)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(strftime)(text, size, format, time);
    const struct scope scope = enter_zone(sim_libc_here());
    const size_t length = SM__LIBC_REAL(strftime)(text, size, format, time);
    leave_zone(scope);
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
        return SM__LIBC_REAL(setlocale)(category, name);
    return !name || is_c_locale(name) ? c_locale : NULL;
}

EXPORT locale_t newlocale(int mask, const char *name, locale_t base)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(newlocale)(mask, name, base);
    if (!is_c_locale(name)) {
        errno = ENOENT;
        return (locale_t)0;
    }
    return SM__LIBC_REAL(newlocale)(mask, "C", base);
}

/* There is one locale only, so none needs to be in force. */
EXPORT locale_t uselocale(locale_t locale)
{
    return sim_libc_inside() ? LC_GLOBAL_LOCALE : SM__LIBC_REAL(uselocale)(locale);
}

/* ---- texts ---- */

EXPORT char *strtok(char *restrict text, const char *restrict delimiters)
{
    return sim_libc_inside() ? strtok_r(text, delimiters, &sim_libc_here()->strtok_rest)
                             : SM__LIBC_REAL(strtok)(text, delimiters);
}

/* libc's own keeps a block of the heap for unknown numbers. */
EXPORT char *strerror(int error)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(strerror)(error);
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
    return sim_libc_inside() ? strerror(error) : SM__LIBC_REAL(strerror_l)(error, locale);
}

EXPORT char *strsignal(int number)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(strsignal)(number);
    const char *known = sigdescr_np(number);
    char *text = sim_libc_here()->error_text;
    if (known)
        snprintf(text, SIM_LIBC_TEXT_BYTES, "%s", known);
    else
        snprintf(text, SIM_LIBC_TEXT_BYTES, "Unknown signal %d", number);
    return text;
}
