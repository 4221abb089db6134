/* SPDX-License-Identifier: MIT */
/*
 * The workers of one machine, and which of them a factory lives on.
 *
 * The first worker has the machine's own factory, and all daemons of types that are not declared to
 * run on several threads. A child of which nothing keeps it where it is (core/factory_place.c) goes
 * where a pin of one of its daemons says; else, if factories are spread, to the worker that has
 * the fewest.
 */
#ifndef STEELMILL_CORE_OS_TEAM_H
#define STEELMILL_CORE_OS_TEAM_H

#include "core/os/worker.h"

#define OS_TEAM_MAX 256u

/* Factories with a daemon of this type live on this worker. */
struct os_pin {
    const char *daemon; /* the type's name */
    uint32_t worker;    /* from 0 */
};

struct os_team_options {
    struct os_worker_options worker; /* of each; one name, one machine */
    uint32_t worker_count;           /* 1 to OS_TEAM_MAX */
    bool spread;                     /* without a pin: to the worker with the fewest factories; else
                                      * where it was created */
    const struct os_pin *pins;       /* the caller's; must outlive the team */
    size_t pin_count;
};

struct os_team {
    uint32_t count;
    struct os_worker **workers;
    struct os_team_options options;
    pthread_mutex_t lock;
    uint32_t *factories; /* on each worker */
};

/* The home is the worker's, or that of one of its team. */
static inline bool os_team_shares(const struct os_worker *worker, struct sm__home *home)
{
    const struct os_worker *other = os_worker_of(home);
    return other == worker || (worker->team && other->team == worker->team);
}

/* Returns 0, -ENOMEM, -EMFILE, or what libuv says. */
int os_team_create(struct os_team **out, const struct os_team_options *options);
/* When no worker of it runs any more. NULL allowed. */
void os_team_destroy(struct os_team *team);
/*
 * Starts a thread for each worker but the first, which is the caller's to run.
 * Returns 0, or what pthread_create says, negated, and none is left.
 */
int os_team_start(struct os_team *team);
/*
 * Ends them again, from any thread that runs none of them; the first must still run, if it does.
 * What tasks are left on them is dropped.
 *   limit_ns: for all together
 * Returns 0; -ETIMEDOUT: a task keeps one of the threads, so that the team cannot be destroyed.
 */
int os_team_stop(struct os_team *team, sm_time limit_ns);
/* So long from now, as pthread_timedjoin_np wants it. */
struct timespec os_team_limit(sm_time limit_ns);

#endif
