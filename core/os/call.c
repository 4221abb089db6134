/* SPDX-License-Identifier: MIT */
/*
 * The seam: calls from one worker to another.
 *
 *   caller's worker                      callee's worker
 *   begin ------------- post ----------> spawn the task
 *   wait                                 fn(arg)
 *   settle <----------- post ----------- its result
 *   cancelled: -------- post ----------> cancel the task
 *   settle <----------- post ----------- (heard)
 *
 * What is posted lies on the caller's stack: it returns once every post has been answered. Each
 * field belongs to one side; posts hand the other side's over.
 */
#include "core/os/worker.h"

#include <errno.h>

struct call {
    struct os_worker *from, *to;
    /* The caller's. */
    uint32_t unanswered; /* posts that the other side has yet to answer */
    struct sm_waitable settled;
    /* The callee's. */
    struct sm__owner *owner;
    sm_task_fn fn;
    void *arg;
    struct sm_task *task; /* NULL: not any more */
    int result;
};

static void post(struct os_worker *worker, void (*fn)(void *arg), struct call *call)
{
    SM_ASSERT_MSG(os_worker_post(worker, fn, call) == 0, "there is no memory for a call");
}

/* ---- on the caller's worker ---- */

static void settle(void *arg)
{
    struct call *call = arg;

    if (--call->unanswered > 0)
        return;
    call->from->jobs--;
    sm__wake_all(&call->settled);
}

/* ---- on the callee's worker ---- */

static int call_main(void *arg)
{
    struct call *call = arg;

    call->result = call->fn(call->arg);
    sm_task_detach(call->task);
    call->task = NULL;
    post(call->from, settle, call);
    return 0;
}

static void begin(void *arg)
{
    struct call *call = arg;

    call->result =
        sm__task_spawn(&call->task, &call->to->home, call->owner, "call", call_main, call);
    if (call->result) {
        call->task = NULL;
        post(call->from, settle, call);
    }
}

static void cancel(void *arg)
{
    struct call *call = arg;

    if (call->task)
        sm_task_cancel(call->task);
    post(call->from, settle, call);
}

/* ---- the call ---- */

static int wait_settled(struct call *call)
{
    int error = 0;

    while (!error && call->unanswered > 0)
        error = sm__wait(&call->settled, false, SM_FOREVER);
    return error;
}

int sm__call(struct sm__home *home, struct sm__owner *owner, sm_task_fn fn, void *arg)
{
    struct sm_task *caller = sm__current;
    struct call call = {.from = os_worker_of(caller->home),
                        .to = os_worker_of(home),
                        .unanswered = 1,
                        .owner = owner,
                        .fn = fn,
                        .arg = arg};

    if (call.from == call.to)
        return sm__call_here(home, owner, fn, arg);
    sm__waitable_init(&call.settled, NULL);
    int error = os_worker_post(call.to, begin, &call);
    if (error)
        return error;
    call.from->jobs++; /* others hold this stack */
    if (wait_settled(&call) && call.unanswered > 0) {
        call.unanswered++;
        post(call.to, cancel, &call);
        const bool before = caller->shielded;
        caller->shielded = true;
        (void)wait_settled(&call);
        caller->shielded = before;
    }
    return call.result;
}
