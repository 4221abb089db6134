/* SPDX-License-Identifier: MIT */
/* Sleeping, and yielding, are the task's. */
#include "core/libc/libc.h"

#include <steelmill/task.h>

#include <errno.h>
#include <sched.h>
#include <unistd.h>

#define EXPORT SM__LIBC_EXPORT

int sm__libc_error(int error)
{
    errno = error;
    return -1;
}

sm_time sm__libc_ns_of(const struct timespec *time)
{
    return time->tv_sec >= SM_FOREVER / SM_S ? SM_FOREVER : time->tv_sec * SM_S + time->tv_nsec;
}

bool sm__libc_is_wall(clockid_t clock)
{
    return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE ||
           clock == CLOCK_REALTIME_ALARM || clock == CLOCK_TAI;
}

sm_time sm__libc_deadline(clockid_t clock, const struct timespec *at)
{
    const sm_time ns = sm__libc_ns_of(at);
    struct timespec now;

    if (ns == SM_FOREVER || clock_gettime(clock, &now) != 0)
        return SM_FOREVER;
    const sm_time start = sm_now(), wait = ns - sm__libc_ns_of(&now);
    return wait > SM_FOREVER - start ? SM_FOREVER : start + wait;
}

static bool is_valid(const struct timespec *time)
{
    return time->tv_sec >= 0 && time->tv_nsec >= 0 && time->tv_nsec < SM_S;
}

/* A task that is cancelled wakes up with nothing left to sleep: callers that go on until then end.
 */
int sm__libc_sleep(sm_time ns)
{
    const sm_time now = sm_now();
    const bool slept = sm_sleep_until(ns > SM_FOREVER - now ? SM_FOREVER : now + ns) == 0;

    return slept || ns == 0 ? 0 : EINTR;
}

static int sleep_for(sm_time ns, struct timespec *left)
{
    if (left)
        *left = (struct timespec){0};
    return sm__libc_sleep(ns);
}

EXPORT int nanosleep(const struct timespec *duration, struct timespec *left)
{
    if (!sm__libc_inside())
        return SM__LIBC_REAL(nanosleep)(duration, left);
    if (!is_valid(duration))
        return sm__libc_error(EINVAL);
    const int error = sleep_for(sm__libc_ns_of(duration), left);
    return error ? sm__libc_error(error) : 0;
}

/* Until the wall clock shows a time; it may step meanwhile. */
static int sleep_until_wall(sm_time wall)
{
    while (wall > sm_wall_now()) {
        if (sm_sleep_until(sm_now() + (wall - sm_wall_now())))
            return EINTR;
    }
    return 0;
}

EXPORT int clock_nanosleep(clockid_t clock, int flags, const struct timespec *time,
                           struct timespec *left)
{
    if (!sm__libc_inside())
        return SM__LIBC_REAL(clock_nanosleep)(clock, flags, time, left);
    if (!is_valid(time))
        return EINVAL;
    if (!(flags & TIMER_ABSTIME))
        return sleep_for(sm__libc_ns_of(time), left);
    if (sm__libc_is_wall(clock))
        return sleep_until_wall(sm__libc_ns_of(time));
    return sm_sleep_until(sm__libc_deadline(clock, time)) ? EINTR : 0;
}

EXPORT int usleep(useconds_t us)
{
    if (!sm__libc_inside())
        return SM__LIBC_REAL(usleep)(us);
    const int error = sm__libc_sleep(us * SM_US);
    return error ? sm__libc_error(error) : 0;
}

EXPORT unsigned sleep(unsigned seconds)
{
    if (!sm__libc_inside())
        return SM__LIBC_REAL(sleep)(seconds);
    (void)sm__libc_sleep(seconds * SM_S);
    return 0;
}

/* Code that waits by looking again and again lets the others run. */
EXPORT int sched_yield(void)
{
    if (!sm__libc_inside())
        return SM__LIBC_REAL(sched_yield)();
    (void)sm_yield();
    return 0;
}
