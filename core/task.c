/* SPDX-License-Identifier: MIT */
/* Tasks: the state machine that opens core/task.h. */
#include "core/task.h"

#include "core/counters.h"

#include <errno.h>
#include <string.h>

__thread struct sm_task *sm__current;

static uint32_t ended_ready(struct sm_waitable *self, uint32_t interest)
{
    const struct sm_task *task = sm__container(self, struct sm_task, ended);
    return task->state == SM__TASK_ENDED ? interest & SM_READ : 0;
}

static void task_init(struct sm_task *task, struct sm__home *home, struct sm__owner *owner,
                      const char *name, sm_task_fn fn, void *arg)
{
    memset(task, 0, sizeof *task);
    task->home = home;
    task->owner = owner;
    task->timer_at = SM_FOREVER;
    task->fn = fn;
    task->arg = arg;
    strncpy(task->name, name ? name : "task", sizeof task->name - 1);
    sm__waitable_init(&task->ended, ended_ready);
    sm__list_append(&home->tasks, &task->home_link);
    if (owner)
        sm__list_append(&owner->tasks, &task->owner_link);
    else
        sm__list_init(&task->owner_link);
}

static struct sm_task *at_top_of(char **high)
{
    *high -= (sizeof(struct sm_task) + 63) / 64 * 64;
    return (struct sm_task *)(void *)*high;
}

/* place: NULL: at the top of its stack */
static int spawn(struct sm_task **out, struct sm_task *place, struct sm__home *home,
                 struct sm__owner *owner, const char *name, sm_task_fn fn, void *arg)
{
    uint32_t index;
    char *low, *high;

    if (owner && owner->closed)
        return -ECANCELED;
    const int error = sm__stack_take(home->stacks, &index, &low, &high);
    if (error)
        return error;
    struct sm_task *task = place ? place : at_top_of(&high);
    task_init(task, home, owner, name, fn, arg);
    task->stack_index = index;
    task->detached = !out;
    SM__COUNT(tasks_started, 1);
    sm__fiber_init(&task->fiber, low, high, sm__task_main, task);
    if (out)
        *out = task;
    sm__sched_started(task);
    return 0;
}

int sm__task_spawn(struct sm_task **out, struct sm__home *home, struct sm__owner *owner,
                   const char *name, sm_task_fn fn, void *arg)
{
    return spawn(out, NULL, home, owner, name, fn, arg);
}

int sm__task_spawn_in(struct sm_task *place, struct sm__home *home, struct sm__owner *owner,
                      const char *name, sm_task_fn fn, void *arg)
{
    return spawn(NULL, place, home, owner, name, fn, arg);
}

static void give_stack(struct sm_task *task)
{
    if (!task->fiber.sp)
        return;
    sm__fiber_finish(&task->fiber);
    task->fiber.sp = NULL;
    sm__stack_give(task->home->stacks, task->stack_index);
}

void sm__task_go_on(struct sm_task *task)
{
    char *low, *high;

    SM_ASSERT_MSG(sm__stack_take(task->home->stacks, &task->stack_index, &low, &high) == 0,
                  "no stack is left for task '%s' to go on", task->name);
    sm__fiber_init(&task->fiber, low, high, sm__task_main, task);
}

static void task_free(struct sm_task *task)
{
    SM_ASSERT_MSG(sm__waitable_idle(&task->ended), "a task is freed while another one joins it");
    sm__list_remove(&task->owner_link);
    sm__list_remove(&task->home_link);
    give_stack(task);
}

void sm__task_release(struct sm_task *task)
{
    if (task->state == SM__TASK_RESTS) {
        task->state = SM__TASK_PARKED;
        give_stack(task);
        return;
    }
    SM_ASSERT(task->state == SM__TASK_ENDED);
    task->has_result = true; /* off its stack from now on */
    if (task->detached)
        task_free(task);
}

_Noreturn void sm__task_main(void *arg)
{
    struct sm_task *task = arg;

    sm__fiber_arrived(&task->fiber);
    errno = 0;
    task->result = task->fn(task->arg);
    if (SM_UNLIKELY(task->leave))
        task->leave(task, true);
    task->state = SM__TASK_ENDED;
    SM__COUNT(tasks_ended, 1);
    sm__sched_timer_clear(task);
    sm__list_remove(&task->owner_link);
    if (task->owner) {
        if (!task->detached)
            sm__list_append(&task->owner->zombies, &task->owner_link);
        if (sm__list_empty(&task->owner->tasks))
            sm__wake_all_fast(&task->owner->idle);
    }
    sm__wake_all_fast(&task->ended);
    sm__sched_exit(task);
}

static void unlink_waiter(struct sm__waiter *waiter)
{
    struct sm_waitable *object = waiter->object;

    if (!object)
        return;
    if (waiter->prev)
        waiter->prev->next = waiter->next;
    else
        object->first = waiter->next;
    if (waiter->next)
        waiter->next->prev = waiter->prev;
    else
        object->last = waiter->prev;
    waiter->object = NULL;
}

