/* SPDX-License-Identifier: MIT */
/*
 * How a factory goes down.
 *
 *   STOPPING: close the factory's own tasks -> stop the children, last created first
 *             -> wait for the factory's own tasks -> for each daemon, last constructed first:
 *                  close its owner (cancels its tasks) -> wait for them -> its stop hook
 *   STOPPED
 *
 *   1. The first caller does the work; later ones wait for STOPPED.
 *   2. Nothing ends it early: not the caller's own cancellation, not a failure. Every failure is a
 * line of the detail, and the first of them is what stop returns.
 *   3. After the deadline each step still gets GRACE_NS: what has to be cancelled needs time to
 * notice.
 *   4. A stop hook is called only if prepare was called, and never beside tasks of its daemon.
 *   5. A factory on another thread is stopped there. Whoever waits for that does not wait for ever:
 *      a daemon may keep that thread to itself.
 */
#include "core/factory_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GRACE_NS (100 * SM_MS)
/* What a thread that does not answer gets beyond that, before the others are stopped without it. */
#define ANSWER_NS (500 * SM_MS)

static sm_time step_limit(sm_time deadline)
{
    sm_time grace = sm__time_after(sm_now(), GRACE_NS);
    return deadline > grace ? deadline : grace;
}

/* A deadline of the calling task, on the clock of another home. */
static sm_time deadline_at(struct sm__home *home, sm_time deadline)
{
    if (deadline == SM_FOREVER || home == sm__current->home)
        return deadline;
    return sm__time_after(sm__clock_monotonic(home), deadline - sm_now());
}

/* ---- tasks ---- */

/* "reader, writer, ..." */
static void list_tasks(const struct sm__owner *owner, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (const struct sm__list *link = owner->tasks.next; link != &owner->tasks;
         link = link->next) {
        const struct sm_task *task = sm__container(link, struct sm_task, owner_link);
        if (used + strlen(task->name) + sizeof(", , ...") > size) {
            snprintf(text + used, size - used, "%s...", used ? ", " : "");
            return;
        }
        used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "", task->name);
    }
}

static void report_tasks(struct sm_factory *factory, const struct sm__owner *owner,
                         const char *hook)
{
    char names[128];
    list_tasks(owner, names, sizeof names);
    if (owner->daemon)
        sm__factory_report(factory, "daemon '%s': %s: tasks did not end in time: %s", owner->daemon,
                           hook, names);
    else
        sm__factory_report(factory, "tasks did not end in time: %s", names);
    if (!factory->stop_error)
        factory->stop_error = -ETIMEDOUT;
}

/* Cancels an owner's tasks and waits for them. False: some are left, and that has been reported. */
static bool end_tasks(struct sm_factory *factory, struct sm__owner *owner, const char *hook,
                      sm_time deadline)
{
    sm__owner_close(owner);
    if (sm__list_empty(&owner->tasks) || sm__owner_wait(owner, step_limit(deadline)) == 0)
        return true;
    report_tasks(factory, owner, hook);
    return false;
}

/* ---- one daemon ---- */

static int stop_main(void *arg)
{
    struct sm__daemon *daemon = arg;
    int error = daemon->type->stop(daemon->instance, daemon->stop_deadline);
    error = sm__hook_result(daemon, error);
    bool gave_way = error == -ECANCELED && daemon->stop_overdue;
    if (error && !gave_way)
        sm__daemon_failed(daemon, "stop", error);
    sm__words_clear(daemon);
    daemon->stop_ended = true;
    sm__wake_all_fast(&daemon->factory->changed);
    return error;
}

static void call_stop_hook(struct sm__daemon *daemon, sm_time deadline)
{
    struct sm_factory *factory = daemon->factory;
    struct sm_task *task;
    char name[SM__TASK_NAME_BYTES];
    snprintf(name, sizeof name, "%s.stop", daemon->type->name);
    daemon->stop_deadline = deadline_at(factory->home, deadline);
    int error = sm__task_spawn(&task, factory->home, &daemon->stop_owner, name, stop_main, daemon);
    if (error) {
        sm__daemon_failed(daemon, "stop", error);
        return;
    }
    task->shielded = true;
    sm_task_detach(task); /* the pointer is good until stop_ended */
    sm_time limit = step_limit(deadline);
    while (!daemon->stop_ended && sm__wait(&factory->changed, false, limit) == 0) {
    }
    if (!daemon->stop_ended) {
        sm__factory_report(factory, "daemon '%s': stop: it did not end in time",
                           daemon->type->name);
        if (!factory->stop_error)
            factory->stop_error = -ETIMEDOUT;
        daemon->stop_overdue = true;
        task->shielded = false;
    }
    end_tasks(factory, &daemon->stop_owner, "stop", 0);
}

