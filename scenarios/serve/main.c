/* SPDX-License-Identifier: MIT */
#include "core/os/disk.h"
#include "core/os/metrics.h"
#include "core/os/process.h"
#include "scenarios/serve/control.h"
#include "scenarios/serve/metrics.h"
#include "scenarios/serve/serve.h"

#include <steelmill/errors.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* What the service may take beyond its limit before it counts as stuck. */
#define GRACE_NS (2 * SM_S)

void serve_error(const char *format, ...)
{
    char text[2048] = "steelmill: ";
    const size_t used = strlen(text);
    va_list list;

    va_start(list, format);
    vsnprintf(text + used, sizeof text - used - 1, format, list);
    va_end(list);
    strcat(text, "\n");
    (void)!write(STDERR_FILENO, text, strlen(text)); /* at once: several machines share it */
}

/* ---- the first worker's thread ---- */

struct process {
    struct service service;
    struct serve_metrics *metrics; /* NULL: nobody wants any */
    struct serve_control *control; /* the same */
    pthread_t thread;
    int signal_fd;
};

static void *run_worker(void *arg)
{
    struct process *process = arg;

    os_worker_run(process->service.worker);
    return NULL;
}

static void quit_worker(void *worker)
{
    os_worker_quit(worker);
}

/* All threads that are made from now on leave these signals to signal_fd. */
static int open_signals(struct process *process)
{
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    process->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC);
    process->service.over_fd = eventfd(0, EFD_CLOEXEC);
    return process->signal_fd < 0 || process->service.over_fd < 0 ? -errno : 0;
}

/* ---- watching over it ---- */

static _Noreturn void give_up(const struct process *process, const char *why)
{
    serve_error("machine '%s': %s", process->service.machine->name, why);
    service_tell_stuck(&process->service);
    _exit(SERVE_FAILED);
}

static void take_signal(const struct process *process)
{
    struct signalfd_siginfo info;
    (void)!read(process->signal_fd, &info, sizeof info);
}

/* Until the service is over, which a signal asks for, and a second signal no longer waits for. */
static void watch(struct process *process)
{
    struct pollfd fds[] = {{process->service.over_fd, POLLIN, 0}, {process->signal_fd, POLLIN, 0}};
    sm_time limit = SM_FOREVER;

    for (;;) {
        const sm_time left = limit == SM_FOREVER ? SM_FOREVER : limit - sm__clock_monotonic(NULL);
        const int timeout = left == SM_FOREVER ? -1 : left > 0 ? (int)(left / SM_MS) + 1 : 0;
        const int count = poll(fds, 2, timeout);
        if (count > 0 && fds[0].revents)
            return;
        if (count == 0 && limit != SM_FOREVER)
            give_up(process, "it did not stop in time: a daemon keeps the thread to itself");
        if (count <= 0)
            continue;
        take_signal(process);
        if (limit != SM_FOREVER)
            give_up(process, "interrupted again: it ends without having stopped");
        limit = sm__clock_monotonic(NULL) + process->service.stop_limit_ns + GRACE_NS;
        if (os_worker_post(process->service.worker, service_stop, &process->service))
            give_up(process, "out of memory");
    }
}

/* Ends the threads: the first last, since the others may still be calling it. What is left on one
 * that does not end cannot be destroyed. */
static void end_workers(struct process *process)
{
    struct service *service = &process->service;

    if (os_team_stop(service->team, GRACE_NS))
        give_up(process, "a worker does not end");
    if (os_worker_post(service->worker, quit_worker, service->worker))
        give_up(process, "out of memory");
    const struct timespec limit = os_team_limit(GRACE_NS);
    if (pthread_timedjoin_np(process->thread, NULL, &limit) != 0)
        give_up(process, "its first worker does not end");
}

/* ---- putting it together ---- */

static int open_disk(struct service *service)
{
    const char *folder = service->machine->folder;
    const int error = os_disk_create(&service->disk, service->worker, folder);

    if (error == -EBUSY)
        serve_error("machine '%s': another process serves from '%s'", service->machine->name,
                    folder);
    else if (error)
        serve_error("machine '%s': the folder '%s': %s", service->machine->name, folder,
                    sm_strerror(error));
    return error;
}

