/* SPDX-License-Identifier: MIT */
/*
 * How a factory comes up, and how one waits for it.
 *
 *   start:  seal -> prepare d1, d2, ... (one after the other, each in a task of its own)
 *                -> run d1, d2, ...     (all at once, each in a task of its own)
 *
 *   1. While PREPARING, at most one prepare is running.
 *   2. A prepare that fails, or that the deadline or a cancellation ends, stops the factory: what
 * was prepared is stopped in reverse before start returns.
 *   3. `running` counts the run hooks that have not returned; it is 0 outside of RUNNING and
 * STOPPING.
 */
#include "core/factory_parts.h"

#include <stdio.h>

/* What the undoing of a failed start may take: its own deadline may have passed. */
#define UNDO_NS (5 * SM_S)

/* A hook may be cancelled by its own stop, or by what it asked of a factory above that stops. */
static bool is_ending(const struct sm_factory *factory)
{
    for (; factory; factory = sm__parent(factory))
        if (sm__state(factory) >= SM__FACTORY_STOPPING)
            return true;
    return false;
}

/* ---- prepare ---- */

static int prepare_main(void *arg)
{
    struct sm__daemon *daemon = arg;
    struct sm_factory *factory = daemon->factory;
    int error = sm__hook_result(daemon, daemon->type->prepare(daemon->instance));
    bool gave_way = error == -ECANCELED && is_ending(factory);
    if (error && !gave_way)
        sm__daemon_failed(daemon, "prepare", error);
    sm__words_clear(daemon);
    daemon->prepare_error = error;
    daemon->prepare_ended = true;
    sm__wake_all_fast(&factory->changed);
    return error;
}

static int prepare(struct sm__daemon *daemon, sm_time deadline)
{
    struct sm_factory *factory = daemon->factory;
    if (daemon->injected || !daemon->type->prepare) {
        daemon->prepare_called = !daemon->injected;
        return 0;
    }
    char name[SM__TASK_NAME_BYTES];
    snprintf(name, sizeof name, "%s.prepare", daemon->type->name);
    int error = sm__task_spawn(NULL, factory->home, &daemon->owner, name, prepare_main, daemon);
    if (error) {
        sm__daemon_failed(daemon, "prepare", error);
        return error;
    }
    daemon->prepare_called = true;
    while (!daemon->prepare_ended && factory->state == SM__FACTORY_PREPARING) {
        error = sm__wait(&factory->changed, false, deadline);
        if (error && !daemon->prepare_ended && factory->state == SM__FACTORY_PREPARING) {
            sm__daemon_failed(daemon, "prepare", error);
            return error;
        }
    }
    return factory->state == SM__FACTORY_PREPARING ? daemon->prepare_error : -ECANCELED;
}

static int prepare_all(struct sm_factory *factory, sm_time deadline)
{
    for (struct sm__list *link = factory->daemons.next; link != &factory->daemons;
         link = link->next) {
        int error = prepare(sm__container(link, struct sm__daemon, link), deadline);
        if (error)
            return error;
    }
    return 0;
}

/* ---- run ---- */

static void record_run_failure(struct sm__daemon *daemon, int error)
{
    struct sm_factory *factory = daemon->factory;
    if (error == -ECANCELED && is_ending(factory))
        return;
    if (factory->state == SM__FACTORY_RUNNING) {
        if (!factory->run_error)
            factory->run_error = error;
        else if (!factory->run_error_more)
            factory->run_error_more = error;
    }
    sm__daemon_failed(daemon, "run", error);
}

static int run_main(void *arg)
{
    struct sm__daemon *daemon = arg;
    struct sm_factory *factory = daemon->factory;
    int error = sm__hook_result(daemon, daemon->type->run(daemon->instance));
    if (error)
        record_run_failure(daemon, error);
    sm__words_clear(daemon);
    factory->running--;
    sm__wake_all_fast(&factory->changed);
    return error;
}

static int run_all(struct sm_factory *factory)
{
    sm__state_set(factory, SM__FACTORY_RUNNING);
    for (struct sm__list *link = factory->daemons.next; link != &factory->daemons;
         link = link->next) {
        struct sm__daemon *daemon = sm__container(link, struct sm__daemon, link);
        if (daemon->injected || !daemon->type->run)
            continue;
        int error = sm__task_spawn(NULL, factory->home, &daemon->owner, daemon->type->name,
                                   run_main, daemon);
        if (error) {
            sm__daemon_failed(daemon, "run", error);
            return error;
        }
        factory->running++;
    }
    sm__wake_all_fast(&factory->changed);
    return 0;
}

/* ---- start and wait ---- */

static void undo(struct sm_factory *factory)
{
    bool before = sm__shield();
    sm__factory_stop_first(factory, sm__time_after(sm_now(), UNDO_NS));
    sm__unshield(before);
}

int sm_factory_start(struct sm_factory *factory, sm_time deadline)
{
    int error = sm__enter();
    if (error)
        return error;
    if (sm__state(factory) >= SM__FACTORY_STOPPING)
        return -ECANCELED;
    if (sm__state(factory) >= SM__FACTORY_PREPARING)
        return -EALREADY;
    SM_ASSERT_MSG(!sm__factory_inside(factory), "factory '%s' is started by a task of its own",
                  factory->name);
    if (!sm__factory_elsewhere(factory))
        error = sm__factory_place(factory);
    if (error)
        return error;
    if (sm__factory_elsewhere(factory))
        return sm__factory_there(factory, sm_factory_start, deadline);
    sm__state_set(factory, SM__FACTORY_PREPARING);
    sm__factory_pin(factory);
    error = prepare_all(factory, deadline);
    if (!error)
        error = run_all(factory);
    if (error && factory->state < SM__FACTORY_STOPPING)
        undo(factory);
    sm__factory_unpin(factory);
    return error;
}

/* Returns true once the wait is over, with the verdict. */
static bool wait_is_over(struct sm_factory *factory, int *result)
{
    if (factory->run_error) {
        factory->run_error_told = true;
        *result = factory->run_error;
    } else if (factory->state >= SM__FACTORY_STOPPING) {
        *result = -ECANCELED;
    } else if (factory->state == SM__FACTORY_RUNNING && factory->running == 0) {
        *result = 0;
    } else {
        return false;
    }
    return true;
}

int sm_factory_wait(struct sm_factory *factory, sm_time deadline)
{
    int error = sm__enter();
    int result = 0;
    if (!error && sm__factory_elsewhere(factory))
        return sm__factory_there(factory, sm_factory_wait, deadline);
    sm__factory_pin(factory);
    while (!error && !wait_is_over(factory, &result))
        error = sm__wait(&factory->changed, false, deadline);
    sm__factory_unpin(factory);
    return error ? error : result;
}

int sm__factory_wait_at_rest(struct sm_factory *factory, struct sm__waiter *waiter, sm_task_fn fn,
                             bool again)
{
    int error = again ? sm__current->wake_error : sm__enter();
    int result = 0;
    SM_ASSERT(!sm__factory_elsewhere(factory));
    if (!again)
        sm__factory_pin(factory);
    if (!error && !wait_is_over(factory, &result))
        error = sm__task_rest(&factory->changed, waiter, fn);
    sm__factory_unpin(factory);
    return error ? error : result;
}

int sm__factory_wait_stopping(struct sm_factory *factory, sm_time deadline)
{
    int error = 0;
    SM_ASSERT(!sm__factory_elsewhere(factory));
    sm__factory_pin(factory);
    while (!error && factory->state < SM__FACTORY_STOPPING)
        error = sm__wait(&factory->changed, false, deadline);
    sm__factory_unpin(factory);
    return error;
}
