/* SPDX-License-Identifier: MIT */
/* Calls into other factories: a task of the callee's, and the caller waits for it. */
#include "core/factory_parts.h"

int sm__call_here(struct sm__home *home, struct sm__owner *owner, sm_task_fn fn, void *arg)
{
    struct sm_task *task;
    int result = 0;

    int error = sm__task_spawn(&task, home, owner, "call", fn, arg);
    if (error)
        return error;
    error = sm_task_join(task, &result, SM_FOREVER);
    if (error) { /* the caller is cancelled; fn may still be using what lies on its stack */
        sm_task_cancel(task);
        const bool before = sm__shield();
        error = sm_task_join(task, &result, SM_FOREVER);
        sm__unshield(before);
    }
    SM_ASSERT(error == 0);
    return result;
}

int sm_call(struct sm_factory *factory, sm_task_fn fn, void *arg)
{
    const int error = sm__enter();

    if (error)
        return error;
    sm__factory_stay(factory);
    struct sm__home *home = sm__home_of(factory);
    return sm__call(home ? home : sm__current->home, &factory->own, fn, arg);
}
