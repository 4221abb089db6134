/* SPDX-License-Identifier: MIT */
/*
 * The life of a machine's factory.
 *
 *   main task:  spawn the runner --> wait: the runner has ended, or a stop is wanted
 *               --> cancel the runner --> stop the factory --> destroy it
 *   runner:     start the factory --> wait for its daemons
 */
#include "scenarios/serve/serve.h"

#include "core/factory.h"
#include "core/os/process.h"
#include "core/task.h"

#include <steelmill/errors.h>

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Real daemons open ports and files when they prepare; that long may it take. */
#define START_LIMIT_NS (60 * SM_S)

/* ---- making it ---- */

static int fill_factory(struct service *service)
{
    const struct serve_machine *machine = service->machine;
    const struct scn_group *group = machine->group;
    struct sm_factory *factory = service->factory;
    int error = 0;

    sm__factory_capability_set(factory, SM__CAPABILITY_NET, service->net);
    sm__factory_capability_set(factory, SM__CAPABILITY_DISK, service->disk);
    for (uint32_t i = 0; i < group->config_count && !error; i++)
        error = sm_factory_config_set(factory, group->config[i].key, group->config[i].value);
    for (const struct sm_daemon_type *const *type = machine->plugin->types; *type && !error; type++)
        error = sm_factory_register(factory, *type);
    for (size_t i = 0; i < machine->daemon_count && !error; i++) {
        void *instance;
        error = sm_factory_get_by_name(factory, machine->daemons[i], &instance);
    }
    return error;
}

static void began(struct service *service)
{
    service->started = true;
    sm_log_info(sm_log_get(service->factory), "serving", sm_str("machine", service->machine->name),
                sm_str("folder", service->machine->folder));
    serve_notify("READY=1");
}

/* Machines whose daemons only answer calls serve until they are told to stop. */
static bool has_run(const struct serve_machine *machine)
{
    for (const struct sm_daemon_type *const *type = machine->plugin->types; *type; type++) {
        for (size_t i = 0; i < machine->daemon_count; i++) {
            if (strcmp((*type)->name, machine->daemons[i]) == 0 && (*type)->run)
                return true;
        }
    }
    return false;
}

static int run(void *arg)
{
    struct service *service = arg;
    int error = fill_factory(service);

    if (!error)
        error = sm_factory_start(service->factory, sm_now() + START_LIMIT_NS);
    if (!error) {
        began(service);
        error = sm_factory_wait(service->factory, SM_FOREVER);
    }
    if (!error && !has_run(service->machine))
        error = sm_sleep_until(SM_FOREVER);
    service->runner_error = error;
    service->runner_ended = true;
    sm_event_set(&service->wake);
    return error;
}

/* ---- ending it ---- */

void service_stop(void *arg)
{
    struct service *service = arg;

    service->stop_wanted = true;
    sm_event_set(&service->wake);
}

/* What the user can put right, as opposed to a failure of the system. */
static bool is_usage(int error)
{
    switch (error) {
    case -EADDRINUSE:
    case -EADDRNOTAVAIL:
    case -EACCES:
    case -EPERM:
    case -SM_ECONFIG:
    case -SM_ENODAEMON:
        return true;
    default:
        return false;
    }
}

/* The factory's words for a failure, a line each. */
static void complain(const struct service *service, int error)
{
    const char *detail = service->factory ? sm_factory_detail(service->factory) : "";

    if (!detail[0])
        serve_error("machine '%s': %s", service->machine->name, sm_strerror(error));
    while (detail[0]) {
        const int length = (int)strcspn(detail, "\n");
        serve_error("%.*s", length, detail);
        detail += length + (detail[length] == '\n');
    }
}

static int judge(const struct service *service, int stop_error)
{
    const int error = service->runner_error == -ECANCELED && service->stop_wanted
                          ? stop_error
                          : service->runner_error;
    const uint64_t violations = os_property_violations();

    if (error || stop_error) {
        complain(service, error ? error : stop_error);
        return !service->started && is_usage(error) ? SERVE_USAGE : SERVE_FAILED;
    }
    if (violations > 0) {
        serve_error("machine '%s': properties were violated %llu times (see the log)",
                    service->machine->name, (unsigned long long)violations);
        return SERVE_FAILED;
    }
    return SERVE_OK;
}

void service_tell_stuck(const struct service *service)
{
    const struct timespec moment = {.tv_nsec = 50 * 1000 * 1000};
    uint32_t switches[OS_TEAM_MAX];
    char who[192];

    for (uint32_t i = 0; i < service->team->count; i++)
        switches[i] = os_worker_switches(service->team->workers[i]);
    nanosleep(&moment, NULL);
    for (uint32_t i = 0; i < service->team->count; i++) {
        const struct os_worker *worker = service->team->workers[i];
        if (&worker->home != (sm__current ? sm__current->home : NULL) &&
            os_worker_kept_by(worker, switches[i], who, sizeof who))
            serve_error("machine '%s': %s keeps a thread to itself (worker %u)",
                        service->machine->name, who, i);
    }
}

/* Stops and judges, and keeps the factory if there are tasks left in it. */
static void end(struct service *service)
{
    int error = 0;

    serve_notify("STOPPING=1");
    if (service->started)
        sm_log_info(sm_log_get(service->factory), "stopping");
    error = sm_factory_stop(service->factory, sm_now() + service->stop_limit_ns);
    service->exit = judge(service, error);
    if (error == -ETIMEDOUT)
        service_tell_stuck(service);
    struct sm_factory *factory = service->factory;
    __atomic_store_n(&service->factory, NULL, __ATOMIC_RELEASE); /* readers find it no more */
    if (!error)
        sm_factory_destroy(factory);
}

static int serve(struct service *service)
{
    struct sm_factory *factory;
    struct sm_task *runner;

    sm_event_init(&service->wake);
    int error = sm__factory_create_as(&factory, NULL, "machine", service->machine->name,
                                      &service->worker->home);
    __atomic_store_n(&service->factory, factory, __ATOMIC_RELEASE);
    if (!error)
        error = sm_task_spawn(&runner, "runner", run, service);
    if (error) {
        complain(service, error);
        service->exit = SERVE_NOT_JUDGED;
        return error;
    }
    (void)sm_event_wait(&service->wake, SM_FOREVER);
    sm_task_cancel(runner);
    (void)sm_task_join(runner, NULL, SM_FOREVER);
    end(service);
    return 0;
}

int service_main(void *arg)
{
    struct service *service = arg;
    const uint64_t one = 1;
    const int error = serve(service);

    (void)!write(service->over_fd, &one, sizeof one);
    return error;
}