static void unlink_waiters(struct sm_task *task)
{
    for (uint32_t i = 0; i < task->waiter_count; i++)
        unlink_waiter(&task->waiters[i]);
    task->waiter_count = 0;
}

/* The first wake decides; see invariant 2. */
static void task_wake(struct sm_task *task, int error)
{
    if (task->state != SM__TASK_PARKED)
        return;
    unlink_waiters(task);
    task->wake_error = error;
    sm__sched_timer_clear(task);
    task->state = SM__TASK_READY;
    sm__sched_wake(task);
}

void sm__task_drop(struct sm_task *task)
{
    SM_ASSERT(task != sm__current);
    unlink_waiters(task);
    task->state = SM__TASK_ENDED;
    SM__COUNT(tasks_ended, 1);
    sm__sched_timer_clear(task);
    task->ended.first = task->ended.last = NULL; /* those who join it are dropped with it */
    if (task->leave)
        task->leave(task, false);
    task_free(task);
}

void sm__task_timer_fired(struct sm_task *task)
{
    task_wake(task, -ETIMEDOUT);
}

/* ---- waiting ---- */

void sm__waitable_init(struct sm_waitable *object,
                       uint32_t (*ready)(struct sm_waitable *self, uint32_t interest))
{
    object->first = object->last = NULL;
    object->ready = ready;
}

bool sm__waitable_idle(const struct sm_waitable *object)
{
    return !object->first;
}

static void link_waiter(struct sm__waiter *waiter, struct sm_waitable *object, struct sm_task *task,
                        bool exclusive)
{
    waiter->object = object;
    waiter->task = task;
    waiter->exclusive = exclusive;
    waiter->next = NULL;
    waiter->prev = object->last;
    if (object->last)
        object->last->next = waiter;
    else
        object->first = waiter;
    object->last = waiter;
}

int sm__enter(void)
{
    SM_ASSERT_MSG(sm__current, "a blocking call outside of any task");
    SM_ASSERT_MSG(!sm__current->sections, "a blocking call inside a read section");
    return SM_UNLIKELY(sm__task_is_cancelled(sm__current)) ? -ECANCELED : 0;
}

/* Parks until woken; the waiters are linked. */
static int park(struct sm_task *task, struct sm__waiter *waiters, uint8_t count, sm_time deadline)
{
    task->waiters = waiters;
    task->waiter_count = count;
    task->state = SM__TASK_PARKED;
    if (deadline != SM_FOREVER)
        sm__sched_timer_set(task, deadline);
    sm__sched_park(task);
    return task->wake_error;
}

/* Why the task may not park: 0, -ECANCELED, -ETIMEDOUT. */
static int may_park(struct sm_task *task, sm_time deadline)
{
    SM_ASSERT_MSG(task, "a blocking call outside of any task");
    SM_ASSERT_MSG(!task->sections, "a blocking call inside a read section");
    if (sm__task_is_cancelled(task))
        return -ECANCELED;
    if (deadline != SM_FOREVER && deadline <= sm__clock_monotonic(task->home))
        return -ETIMEDOUT;
    return 0;
}

int sm__wait(struct sm_waitable *object, bool exclusive, sm_time deadline)
{
    struct sm_task *task = sm__current;
    struct sm__waiter waiter;
    const int error = may_park(task, deadline);

    if (error)
        return error;
    link_waiter(&waiter, object, task, exclusive);
    return park(task, &waiter, 1, deadline);
}

int sm__task_rest(struct sm_waitable *object, struct sm__waiter *waiter, sm_task_fn fn)
{
    struct sm_task *task = sm__current;
    const int error = may_park(task, SM_FOREVER);

    if (error)
        return error;
    link_waiter(waiter, object, task, false);
    task->waiters = waiter;
    task->waiter_count = 1;
    task->fn = fn;
    task->state = SM__TASK_RESTS;
    sm__sched_exit(task);
}

void sm__wake_all(struct sm_waitable *object)
{
    while (object->first)
        task_wake(object->first->task, 0);
}

void sm__wake_one(struct sm_waitable *object)
{
    struct sm__waiter *waiter = object->first;

    while (waiter) {
        const bool exclusive = waiter->exclusive;
        /* Waking unlinks all waiters of that task, perhaps the next one, too: start over. */
        if (exclusive || waiter->task->waiter_count == 1) {
            struct sm__waiter *next = waiter->next;
            task_wake(waiter->task, 0);
            if (exclusive)
                return;
            waiter = next;
        } else {
            task_wake(waiter->task, 0);
            waiter = object->first;
        }
    }
}

static int look(struct sm_wait *waits, size_t count)
{
    int found = -ETIMEDOUT;

    for (size_t i = count; i-- > 0;) {
        waits[i].ready = waits[i].object->ready(waits[i].object, waits[i].interest);
        if (waits[i].ready)
            found = (int)i;
    }
    return found;
}

