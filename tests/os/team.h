/* SPDX-License-Identifier: MIT */
/* A body as a task of a machine that has several workers. */
#ifndef STEELMILL_TESTS_OS_TEAM_H
#define STEELMILL_TESTS_OS_TEAM_H

#include "core/factory.h"
#include "core/os/team.h"
#include "core/task.h"
#include "tests/suite.h"

#include <steelmill/steelmill.h>

#define WORKERS 3
#define SOON    (sm_now() + 10 * SM_S)

static struct os_team *team;
static struct sm_factory *machine; /* lives on the first */

static int team_boot(void *body)
{
    ck_assert_int_eq(sm__factory_create_as(&machine, NULL, "machine", "m", &team->workers[0]->home),
                     0);
    ((void (*)(void))body)();
    ck_assert_int_eq(sm_factory_stop(machine, SOON), 0);
    sm_factory_destroy(machine);
    ck_assert_int_eq(os_team_stop(team, SM_S), 0);
    os_worker_quit(team->workers[0]);
    return 0;
}

static inline void run_with(struct os_team_options options, void (*body)(void))
{
    options.worker = (struct os_worker_options){.name = "m", .machine_index = 1};
    ck_assert_int_eq(os_team_create(&team, &options), 0);
    ck_assert_int_eq(os_worker_spawn(team->workers[0], "boot", team_boot, (void *)body), 0);
    ck_assert_int_eq(os_team_start(team), 0);
    ck_assert_uint_eq(os_worker_run(team->workers[0]), 0);
    os_team_destroy(team);
}

static inline void run_spread(void (*body)(void))
{
    run_with((struct os_team_options){.worker_count = WORKERS, .spread = true}, body);
}

/* The number of the worker that the calling task is on. */
static inline uint32_t here(void)
{
    return os_worker_of(sm__current->home)->number;
}

static inline uint32_t home_of(struct sm_factory *factory)
{
    return os_worker_of(sm__factory_home(factory))->number;
}

#endif
