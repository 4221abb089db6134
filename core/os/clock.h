/* SPDX-License-Identifier: MIT */
/*
 * The monotonic clock of all workers of a process: it starts at 0 when it is first asked for.
 */
#ifndef STEELMILL_CORE_OS_CLOCK_H
#define STEELMILL_CORE_OS_CLOCK_H

#include <steelmill/time.h>

#include <time.h>

/* It goes on while the host is suspended: a lease must not outlive its term by that. */
#define OS_CLOCK CLOCK_BOOTTIME

/* A time of sm_now() as OS_CLOCK shows it. */
struct timespec os_clock_absolute(sm_time time);

#endif
