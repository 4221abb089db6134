/* SPDX-License-Identifier: MIT */
/* Clocks and sleeping. A machine has two clocks; all of libc's are one of them. */
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

#define EXPORT SIM_LIBC_EXPORT

static bool is_wall(clockid_t clock)
{
    return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE ||
           clock == CLOCK_REALTIME_ALARM || clock == CLOCK_TAI;
}

/* CPU time, too, passes as the monotonic clock does. */
sm_time sim_libc_clock(clockid_t clock)
{
    return is_wall(clock) ? sm_wall_now() : sm_now();
}

static struct timespec timespec_of(sm_time ns)
{
    return (struct timespec){.tv_sec = ns / SM_S, .tv_nsec = ns % SM_S};
}

sm_time sim_libc_ns_of(const struct timespec *time)
{
    return time->tv_sec >= SM_FOREVER / SM_S ? SM_FOREVER : time->tv_sec * SM_S + time->tv_nsec;
}

static bool is_valid(const struct timespec *time)
{
    return time->tv_sec >= 0 && time->tv_nsec >= 0 && time->tv_nsec < SM_S;
}

/* ---- clocks ---- */

EXPORT int clock_gettime(clockid_t clock, struct timespec *time)
{
    if (!sim_libc_inside())
        return SIM_LIBC_REAL(clock_gettime)(clock, time);
    *time = timespec_of(sim_libc_clock(clock));
    return 0;
}

EXPORT int clock_getres(clockid_t clock, struct timespec *resolution)
{
    if (!sim_libc_inside())
        return SIM_LIBC_REAL(clock_getres)(clock, resolution);
    if (resolution)
        *resolution = timespec_of(1);
    return 0;
}

EXPORT int clock_settime(clockid_t clock, const struct timespec *time)
{
    if (!sim_libc_inside())
        return SIM_LIBC_REAL(clock_settime)(clock, time);
    return sim_libc_error(EPERM);
}

EXPORT time_t time(time_t *out)
{
    if (!sim_libc_inside())
        return SIM_LIBC_REAL(time)(out);
    const time_t now = sm_wall_now() / SM_S;
    if (out)
        *out = now;
    return now;
}

EXPORT int gettimeofday(struct timeval *restrict time, void *restrict zone)
{
    if (!sim_libc_inside())
        return SIM_LIBC_REAL(gettimeofday)(time, zone);
    const sm_time now = sm_wall_now();
    *time = (struct timeval){.tv_sec = now / SM_S, .tv_usec = now % SM_S / SM_US};
    if (zone)
        memset(zone, 0, sizeof(struct timezone));
    return 0;
}

EXPORT int timespec_get(struct timespec *time, int base)
{
    if (!sim_libc_inside())
        return SIM_LIBC_REAL(timespec_get)(time, base);
    if (base != TIME_UTC)
        return 0;
    *time = timespec_of(sm_wall_now());
    return base;
}

EXPORT clock_t clock(void)
{
    return sim_libc_inside() ? sm_now() / (SM_S / CLOCKS_PER_SEC) : SIM_LIBC_REAL(clock)();
}

EXPORT clock_t times(struct tms *out)
{
    if (!sim_libc_inside())
        return SIM_LIBC_REAL(times)(out);
    const clock_t ticks = sm_now() / (SM_S / sysconf(_SC_CLK_TCK));
    if (out)
        *out = (struct tms){.tms_utime = ticks};
    return ticks;
}

EXPORT int getrusage(__rusage_who_t who, struct rusage *out)
{
    if (!sim_libc_inside())
        return SIM_LIBC_REAL(getrusage)(who, out);
    memset(out, 0, sizeof *out);
    const sm_time now = sm_now();
    out->ru_utime = (struct timeval){.tv_sec = now / SM_S, .tv_usec = now % SM_S / SM_US};
    return 0;
}

/* ---- sleeping ---- */

bool sim_libc_sleep_until(sm_time deadline)
{
    return sm_sleep_until(deadline) == 0;
}

/* A task that is cancelled wakes up with nothing left to sleep: callers that go on until then end.
 */
static int sleep_for(sm_time ns, struct timespec *left)
{
    const sm_time now = sm_now();
    const bool slept = sim_libc_sleep_until(ns > SM_FOREVER - now ? SM_FOREVER : now + ns);

    if (left)
        *left = timespec_of(0);
    return slept || ns == 0 ? 0 : EINTR;
}

EXPORT int nanosleep(const struct timespec *duration, struct timespec *left)
{
    if (!sim_libc_inside())
        return SIM_LIBC_REAL(nanosleep)(duration, left);
    if (!is_valid(duration))
        return sim_libc_error(EINVAL);
    const int error = sleep_for(sim_libc_ns_of(duration), left);
    return error ? sim_libc_error(error) : 0;
}

/* Until the wall clock shows a time; it may step meanwhile. */
static int sleep_until_wall(sm_time wall)
{
    while (wall > sm_wall_now()) {
        if (!sim_libc_sleep_until(sm_now() + (wall - sm_wall_now())))
            return EINTR;
    }
    return 0;
}

EXPORT int clock_nanosleep(clockid_t clock, int flags, const struct timespec *time,
                           struct timespec *left)
{
    if (!sim_libc_inside())
        return SIM_LIBC_REAL(clock_nanosleep)(clock, flags, time, left);
    if (!is_valid(time))
        return EINVAL;
    if (!(flags & TIMER_ABSTIME))
        return sleep_for(sim_libc_ns_of(time), left);
    if (is_wall(clock))
        return sleep_until_wall(sim_libc_ns_of(time));
    return sim_libc_sleep_until(sim_libc_ns_of(time)) ? 0 : EINTR;
}

EXPORT int usleep(useconds_t us)
{
    if (!sim_libc_inside())
        return SIM_LIBC_REAL(usleep)(us);
    const int error = sleep_for(us * SM_US, NULL);
    return error ? sim_libc_error(error) : 0;
}

EXPORT unsigned sleep(unsigned seconds)
{
    if (!sim_libc_inside())
        return SIM_LIBC_REAL(sleep)(seconds);
    (void)sleep_for(seconds * SM_S, NULL);
    return 0;
}

/* With nothing to watch they are ways to sleep. */

EXPORT int poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
    if (!sim_libc_inside())
        return SIM_LIBC_REAL(poll)(fds, count, timeout_ms);
    if (count > 0)
        sim_libc_refuse("poll", "wait with sm_wait_any");
    const int error = sleep_for(timeout_ms < 0 ? SM_FOREVER : timeout_ms * SM_MS, NULL);
    return error ? sim_libc_error(error) : 0;
}

EXPORT int select(int count, fd_set *restrict in, fd_set *restrict out, fd_set *restrict except,
                  struct timeval *restrict timeout)
{
    if (!sim_libc_inside())
        return SIM_LIBC_REAL(select)(count, in, out, except, timeout);
    if (count > 0)
        sim_libc_refuse("select", "wait with sm_wait_any");
    const sm_time ns = timeout ? timeout->tv_sec * SM_S + timeout->tv_usec * SM_US : SM_FOREVER;
    const int error = sleep_for(ns, NULL);
    return error ? sim_libc_error(error) : 0;
}
