/* SPDX-License-Identifier: MIT */
/* Clocks, sleeping, the calendar and the time zone. A machine's wall clock starts with 2026. */
#include "asks.h"

#include <locale.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>
#include <unistd.h>

#define START 1767225600 /* 2026-01-01 00:00:00 UTC */

static int64_t ns_of(struct timespec t)
{
    return t.tv_sec * SM_S + t.tv_nsec;
}

static void clocks(void)
{
    struct timespec t, resolution;
    struct timeval v;
    time_t seconds;
    const sm_time start = sm_now();

    expect_machine(time(NULL) == START + 1);
    expect(is_time(time(&seconds) * SM_S, sm_wall_now() / SM_S * SM_S));
    expect(is_time(seconds * SM_S, sm_wall_now() / SM_S * SM_S));
    expect(clock_gettime(CLOCK_REALTIME, &t) == 0 && is_time(ns_of(t), sm_wall_now()));
    expect(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
    expect_machine(ns_of(t) == sm_now());
    sm_sleep(50 * SM_MS);
    const sm_time before = ns_of(t);
    expect(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
    expect(is_time(ns_of(t) - before, sm_now() - start) && ns_of(t) - before >= 50 * SM_MS);
    expect(clock_gettime(CLOCK_BOOTTIME, &t) == 0);
    expect_machine(ns_of(t) == sm_now());
    expect(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) == 0);
    expect_machine(ns_of(t) == sm_now());
    expect(clock_getres(CLOCK_MONOTONIC, &resolution) == 0 && ns_of(resolution) >= 1);
    expect_machine(ns_of(resolution) == 1);
    expect(timespec_get(&t, TIME_UTC) == TIME_UTC && is_time(ns_of(t), sm_wall_now()));
    expect(gettimeofday(&v, NULL) == 0 &&
           is_time(v.tv_sec * SM_S + v.tv_usec * SM_US, sm_wall_now() / SM_US * SM_US));
    /* A process of root's could, and would. */
    expect_machine(clock_settime(CLOCK_REALTIME, &t) == -1 && errno == EPERM);
}

static void cpu_time(void)
{
    struct rusage usage;
    struct tms ticks;

    expect(clock() >= 0 && times(&ticks) >= 0 && getrusage(RUSAGE_SELF, &usage) == 0);
    expect_machine(clock() == sm_now() / 1000);
    expect_machine(times(&ticks) == ticks.tms_utime);
    expect_machine(usage.ru_utime.tv_sec == 1);
    expect_process(usage.ru_maxrss > 0);
}

static struct timespec in_200_ms(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    const int64_t at = ns_of(t) + 200 * SM_MS;
    return (struct timespec){.tv_sec = at / SM_S, .tv_nsec = at % SM_S};
}

static void sleeping(void)
{
    const struct timespec hundred_ms = {.tv_nsec = 100 * SM_MS};
    struct timespec at;
    struct timeval wait = {.tv_usec = 100000};
    const sm_time start = sm_now();

    expect(nanosleep(&hundred_ms, NULL) == 0 && has_slept(sm_now() - start, 100 * SM_MS));
    expect(clock_nanosleep(CLOCK_MONOTONIC, 0, &hundred_ms, NULL) == 0);
    expect(usleep(100000) == 0 && has_slept(sm_now() - start, 300 * SM_MS));
    expect(poll(NULL, 0, 100) == 0 && has_slept(sm_now() - start, 400 * SM_MS));
    expect(select(0, NULL, NULL, NULL, &wait) == 0 && has_slept(sm_now() - start, 500 * SM_MS));
    expect(sleep(1) == 0 && has_slept(sm_now() - start, 1500 * SM_MS));
    at = in_200_ms(CLOCK_MONOTONIC);
    expect(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == 0);
    expect(has_slept(sm_now() - start, 1700 * SM_MS));
    at = in_200_ms(CLOCK_REALTIME);
    expect(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &at, NULL) == 0);
    expect(has_slept(sm_now() - start, 1900 * SM_MS));
    at.tv_nsec = -1;
    expect(nanosleep(&at, NULL) == -1 && errno == EINVAL);
}

