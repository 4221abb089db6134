/* SPDX-License-Identifier: MIT */
/*
 * Tasks: stackful fibers. A blocking call parks the calling task, never its thread.
 *
 * A task belongs to the factory of the task that spawned it, and is cancelled when that factory
 * stops. A factory's tasks live on one thread and switch only inside blocking calls, so what lies
 * between two blocking calls is atomic among them.
 *
 * States:   ready -> running -> parked -> ready ...   running -> ended
 * A task that nobody joined or detached keeps its result until its factory is destroyed.
 */
#ifndef STEELMILL_TASK_H
#define STEELMILL_TASK_H

#include <steelmill/base.h>
#include <steelmill/time.h>

SM_C_BEGIN

struct sm_task;

/* The body of a task. Its return value is what sm_task_join hands out. */
typedef int (*sm_task_fn)(void *arg);

/*
 * Starts a task in the caller's factory. It runs after the caller has parked or yielded, not at
 * once. out:  where the handle goes; NULL spawns it detached name: for logs, traces and backtraces;
 * copied, at most 31 bytes are kept; NULL is "task" fn, arg: what it runs; arg must live until the
 * task has ended Ownership: the handle is the caller's until sm_task_join or sm_task_detach takes
 * it. Context: a task or a hook. Blocks? never. Randomness: none. Returns: 0; -ENOMEM when no stack
 * is left; -ECANCELED when the factory is stopping.
 */
SM_API int sm_task_spawn(struct sm_task **out, const char *name, sm_task_fn fn, void *arg);

/*
 * Waits for a task to end and takes its handle.
 *   result: receives the task's return value; may be NULL
 *   deadline: ns on sm_now()'s clock, or SM_FOREVER
 * Ownership: the handle is gone when this returns 0, and stays the caller's otherwise.
 * Context: a task of the same thread, not the task itself.
 * Blocks? until the task ends, the deadline, or cancellation.
 * Randomness: none.
 * Returns: 0, -ETIMEDOUT, -ECANCELED.
 */
SM_API int sm_task_join(struct sm_task *task, int *result, sm_time deadline);

/* Gives the handle up: the task's memory goes when it ends. Never blocks. */
SM_API void sm_task_detach(struct sm_task *task);

/*
 * Asks a task to end: the blocking call that it is in, and every later one, returns -ECANCELED.
 * Cancelling twice, or an ended task, does nothing. Never blocks; the task runs later.
 */
SM_API void sm_task_cancel(struct sm_task *task);

/* True once the calling task was cancelled or its factory is stopping. */
SM_API bool sm_task_cancelled(void);

/*
 * Lets the other ready tasks run.
 * Context: a task. Blocks? until the scheduler's next round. Randomness: none.
 * Returns: 0, -ECANCELED.
 */
SM_API int sm_yield(void);

/* The calling task; NULL outside of tasks. */
SM_API struct sm_task *sm_task_self(void);

/* The name given at the spawn; valid as long as the task. */
SM_API const char *sm_task_name(const struct sm_task *task);

SM_C_END
#endif
