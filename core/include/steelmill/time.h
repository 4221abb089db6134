/* SPDX-License-Identifier: MIT */
/*
 * Time. All times and durations are int64_t nanoseconds.
 *
 * Deadlines are absolute and on the monotonic clock of the calling task's machine: take sm_now(),
 * add, and pass the sum on through every call that serves one purpose.
 */
#ifndef STEELMILL_TIME_H
#define STEELMILL_TIME_H

#include <steelmill/base.h>

SM_C_BEGIN

typedef int64_t sm_time; /* nanoseconds */

#define SM_NS      ((sm_time)1)
#define SM_US      (1000 * SM_NS)
#define SM_MS      (1000 * SM_US)
#define SM_S       (1000 * SM_MS)
#define SM_FOREVER ((sm_time)INT64_MAX) /* a deadline that never passes */

/*
 * The monotonic clock of the calling task's machine: never steps, may drift, starts at 0 when the
 * machine boots first.
 * Context: a task, or a hook. Blocks? never. Randomness: none.
 * Returns: nanoseconds, 0 or more.
 */
SM_API sm_time sm_now(void);

/*
 * The wall clock of the calling task's machine: nanoseconds since 1970-01-01 UTC. It may step
 * forward and back.
 * Context: a task, or a hook. Blocks? never. Randomness: none.
 */
SM_API sm_time sm_wall_now(void);

/*
 * Waits until the monotonic clock has reached a time.
 *   deadline: ns on sm_now()'s clock; one that has passed yields once; SM_FOREVER sleeps until
 *   cancelled
 * Context: a task.
 * Blocks? until the deadline or cancellation.
 * Randomness: none.
 * Returns: 0 when the time has come, -ECANCELED.
 */
SM_API int sm_sleep_until(sm_time deadline);

/* The same, for a duration from now on. Negative durations count as 0. */
SM_API int sm_sleep(sm_time duration_ns);

SM_C_END
#endif
