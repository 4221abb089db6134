/* SPDX-License-Identifier: MIT */
/* Clocks. A machine has two clocks; all of libc's are one of them. */
#include "sim/libc/libc.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/time.h>
#include <sys/timeb.h>
#include <sys/times.h>
#include <unistd.h>

#define EXPORT SM__LIBC_EXPORT

/* CPU time, too, passes as the monotonic clock does. */
static sm_time read_clock(clockid_t clock)
{
    return sm__libc_is_wall(clock) ? sm_wall_now() : sm_now();
}

static struct timespec timespec_of(sm_time ns)
{
    return (struct timespec){.tv_sec = ns / SM_S, .tv_nsec = ns % SM_S};
}

/* ---- clocks ---- */

EXPORT int clock_gettime(clockid_t clock, struct timespec *time)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(clock_gettime)(clock, time);
    *time = timespec_of(read_clock(clock));
    return 0;
}

EXPORT int clock_getres(clockid_t clock, struct timespec *resolution)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(clock_getres)(clock, resolution);
    if (resolution)
        *resolution = timespec_of(1);
    return 0;
}

EXPORT int clock_settime(clockid_t clock, const struct timespec *time)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(clock_settime)(clock, time);
    return sm__libc_error(EPERM);
}

EXPORT time_t time(time_t *out)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(time)(out);
    const time_t now = sm_wall_now() / SM_S;
    if (out)
        *out = now;
    return now;
}

EXPORT int gettimeofday(struct timeval *restrict time, void *restrict zone)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(gettimeofday)(time, zone);
    const sm_time now = sm_wall_now();
    *time = (struct timeval){.tv_sec = now / SM_S, .tv_usec = now % SM_S / SM_US};
    if (zone)
        memset(zone, 0, sizeof(struct timezone));
    return 0;
}

EXPORT int timespec_get(struct timespec *time, int base)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(timespec_get)(time, base);
    if (base != TIME_UTC)
        return 0;
    *time = timespec_of(sm_wall_now());
    return base;
}

EXPORT clock_t clock(void)
{
    return sim_libc_inside() ? sm_now() / (SM_S / CLOCKS_PER_SEC) : SM__LIBC_REAL(clock)();
}

EXPORT clock_t times(struct tms *out)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(times)(out);
    const clock_t ticks = sm_now() / (SM_S / sysconf(_SC_CLK_TCK));
    if (out)
        *out = (struct tms){.tms_utime = ticks};
    return ticks;
}

EXPORT int getrusage(__rusage_who_t who, struct rusage *out)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(getrusage)(who, out);
    memset(out, 0, sizeof *out);
    const sm_time now = sm_now();
    out->ru_utime = (struct timeval){.tv_sec = now / SM_S, .tv_usec = now % SM_S / SM_US};
    return 0;
}

/* ---- with nothing to watch they are ways to sleep ---- */

EXPORT int poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(poll)(fds, count, timeout_ms);
    if (count > 0)
        sim_libc_refuse("poll", "wait with sm_wait_any");
    const int error = sm__libc_sleep(timeout_ms < 0 ? SM_FOREVER : timeout_ms * SM_MS);
    return error ? sm__libc_error(error) : 0;
}

EXPORT int select(int count, fd_set *restrict in, fd_set *restrict out, fd_set *restrict except,
                  struct timeval *restrict timeout)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(select)(count, in, out, except, timeout);
    if (count > 0)
        sim_libc_refuse("select", "wait with sm_wait_any");
    const sm_time ns = timeout ? timeout->tv_sec * SM_S + timeout->tv_usec * SM_US : SM_FOREVER;
    const int error = sm__libc_sleep(ns);
    return error ? sm__libc_error(error) : 0;
}