static int open_history(const char *path)
{
    const int error = path ? os_history_open(path) : 0;

    if (error)
        serve_error("--history '%s': %s", path, sm_strerror(error));
    return error;
}

static int create(struct process *process, const struct serve_machine *machine)
{
    struct service *service = &process->service;
    const struct scn_serve *serve = &machine->scn->serve;
    const struct os_team_options options = {
        .worker = {.name = machine->name, .machine_index = machine->index},
        .worker_count = serve->workers,
        .spread = serve->placement == SCN_PLACEMENT_BALANCED,
        .pins = machine->pins,
        .pin_count = serve->pin_count};
    int error = open_signals(process);

    if (!error)
        error = os_team_create(&service->team, &options);
    if (!error) {
        service->worker = service->team->workers[0];
        error = os_net_create(&service->net, service->worker, machine->ip, machine->names,
                              machine->scn->machine_count);
    }
    os_property_abort(machine->scn->properties == SCN_PROPERTIES_ABORT);
    if (!error)
        error = os_worker_spawn(service->worker, "main", service_main, service);
    if (error)
        serve_error("machine '%s': %s", machine->name, sm_strerror(error));
    return error ? error : open_disk(service);
}

static int open_metrics(struct process *process, const struct serve_options *options)
{
    const char *machine = process->service.machine->name;
    int error = 0;

    os_metrics_attach(); /* this thread has spawned the first task */
    if (options->metrics_port)
        error = serve_metrics_start(&process->metrics, options->metrics_port, machine);
    if (error)
        serve_error("machine '%s': --metrics %u: %s", machine, options->metrics_port,
                    sm_strerror(error));
    return error;
}

static void destroy(struct process *process)
{
    serve_control_stop(process->control);
    serve_metrics_stop(process->metrics);
    os_net_destroy(process->service.net);
    os_disk_destroy(process->service.disk);
    os_team_destroy(process->service.team);
    serve_plugins_forget(&process->service);
}

static int start_threads(struct process *process)
{
    struct service *service = &process->service;
    int error = os_team_start(service->team);

    if (!error) {
        error = -pthread_create(&process->thread, NULL, run_worker, process);
        if (error)
            (void)os_team_stop(service->team, GRACE_NS);
    }
    if (error) {
        serve_error("machine '%s': no thread: %s", service->machine->name, strerror(-error));
        service->exit = SERVE_NOT_JUDGED;
    }
    return error;
}

static int serve(const struct serve_machine *machine, const struct serve_options *options)
{
    struct process process = {.service = {.machine = machine,
                                          .stop_limit_ns = options->stop_limit_ns,
                                          .exit = SERVE_USAGE}};
    int error = create(&process, machine);

    if (!error && options->control) /* first: it makes a file, with a mask of its own */
        error = serve_control_start(&process.control, options->control, &process.service);
    if (!error)
        error = open_metrics(&process, options);
    if (!error)
        error = start_threads(&process);
    if (!error) {
        watch(&process);
        end_workers(&process);
    }
    destroy(&process);
    return process.service.exit;
}

int serve_main(int argc, char **argv)
{
    struct serve_options options;
    struct serve_machine machine = {0};
    int exit = SERVE_USAGE;

    if (serve_options_parse(&options, argc, argv) == 0) {
        os_log_set_up(&(struct os_log_options){
            .level = options.log_level, .json = options.log_json, .fd = STDERR_FILENO});
        if (serve_machine_find(&machine, &options) == 0 && open_history(options.history) == 0 &&
            serve_machine_make_folder(&machine, &options) == 0) {
            exit = serve(&machine, &options);
            if (exit == SERVE_USAGE)
                serve_machine_remove_folder(&machine, &options);
        }
    }
    serve_machine_finish(&machine);
    free(options.daemons);
    return exit;
}
