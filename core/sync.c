/* SPDX-License-Identifier: MIT */
/* Events, mutexes and wait groups. */
#include "core/task.h"

#include <errno.h>

/* ---- event ---- */

static uint32_t event_ready(struct sm_waitable *self, uint32_t interest)
{
    return sm__container(self, struct sm_event, waitable)->set ? interest & SM_READ : 0;
}

void sm_event_init(struct sm_event *event)
{
    sm__waitable_init(&event->waitable, event_ready);
    event->set = false;
}

void sm_event_finish(struct sm_event *event)
{
    SM_ASSERT_MSG(sm__waitable_idle(&event->waitable), "an event is finished while a task waits");
}

void sm_event_set(struct sm_event *event)
{
    event->set = true;
    sm__wake_all_fast(&event->waitable);
}

void sm_event_clear(struct sm_event *event)
{
    event->set = false;
}

int sm_event_wait(struct sm_event *event, sm_time deadline)
{
    int error = sm__enter();

    while (!error && !event->set)
        error = sm__wait(&event->waitable, false, deadline);
    return error;
}

/* ---- mutex ---- */

static uint32_t mutex_ready(struct sm_waitable *self, uint32_t interest)
{
    return sm__container(self, struct sm_mutex, waitable)->owner ? 0 : interest & SM_READ;
}

void sm_mutex_init(struct sm_mutex *mutex)
{
    sm__waitable_init(&mutex->waitable, mutex_ready);
    mutex->owner = NULL;
}

void sm_mutex_finish(struct sm_mutex *mutex)
{
    SM_ASSERT_MSG(!mutex->owner, "a mutex is finished while it is held");
    SM_ASSERT_MSG(sm__waitable_idle(&mutex->waitable), "a mutex is finished while a task waits");
}

int sm_mutex_lock(struct sm_mutex *mutex, sm_time deadline)
{
    const int error = sm__enter();

    if (error)
        return error;
    if (mutex->owner == sm__current)
        return -EDEADLK;
    if (!mutex->owner) {
        mutex->owner = sm__current;
        return 0;
    }
    /* The holder hands the lock over: whoever is woken without an error has it. */
    return sm__wait(&mutex->waitable, true, deadline);
}

/* The first in line that wants the lock itself, not just news of it. */
static struct sm__waiter *next_in_line(const struct sm_mutex *mutex)
{
    struct sm__waiter *waiter = mutex->waitable.first;

    while (waiter && !waiter->exclusive)
        waiter = waiter->next;
    return waiter;
}

void sm_mutex_unlock(struct sm_mutex *mutex)
{
    SM_ASSERT_MSG(mutex->owner == sm__current,
                  "a mutex is unlocked by a task that does not hold it");
    const struct sm__waiter *next = next_in_line(mutex);
    mutex->owner = next ? next->task : NULL;
    sm__wake_one(&mutex->waitable);
}

/* ---- wait group ---- */

static uint32_t group_ready(struct sm_waitable *self, uint32_t interest)
{
    return sm__container(self, struct sm_wait_group, waitable)->count ? 0 : interest & SM_READ;
}

void sm_wait_group_init(struct sm_wait_group *group)
{
    sm__waitable_init(&group->waitable, group_ready);
    group->count = 0;
}

void sm_wait_group_finish(struct sm_wait_group *group)
{
    SM_ASSERT_MSG(sm__waitable_idle(&group->waitable),
                  "a wait group is finished while a task waits");
}

void sm_wait_group_add(struct sm_wait_group *group, size_t count)
{
    SM_ASSERT(group->count <= SIZE_MAX - count);
    group->count += count;
}

void sm_wait_group_done(struct sm_wait_group *group)
{
    SM_ASSERT_MSG(group->count > 0, "a wait group is done more often than it was added to");
    if (--group->count == 0)
        sm__wake_all_fast(&group->waitable);
}

int sm_wait_group_wait(struct sm_wait_group *group, sm_time deadline)
{
    int error = sm__enter();

    while (!error && group->count > 0)
        error = sm__wait(&group->waitable, false, deadline);
    return error;
}
