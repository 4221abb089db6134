/* SPDX-License-Identifier: MIT */
#include "core/os/team.h"

#include "core/factory.h"

#include <steelmill/errors.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What a thread may take that has nothing to do. */
#define END_LIMIT_NS (10 * SM_S)

bool sm__many_threads;

/* ---- the seam ---- */

bool sm__apart(const struct sm__home *one, const struct sm__home *other)
{
    return one != other;
}

void sm__post(struct sm__home *home, void (*fn)(void *arg), void *arg)
{
    SM_ASSERT_MSG(os_worker_post(os_worker_of(home), fn, arg) == 0,
                  "there is no memory to send word to a worker");
}

_Static_assert(sizeof(pthread_mutex_t) <= sizeof(struct sm__lock) &&
                   _Alignof(pthread_mutex_t) <= _Alignof(struct sm__lock),
               "the seam's lock has room for a mutex");

static pthread_mutex_t *mutex_of(struct sm__lock *lock)
{
    return (pthread_mutex_t *)(void *)lock;
}

void sm__lock_init(struct sm__lock *lock)
{
    pthread_mutex_init(mutex_of(lock), NULL);
}

void sm__lock_finish(struct sm__lock *lock)
{
    pthread_mutex_destroy(mutex_of(lock));
}

void sm__lock_take_among(struct sm__lock *lock)
{
    pthread_mutex_lock(mutex_of(lock));
}

void sm__lock_give_among(struct sm__lock *lock)
{
    pthread_mutex_unlock(mutex_of(lock));
}

static struct os_team *team_of(struct sm__home *home)
{
    return os_worker_of(home)->team;
}

struct sm__home *sm__home_of_child(struct sm__home *parents)
{
    struct sm__home *here = sm__current ? sm__current->home : parents;
    const bool mates = parents && here != parents && team_of(here) == team_of(parents);

    return mates && team_of(here) ? here : parents;
}

bool sm__home_takes_all(const struct sm__home *home)
{
    return ((const struct os_worker *)(const void *)home)->number == 0;
}

/* ---- choosing ---- */

struct search {
    const struct os_team *team;
    const struct os_pin *pin; /* found */
};

static void look_for_pin(const char *daemon, void *arg)
{
    struct search *search = arg;
    const struct os_team_options *options = &search->team->options;

    for (size_t i = 0; i < options->pin_count && !search->pin; i++) {
        if (strcmp(options->pins[i].daemon, daemon) == 0)
            search->pin = &options->pins[i];
    }
}

/* Locked. */
static uint32_t emptiest(const struct os_team *team)
{
    uint32_t best = 0;

    for (uint32_t i = 1; i < team->count; i++) {
        if (team->factories[i] < team->factories[best])
            best = i;
    }
    return best;
}

static int fail_pinned(struct sm_factory *factory, const struct os_pin *pin, const char *anchor)
{
    return sm_factory_fail(factory, -SM_EELSEWHERE,
                           "daemon '%s' is pinned to worker %u, but daemon '%s' keeps the factory "
                           "where it is",
                           pin->daemon, pin->worker, anchor);
}

int sm__home_choose(struct sm_factory *factory, const char *anchor, struct sm__home **home)
{
    struct os_team *team = team_of(*home);
    struct search search = {.team = team};
    uint32_t number = os_worker_of(*home)->number;

    if (!team)
        return 0;
    sm__factory_each_daemon(factory, look_for_pin, &search);
    if (search.pin && anchor && search.pin->worker != number)
        return fail_pinned(factory, search.pin, anchor);
    pthread_mutex_lock(&team->lock);
    if (search.pin)
        number = search.pin->worker;
    else if (!anchor && team->options.spread)
        number = emptiest(team);
    team->factories[number]++;
    pthread_mutex_unlock(&team->lock);
    *home = &team->workers[number]->home;
    return 0;
}

void sm__home_leave(struct sm__home *home)
{
    struct os_team *team = team_of(home);

    if (!team)
        return;
    pthread_mutex_lock(&team->lock);
    team->factories[os_worker_of(home)->number]--;
    pthread_mutex_unlock(&team->lock);
}

/* ---- the team's life ---- */

int os_team_create(struct os_team **out, const struct os_team_options *options)
{
    struct os_team *team = calloc(1, sizeof *team);
    int error = 0;

    *out = NULL;
    if (!team)
        return -ENOMEM;
    pthread_mutex_init(&team->lock, NULL);
    team->options = *options;
    team->workers = calloc(options->worker_count, sizeof(struct os_worker *));
    team->factories = calloc(options->worker_count, sizeof *team->factories);
    if (!team->workers || !team->factories)
        error = -ENOMEM;
    for (uint32_t i = 0; i < options->worker_count && !error; i++) {
        error = os_worker_create(&team->workers[i], &options->worker);
        if (error)
            break;
        team->workers[i]->team = team;
        team->workers[i]->number = i;
        sm__random_rekey(&team->workers[i]->home, &team->workers[i]->random); /* its own */
        team->count++;
    }
    if (error) {
        os_team_destroy(team);
        return error;
    }
    team->factories[0] = 1; /* the machine's own */
    sm__many_threads |= team->count > 1;
    *out = team;
    return 0;
}

void os_team_destroy(struct os_team *team)
{
    if (!team)
        return;
    for (uint32_t i = 0; i < team->count; i++)
        os_worker_destroy(team->workers[i]);
    pthread_mutex_destroy(&team->lock);
    free(team->workers);
    free(team->factories);
    free(team);
}

/* ---- threads ---- */

static void *run(void *worker)
{
    (void)os_worker_run(worker);
    return NULL;
}

static void quit(void *worker)
{
    os_worker_quit(worker);
}

struct timespec os_team_limit(sm_time limit_ns)
{
    const sm_time end = sm__clock_wall(NULL) + limit_ns;
    return (struct timespec){.tv_sec = (time_t)(end / SM_S), .tv_nsec = end % SM_S};
}

static int stop(struct os_team *team, uint32_t count, sm_time limit_ns)
{
    const struct timespec limit = os_team_limit(limit_ns);
    int error = 0;

    for (uint32_t i = 1; i < count; i++)
        SM_ASSERT_MSG(os_worker_post(team->workers[i], quit, team->workers[i]) == 0,
                      "there is no memory to stop a worker");
    for (uint32_t i = 1; i < count; i++) {
        if (pthread_timedjoin_np(team->workers[i]->thread, NULL, &limit) != 0)
            error = -ETIMEDOUT;
    }
    return error;
}

int os_team_start(struct os_team *team)
{
    for (uint32_t i = 1; i < team->count; i++) {
        const int error = pthread_create(&team->workers[i]->thread, NULL, run, team->workers[i]);
        if (error) {
            (void)stop(team, i, END_LIMIT_NS);
            return -error;
        }
    }
    return 0;
}

int os_team_stop(struct os_team *team, sm_time limit_ns)
{
    return stop(team, team->count, limit_ns);
}
