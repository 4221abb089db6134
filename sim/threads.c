/* SPDX-License-Identifier: MIT */
/* The seam, where it is about threads: there is one, and all homes are on it. */
#include "core/task.h"

/* ---- calls ---- */

int sm__call(struct sm__home *home, struct sm__owner *owner, sm_task_fn fn, void *arg)
{
    return sm__call_here(home, owner, fn, arg);
}

/* ---- the graph of factories: nobody else reads or changes it ---- */

void sm__free_later(struct sm__later *later, void (*fn)(struct sm__later *later))
{
    fn(later);
}

bool sm__thread_may_read(void)
{
    return true;
}

bool sm__many_threads;

void sm__graph_take(void)
{
}

void sm__graph_give(void)
{
}

bool sm__apart(const struct sm__home *one, const struct sm__home *other)
{
    (void)one, (void)other;
    return false;
}

void sm__post(struct sm__home *home, void (*fn)(void *arg), void *arg)
{
    (void)home, (void)fn, (void)arg;
    SM_ASSERT_MSG(false, "there is no other thread to post to");
}

void sm__lock_init(struct sm__lock *lock)
{
    (void)lock;
}

void sm__lock_finish(struct sm__lock *lock)
{
    (void)lock;
}

void sm__lock_take_among(struct sm__lock *lock)
{
    (void)lock;
}

void sm__lock_give_among(struct sm__lock *lock)
{
    (void)lock;
}

/* ---- where factories live: where their parents do ---- */

struct sm__home *sm__home_of_child(struct sm__home *parents)
{
    return parents;
}

bool sm__home_takes_all(const struct sm__home *home)
{
    (void)home;
    return true;
}

int sm__home_choose(struct sm_factory *factory, const char *anchor, struct sm__home **home)
{
    (void)factory, (void)anchor, (void)home;
    return 0;
}

void sm__home_leave(struct sm__home *home)
{
    (void)home;
}