static void stop_daemon(struct sm__daemon *daemon, sm_time deadline)
{
    if (daemon->injected)
        return;
    bool ended = end_tasks(daemon->factory, &daemon->owner, "run", deadline);
    if (!daemon->prepare_called || !daemon->type->stop)
        return;
    if (ended)
        call_stop_hook(daemon, deadline);
    else
        sm__factory_report(daemon->factory, "daemon '%s': stop: not called beside running tasks",
                           daemon->type->name);
}

/* ---- the whole ---- */

/* The next child to stop, with a pin; NULL: that was all. */
static struct sm_factory *take_child(struct sm_factory *factory)
{
    sm__graph_take();
    struct sm_factory *child = sm__children_last_unvisited(factory);
    if (child) {
        child->stop_visited = true;
        sm__factory_pin(child);
    }
    sm__graph_give();
    return child;
}

static void stop_child(struct sm_factory *factory, struct sm_factory *child, sm_time deadline)
{
    bool first = sm__state(child) < SM__FACTORY_STOPPING;
    int error = sm_factory_stop(child, deadline);
    if (error && !factory->stop_error)
        factory->stop_error = error;
    if (error && first)
        sm__factory_report_child(factory, child);
    else if (error)
        sm__factory_report(factory, "%s '%s': it did not stop in time", child->kind, child->name);
    sm__factory_unpin(child);
}

/* Nobody was told of it: the first `run` failure that sm_factory_wait has not returned. */
static int untold_run_error(const struct sm_factory *factory)
{
    return factory->run_error_told ? factory->run_error_more : factory->run_error;
}

int sm__factory_stop_first(struct sm_factory *factory, sm_time deadline)
{
    sm__graph_take(); /* no children from now on */
    sm__state_set(factory, SM__FACTORY_STOPPING);
    sm__graph_give();
    factory->stop_error = untold_run_error(factory);
    sm__owner_close(&factory->own);
    sm__wake_all_fast(&factory->changed);
    struct sm_factory *child;
    while ((child = take_child(factory)))
        stop_child(factory, child, deadline);
    end_tasks(factory, &factory->own, NULL, deadline);
    for (struct sm__list *link = factory->daemons.prev; link != &factory->daemons;
         link = link->prev)
        stop_daemon(sm__container(link, struct sm__daemon, link), deadline);
    sm__state_set(factory, SM__FACTORY_STOPPED);
    sm__wake_all_fast(&factory->changed);
    return factory->stop_error;
}

static int wait_stopped(struct sm_factory *factory, sm_time deadline)
{
    int error = 0;
    while (!error && factory->state != SM__FACTORY_STOPPED)
        error = sm__wait(&factory->changed, false, deadline);
    return error;
}

/* ---- on another thread ---- */

struct errand {
    struct sm_factory *factory;
    sm_time deadline;
    int result;
    bool done, given_up; /* given_up: nobody waits, the errand frees itself */
    struct sm_waitable changed;
};

static int errand_main(void *arg)
{
    struct errand *errand = arg;

    errand->result = sm__factory_there(errand->factory, sm_factory_stop, errand->deadline);
    errand->done = true;
    sm__factory_unpin(errand->factory);
    if (errand->given_up)
        free(errand);
    else
        sm__wake_all_fast(&errand->changed);
    return 0;
}

static int stop_there(struct sm_factory *factory, sm_time deadline)
{
    struct errand *errand = calloc(1, sizeof *errand);

    if (!errand)
        return -ENOMEM;
    *errand = (struct errand){.factory = factory, .deadline = deadline};
    sm__waitable_init(&errand->changed, NULL);
    int error = sm__task_spawn(NULL, sm__current->home, NULL, "stop", errand_main, errand);
    if (error) {
        free(errand);
        return error;
    }
    sm__factory_pin(factory);
    const sm_time limit = sm__time_after(step_limit(deadline), ANSWER_NS);
    while (!error && !errand->done)
        error = sm__wait(&errand->changed, false, limit);
    if (errand->done) {
        error = errand->result;
        free(errand);
        return error;
    }
    errand->given_up = true;
    sm__factory_report(factory, "it did not stop in time: its worker does not answer");
    return -ETIMEDOUT;
}

int sm_factory_stop(struct sm_factory *factory, sm_time deadline)
{
    if (sm__factory_inside(factory))
        return sm__factory_note(factory, -EDEADLK, "stop: called by a task of its own");
    if (sm__state(factory) == SM__FACTORY_STOPPED)
        return 0;
    bool before = sm__shield();
    sm__factory_pin(factory);
    int error;
    if (sm__factory_elsewhere(factory))
        error = stop_there(factory, deadline);
    else if (factory->state == SM__FACTORY_STOPPING)
        error = wait_stopped(factory, deadline);
    else
        error = sm__factory_stop_first(factory, deadline);
    sm__factory_unpin(factory);
    sm__unshield(before);
    return error;
}
