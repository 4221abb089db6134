/* SPDX-License-Identifier: MIT */
/*
 * Where a factory lives.
 *
 *   created: its creator's thread constructs its daemons
 *   placed:  at its start, or its first call; its tasks run there, and it is destroyed there
 *
 * In between nobody else knows of it, and none of its tasks has run. So it can still be put on
 * another thread, unless a daemon ties it to where it is (its anchor): one of its own that keeps to
 * one thread, or an ancestor's that only the thread of that may enter.
 */
#include "core/factory_parts.h"

/* ---- forwarding ---- */

struct there {
    struct sm_factory *factory;
    int (*fn)(struct sm_factory *factory, sm_time deadline);
    sm_time deadline;
};

static int there_main(void *arg)
{
    const struct there *there = arg;
    return there->fn(there->factory, there->deadline);
}

int sm__factory_there(struct sm_factory *factory, int (*fn)(struct sm_factory *, sm_time),
                      sm_time deadline)
{
    struct there there = {factory, fn, deadline};

    sm__factory_pin(factory);
    const int result = sm__call(sm__home_of(factory), NULL, there_main, &there);
    sm__factory_unpin(factory);
    return result;
}

/* ---- placing ---- */

void sm__factory_stay(struct sm_factory *factory)
{
    if (!__atomic_load_n(&factory->placed, __ATOMIC_RELAXED))
        __atomic_store_n(&factory->placed, true, __ATOMIC_RELAXED);
}

int sm__factory_place(struct sm_factory *factory)
{
    struct sm__home *home = factory->home;

    if (!factory->placed && home) {
        const int error = sm__home_choose(factory, factory->anchor, &home);
        if (error)
            return error;
        factory->counted = true;
        factory->placed = true;
    }
    sm_factory_seal(factory);
    if (home != factory->home) /* the last that this thread does to it */
        __atomic_store_n(&factory->home, home, __ATOMIC_RELEASE);
    return 0;
}

/* ---- who may enter what ---- */

int sm__factory_check_place(struct sm_factory *factory, const struct sm_daemon_type *type)
{
    if (SM_LIKELY(!sm__many_threads) || !sm__current ||
        type->flags & (SM_DAEMON_THREAD_SAFE | SM_DAEMON_REENTRANT) ||
        sm__home_takes_all(sm__current->home))
        return 0;
    return sm__factory_note(factory, -SM_EELSEWHERE,
                            "daemon '%s': daemons of its type live on the machine's first worker: "
                            "create them there (sm_call), or declare the type SM_DAEMON_REENTRANT",
                            type->name);
}

int sm__factory_use_among(struct sm_factory *factory, const struct sm__daemon *daemon)
{
    if (daemon->type->flags & SM_DAEMON_THREAD_SAFE)
        return 0;
    if (sm__factory_elsewhere(daemon->factory))
        return -SM_EELSEWHERE;
    if (sm__current && sm__state(factory) == SM__FACTORY_NEW && !sm__factory_elsewhere(factory) &&
        daemon->factory != factory) {
        factory->anchor = daemon->type->name;
        sm__factory_stay(daemon->factory);
    }
    return 0;
}

int sm__factory_use_or_say(struct sm_factory *factory, const struct sm__daemon *daemon)
{
    const int error = sm__factory_use(factory, daemon);

    if (!error)
        return 0;
    return sm__factory_note(factory, error,
                            "daemon '%s' of %s '%s' lives on another worker, and its type is not "
                            "declared SM_DAEMON_THREAD_SAFE: use it through sm_call",
                            daemon->type->name, daemon->factory->kind, daemon->factory->name);
}
