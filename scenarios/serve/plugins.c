/* SPDX-License-Identifier: MIT */
/*
 * Plugins that come and go while a machine is served. Each has a factory of its name below the
 * machine's, with all its daemons. It is unloaded by the thread that asked for it, once its factory
 * is destroyed and a grace period has passed: no task and no reader is in its code then.
 */
#include "scenarios/serve/control.h"

#include "core/factory.h"

#include <steelmill/errors.h>
#include <steelmill/read.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define START_LIMIT_NS (60 * SM_S)

struct serve_plugin {
    struct serve_plugin *next;
    char name[JOB_NAME_BYTES];
    void *handle;
    struct sm_factory *factory;
};

static void say(struct serve_command *command, int exit, const char *format, ...) SM_PRINTF(3, 4);

static void say(struct serve_command *command, int exit, const char *format, ...)
{
    va_list list;

    command->exit = exit;
    va_start(list, format);
    vsnprintf(command->text, sizeof command->text, format, list);
    va_end(list);
}

static struct serve_plugin **find(struct service *service, const char *name)
{
    struct serve_plugin **place = &service->plugins;

    while (*place && strcmp((*place)->name, name) != 0)
        place = &(*place)->next;
    return place;
}

/* ---- adding ---- */

static int fill(struct sm_factory *factory, const struct sm_plugin *plugin)
{
    int error = 0;
    void *instance;

    for (const struct sm_daemon_type *const *type = plugin->types; *type && !error; type++)
        error = sm_factory_register(factory, *type);
    for (const struct sm_daemon_type *const *type = plugin->types; *type && !error; type++)
        error = sm_factory_get(factory, *type, &instance);
    return error ? error : sm_factory_start(factory, sm_now() + START_LIMIT_NS);
}

/* Says what went wrong, in the factory's words. */
static void say_failed(struct serve_command *command, struct sm_factory *factory, int error)
{
    const char *detail = factory ? sm_factory_detail(factory) : "";
    say(command, SERVE_FAILED, "%s", detail[0] ? detail : sm_strerror(error));
}

static int make_plugin(struct serve_command *command, struct serve_plugin **out)
{
    struct service *service = command->service;
    struct serve_plugin *plugin = calloc(1, sizeof *plugin);
    const int error = plugin ? sm__factory_create_as(&plugin->factory, service->factory, "plugin",
                                                     command->name, NULL)
                             : -ENOMEM;

    if (error) {
        free(plugin);
        return error;
    }
    memcpy(plugin->name, command->name, sizeof plugin->name);
    plugin->handle = command->handle;
    command->handle = NULL;
    plugin->next = service->plugins;
    service->plugins = plugin;
    *out = plugin;
    return 0;
}

/* Its factory has stopped. Leaves the code with the command, to be unloaded; or stays as it is, if
 * tasks are still in it. */
static bool take_away(struct serve_command *command, struct serve_plugin *plugin)
{
    if (sm__factory_has_tasks(plugin->factory))
        return false;
    sm_factory_destroy(plugin->factory);
    command->handle = plugin->handle;
    *find(command->service, plugin->name) = plugin->next;
    free(plugin);
    return true;
}

static void add(struct serve_command *command)
{
    struct serve_plugin *plugin;
    int error = make_plugin(command, &plugin);

    if (error == -EEXIST)
        say(command, SERVE_USAGE, "there is a factory '%s' already", command->name);
    else if (error)
        say_failed(command, NULL, error);
    if (error)
        return;
    error = fill(plugin->factory, command->plugin);
    if (!error)
        return;
    say_failed(command, plugin->factory, error);
    (void)sm_factory_stop(plugin->factory, sm_now() + command->service->stop_limit_ns);
    (void)take_away(command, plugin);
}

/* ---- removing ---- */

static void remove_plugin(struct serve_command *command)
{
    struct serve_plugin *plugin = *find(command->service, command->name);

    if (!plugin) {
        say(command, SERVE_USAGE, "there is no plugin '%s'", command->name);
        return;
    }
    const int error = sm_factory_stop(plugin->factory, sm_now() + command->service->stop_limit_ns);
    if (error)
        say_failed(command, plugin->factory, error);
    if (!take_away(command, plugin))
        say(command, SERVE_FAILED, "plugin '%s' stays in memory: tasks of it have not ended",
            command->name);
}

void serve_plugins_forget(struct service *service)
{
    while (service->plugins) {
        struct serve_plugin *plugin = service->plugins;
        service->plugins = plugin->next;
        free(plugin);
    }
}

/* ---- stopping ---- */

struct search {
    const char *name;
    struct sm_factory *found;
};

static int look(struct sm_factory *factory, void *arg)
{
    struct search *search = arg;

    if (strcmp(sm_factory_name(factory), search->name) == 0 && sm__factory_pin_found(factory))
        search->found = factory;
    return search->found ? 1 : sm_factory_each_child(factory, look, search);
}

/* Other workers may be changing the graph. The caller unpins what is found. */
static struct sm_factory *find_factory(struct sm_factory *root, const char *name)
{
    struct search search = {.name = name};

    sm_read_begin();
    (void)sm_factory_each_child(root, look, &search);
    sm_read_end();
    return search.found;
}

static void stop(struct serve_command *command)
{
    struct service *service = command->service;

    if (strcmp(command->name, service->machine->name) == 0) {
        service_stop(service);
        return;
    }
    struct sm_factory *found = find_factory(service->factory, command->name);
    if (!found) {
        say(command, SERVE_USAGE, "there is no factory '%s'", command->name);
        return;
    }
    const int error = sm_factory_stop(found, sm_now() + service->stop_limit_ns);
    sm__factory_unpin(found);
    if (error)
        say(command, SERVE_FAILED, "'%s' was stopped: %s", command->name, sm_strerror(error));
}

/* ---- the task ---- */

static int carry_out(void *arg)
{
    static void (*const fns[])(struct serve_command *) = {
        [SERVE_PLUGIN_ADD] = add, [SERVE_PLUGIN_REMOVE] = remove_plugin, [SERVE_STOP] = stop};
    struct serve_command *command = arg;
    const struct service *service = command->service;
    const uint64_t one = 1;

    if (!service->started || service->stop_wanted || service->runner_ended)
        say(command, SERVE_FAILED, "machine '%s' is not serving", service->machine->name);
    else
        fns[command->kind](command);
    (void)!write(command->done_fd, &one, sizeof one);
    return 0;
}

void serve_command_begin(void *arg)
{
    struct serve_command *command = arg;
    const uint64_t one = 1;

    if (os_worker_spawn(command->service->worker, "ctl", carry_out, command) == 0)
        return;
    say(command, SERVE_FAILED, "out of memory");
    (void)!write(command->done_fd, &one, sizeof one);
}
