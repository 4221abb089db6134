/* SPDX-License-Identifier: MIT */
/*
 * Whose hook is running.
 *
 * prepare, run and stop have tasks of their own, whose owner says to which daemon they belong.
 * construct and destroy run in the task of whoever called the factory (or outside of any task), so
 * they leave a frame here. They must not block, so the frames of one thread nest.
 */
#include "core/factory_parts.h"

static __thread struct sm__hook_frame *top __attribute__((tls_model("initial-exec")));

void sm__hook_enter(struct sm__hook_frame *frame, struct sm__daemon *daemon, bool constructing)
{
    SM_ASSERT_MSG(!top || top->task == sm__current, "daemon '%s': its construct or destroy blocks",
                  top->daemon->type->name);
    frame->outer = top;
    frame->task = sm__current;
    frame->daemon = daemon;
    frame->constructing = constructing;
    top = frame;
}

void sm__hook_leave(struct sm__hook_frame *frame)
{
    SM_ASSERT(top == frame);
    top = frame->outer;
}

struct sm__hook_frame *sm__hook_top(void)
{
    return top && top->task == sm__current ? top : NULL;
}

struct sm__daemon *sm__hook_daemon(void)
{
    const struct sm__hook_frame *frame = sm__hook_top();
    if (frame)
        return frame->daemon;
    struct sm__owner *owner = sm__current ? sm__current->owner : NULL;
    if (!owner || !owner->daemon)
        return NULL;
    struct sm__list *all = &owner->factory->daemons;
    for (struct sm__list *link = all->next; link != all; link = link->next) {
        struct sm__daemon *daemon = sm__container(link, struct sm__daemon, link);
        if (owner == &daemon->owner || owner == &daemon->stop_owner)
            return daemon;
    }
    return NULL;
}

const char *sm__hook_daemon_name(void)
{
    const struct sm__hook_frame *frame = sm__hook_top();
    if (frame)
        return frame->daemon->type->name;
    return sm__current && sm__current->owner ? sm__current->owner->daemon : NULL;
}

/* The machine died inside a hook: the frames lie on a stack that is no more. */
void sm__hook_forget(const struct sm_factory *factory)
{
    while (top && sm__factory_is_below(top->daemon->factory, factory))
        top = top->outer;
}

int sm__hook_result(struct sm__daemon *daemon, int result)
{
    if (result <= 0)
        return result;
    return sm_factory_fail(daemon->factory, -SM_EDAEMON, "it returned %d, which is no error number",
                           result);
}