int sm_wait_any(struct sm_wait *waits, size_t count, sm_time deadline)
{
    struct sm__waiter waiters[SM__WAITERS_MAX];
    struct sm_task *task = sm__current;
    int error = sm__enter();

    if (error)
        return error;
    if (count == 0 || count > SM__WAITERS_MAX)
        return -EINVAL;
    for (;;) {
        const int found = look(waits, count);
        if (found >= 0)
            return found;
        error = may_park(task, deadline);
        if (error)
            return error;
        for (size_t i = 0; i < count; i++)
            link_waiter(&waiters[i], waits[i].object, task, false);
        error = park(task, waiters, (uint8_t)count, deadline);
        if (error)
            return error;
    }
}

/* ---- the public side ---- */

int sm_task_spawn(struct sm_task **out, const char *name, sm_task_fn fn, void *arg)
{
    SM_ASSERT_MSG(sm__current, "sm_task_spawn outside of any task");
    return sm__task_spawn(out, sm__current->home, sm__current->owner, name, fn, arg);
}

int sm_task_join(struct sm_task *task, int *result, sm_time deadline)
{
    int error = sm__enter();

    SM_ASSERT_MSG(task != sm__current, "a task joins itself");
    SM_ASSERT_MSG(!task->detached, "a task's handle is used after it was given up");
    SM_ASSERT_MSG(!task->joined, "two tasks join the same one: its handle can be taken once");
    task->joined = true;
    while (!error && task->state != SM__TASK_ENDED)
        error = sm__wait(&task->ended, false, deadline);
    task->joined = false;
    if (error)
        return error;
    if (result)
        *result = task->result;
    sm_task_detach(task);
    return 0;
}

void sm_task_detach(struct sm_task *task)
{
    SM_ASSERT_MSG(!task->detached, "a task's handle is given up twice");
    SM_ASSERT_MSG(!task->joined, "a task's handle is given up while a task joins it");
    task->detached = true;
    if (task->has_result)
        task_free(task);
}

void sm_task_cancel(struct sm_task *task)
{
    task->cancelled = true;
    if (!task->shielded)
        task_wake(task, -ECANCELED);
}

bool sm_task_cancelled(void)
{
    return sm__current && sm__task_is_cancelled(sm__current);
}

int sm_yield(void)
{
    const int error = sm__enter();

    if (error)
        return error;
    sm__sched_yield(sm__current);
    return sm__task_is_cancelled(sm__current) ? -ECANCELED : 0;
}

struct sm_task *sm_task_self(void)
{
    return sm__current;
}

const char *sm_task_name(const struct sm_task *task)
{
    return task->name;
}

/* ---- time ---- */

sm_time sm_now(void)
{
    SM_ASSERT_MSG(sm__current, "sm_now outside of any task");
    return sm__clock_monotonic(sm__current->home);
}

sm_time sm_wall_now(void)
{
    SM_ASSERT_MSG(sm__current, "sm_wall_now outside of any task");
    return sm__clock_wall(sm__current->home);
}

int sm_sleep_until(sm_time deadline)
{
    struct sm_task *task = sm__current;
    int error = may_park(task, deadline);

    if (error == -ETIMEDOUT)
        return sm_yield();
    if (!error)
        error = park(task, NULL, 0, deadline);
    return error == -ETIMEDOUT ? 0 : error;
}

int sm_sleep(sm_time duration_ns)
{
    const sm_time now = sm_now();

    if (duration_ns <= 0)
        return sm_sleep_until(now);
    return sm_sleep_until(duration_ns > SM_FOREVER - now ? SM_FOREVER : now + duration_ns);
}

/* ---- owners ---- */

static uint32_t owner_idle(struct sm_waitable *self, uint32_t interest)
{
    const struct sm__owner *owner = sm__container(self, struct sm__owner, idle);
    return sm__list_empty(&owner->tasks) ? interest & SM_READ : 0;
}

void sm__owner_init(struct sm__owner *owner, struct sm_factory *factory, const char *daemon)
{
    sm__list_init(&owner->tasks);
    sm__list_init(&owner->zombies);
    owner->factory = factory;
    owner->daemon = daemon;
    owner->closed = false;
    sm__waitable_init(&owner->idle, owner_idle);
}

void sm__owner_close(struct sm__owner *owner)
{
    if (owner->closed)
        return;
    owner->closed = true;
    for (struct sm__list *link = owner->tasks.next; link != &owner->tasks; link = link->next) {
        sm_task_cancel(sm__container(link, struct sm_task, owner_link));
    }
}

int sm__owner_wait(struct sm__owner *owner, sm_time deadline)
{
    int error = sm__enter();

    while (!error && !sm__list_empty(&owner->tasks))
        error = sm__wait(&owner->idle, false, deadline);
    return error;
}

void sm__owner_finish(struct sm__owner *owner)
{
    SM_ASSERT(sm__list_empty(&owner->tasks));
    while (!sm__list_empty(&owner->zombies)) {
        struct sm_task *task = sm__container(owner->zombies.next, struct sm_task, owner_link);
        sm_task_detach(task);
    }
}