/* The text of a time, in what a machine shows and a process has at hand. */
static void calendar(void)
{
    const time_t now = time(NULL);
    char text[64], again[64];
    struct tm parts;

    tzset();
    expect(ctime_r(&now, text) == text);
    expect(strcmp(ctime(&now), text) == 0);
    expect(strcmp(asctime(localtime(&now)), text) == 0);
    expect_machine(strcmp(text, "Thu Jan  1 00:00:01 2026\n") == 0);
    expect(localtime_r(&now, &parts) == &parts && mktime(&parts) == now);
    expect_machine(parts.tm_gmtoff == 0 && parts.tm_hour == 0);
    expect(gmtime(&now)->tm_year >= 126 && timegm(gmtime(&now)) == now);
    expect(strftime(text, sizeof text, "%F %T %Z", localtime(&now)) > 0);
    expect_machine(strcmp(text, "2026-01-01 00:00:01 UTC") == 0);
    expect(strftime(again, sizeof again, "%F %T %Z", &parts) > 0 && strcmp(text, again) == 0);
}

/* Where the host has the zone, too. */
static void named_zone(const char *name, const char *winter, const char *summer)
{
    const time_t days[] = {START, START + 180 * 86400};
    char text[64];

    expect(setenv("TZ", name, 1) == 0);
    for (int i = 0; i < 2; i++) {
        expect(strftime(text, sizeof text, "%F %R %Z", localtime(&days[i])) > 0);
        expect_machine(strcmp(text, i == 0 ? winter : summer) == 0);
        expect_process(access("/usr/share/zoneinfo/Europe/Berlin", R_OK) != 0 ||
                       strcmp(text, i == 0 ? winter : summer) == 0);
    }
}

static void named_zones(void)
{
    named_zone("Europe/Berlin", "2026-01-01 01:00 CET", "2026-06-30 02:00 CEST");
    named_zone(":America/New_York", "2025-12-31 19:00 EST", "2026-06-29 20:00 EDT");
    named_zone("/usr/share/zoneinfo/Asia/Kolkata", "2026-01-01 05:30 IST", "2026-06-30 05:30 IST");
    named_zone("Australia/Lord_Howe", "2026-01-01 11:00 +11", "2026-06-30 10:30 +1030");
    named_zone("UTC", "2026-01-01 00:00 UTC", "2026-06-30 00:00 UTC");
    if (is_simulated)
        named_zone("Europe/Nowhere", "2026-01-01 00:00 UTC", "2026-06-30 00:00 UTC");
}

/* Each machine has a zone of its own. */
static void zones(void)
{
    const bool is_one = strcmp(sm_machine_name(), "one") == 0;
    const time_t winter = START, summer = START + 180 * 86400;
    struct tm parts = {.tm_year = 126, .tm_mday = 1, .tm_isdst = -1};
    char text[64];

    expect(setenv("TZ", is_one ? "JST-9" : "CET-1CEST,M3.5.0,M10.5.0/3", 1) == 0);
    tzset();
    for (int i = 0; i < 5; i++) {
        expect(timezone == (is_one ? -9 : -1) * 3600 && daylight == !is_one);
        expect(strcmp(tzname[0], is_one ? "JST" : "CET") == 0);
        expect(localtime(&winter)->tm_hour == (is_one ? 9 : 1));
        expect(localtime(&summer)->tm_hour == (is_one ? 9 : 2));
        expect(strftime(text, sizeof text, "%T %Z", localtime(&summer)) > 0);
        expect(strcmp(text, is_one ? "09:00:00 JST" : "02:00:00 CEST") == 0);
        expect(mktime(&parts) == START - (is_one ? 9 : 1) * 3600);
        sm_sleep(SM_MS);
    }
    expect(setenv("TZ", "/etc/localtime", 1) == 0);
    expect_machine(localtime(&winter)->tm_hour == 0);
    expect(setenv("TZ", "Asia/Tokyo", 1) == 0);
    expect_machine(localtime(&winter)->tm_hour == 9);
    expect(unsetenv("TZ") == 0);
    expect_machine(localtime(&winter)->tm_hour == 0);
}

static void locales(void)
{
    expect(strcmp(setlocale(LC_ALL, NULL), "C") == 0);
    if (is_simulated) {
        expect(strcmp(setlocale(LC_ALL, ""), "C") == 0);
        expect(!setlocale(LC_ALL, "de_DE.UTF-8"));
        expect(!newlocale(LC_ALL_MASK, "de_DE.UTF-8", (locale_t)0));
    }
    expect(!setlocale(LC_ALL, "no such locale"));
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    expect(c && uselocale(c) == LC_GLOBAL_LOCALE);
}

const struct question clock_questions[] = {
    {"clocks", clocks},           {"cpu_time", cpu_time}, {"sleeping", sleeping}, {"zones", zones},
    {"named_zones", named_zones}, {"calendar", calendar}, {"locales", locales},   {NULL, NULL},
};
