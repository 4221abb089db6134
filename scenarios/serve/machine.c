/* SPDX-License-Identifier: MIT */
#include "scenarios/serve/serve.h"

#include "core/units.h"
#include "scenarios/worker/worker.h" /* the plugin's loader is the simulation's */

#include <steelmill/errors.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER_MODE 0700

/* ---- which machine, and where the others are ---- */

static int attach(struct serve_machine *machine, int fd)
{
    if (scn_arena_attach(&machine->arena, fd, &machine->scn)) {
        serve_error("the scenario cannot be mapped: is `steelmill` of this build?");
        return -EINVAL;
    }
    if (machine->scn->machine_count > SERVE_MACHINES_MAX) {
        serve_error("%s: %u machines are too many to have addresses: at most %u",
                    machine->scn->file, machine->scn->machine_count, SERVE_MACHINES_MAX);
        return -EINVAL;
    }
    return 0;
}

static int name_machines(struct serve_machine *machine, uint32_t ip_base)
{
    const uint32_t count = machine->scn->machine_count;
    char name[JOB_NAME_BYTES];

    machine->names = calloc(count, sizeof *machine->names);
    for (uint32_t i = 0; machine->names && i < count; i++) {
        scn_machine_name(machine->scn, i, name, sizeof name);
        machine->names[i] =
            (struct os_name){strdup(name), (ip_base ? ip_base : SERVE_IP_BASE) + i + 1};
        if (!machine->names[i].name)
            return -EINVAL;
    }
    return machine->names ? 0 : -EINVAL;
}

/* Puts the machines where the file says. */
static int place_machines(struct serve_machine *machine)
{
    const struct scn *scn = machine->scn;

    for (uint32_t i = 0; i < scn->host_count; i++)
        machine->names[scn->hosts[i].machine].ip = scn->hosts[i].ip;
    for (uint32_t i = 0; i < scn->host_count; i++) {
        for (uint32_t j = 0; j < scn->machine_count; j++) {
            const struct os_name *host = &machine->names[scn->hosts[i].machine];
            if (machine->names[j].ip != host->ip || scn->hosts[i].machine == j)
                continue;
            serve_error("%s: hosts: the address of '%s' is the default one of '%s'", scn->file,
                        host->name, machine->names[j].name);
            return -EINVAL;
        }
    }
    return 0;
}

static int choose_machine(struct serve_machine *machine, const char *name)
{
    for (uint32_t i = 0; i < machine->scn->machine_count; i++) {
        if (strcmp(machine->names[i].name, name) != 0)
            continue;
        snprintf(machine->name, sizeof machine->name, "%s", name);
        machine->index = i + 1;
        machine->ip = machine->names[i].ip;
        machine->group = &machine->scn->groups[scn_machine_group(machine->scn, i)];
        return 0;
    }
    serve_error("%s: no machine '%s'", machine->scn->file, name);
    return -EINVAL;
}

/* ---- what it runs ---- */

static int check_daemon(const struct serve_machine *machine, const char *name)
{
    const char *known[256];
    size_t count = 0;

    if (worker_plugin_type(machine->plugin, name))
        return 0;
    while (machine->plugin->types[count] && count < sizeof known / sizeof known[0]) {
        known[count] = machine->plugin->types[count]->name;
        count++;
    }
    const char *near = sm__suggest(name, known, count);
    serve_error("machine '%s': no daemon '%s' in plugin '%s'%s%s%s", machine->name, name,
                machine->scn->plugin, near ? "; did you mean '" : "", near ? near : "",
                near ? "'?" : "");
    return -EINVAL;
}

static int choose_daemons(struct serve_machine *machine, const struct serve_options *options)
{
    char text[JOB_TEXT_BYTES];
    void *handle;
    int error = worker_plugin_load(machine->scn->plugin_path, &handle, &machine->plugin, text);

    if (error) {
        serve_error("%s", text);
        return error;
    }
    machine->daemons = options->daemon_count ? options->daemons : machine->group->daemons;
    machine->daemon_count =
        options->daemon_count ? options->daemon_count : machine->group->daemon_count;
    for (size_t i = 0; i < machine->daemon_count && !error; i++)
        error = check_daemon(machine, machine->daemons[i]);
    return error;
}

/* What is pinned to a worker other than the first must say that it can live there. */
static int check_pin(const struct serve_machine *machine, const struct scn_pin *pin)
{
    if (check_daemon(machine, pin->daemon))
        return -EINVAL;
    const struct sm_daemon_type *type = worker_plugin_type(machine->plugin, pin->daemon);
    if (pin->worker == 0 || type->flags & (SM_DAEMON_THREAD_SAFE | SM_DAEMON_REENTRANT))
        return 0;
    serve_error(
        "%s: serve: pins: daemon '%s' cannot live on worker %u: its type is declared neither "
        "SM_DAEMON_REENTRANT nor SM_DAEMON_THREAD_SAFE, so it lives on worker 0",
        machine->scn->file, pin->daemon, pin->worker);
    return -EINVAL;
}

static int choose_pins(struct serve_machine *machine)
{
    const struct scn_serve *serve = &machine->scn->serve;
    int error = 0;

    machine->pins = calloc(serve->pin_count + 1, sizeof *machine->pins);
    if (!machine->pins) {
        serve_error("out of memory");
        return -EINVAL;
    }
    for (uint32_t i = 0; i < serve->pin_count && !error; i++) {
        machine->pins[i] = (struct os_pin){serve->pins[i].daemon, serve->pins[i].worker};
        error = check_pin(machine, &serve->pins[i]);
    }
    return error;
}

static int check_address(const struct serve_machine *machine)
{
    const int error = os_net_check_address(machine->ip);

    if (error)
        serve_error("machine '%s': its address %u.%u.%u.%u is not this host's: %s", machine->name,
                    machine->ip >> 24, machine->ip >> 16 & 255, machine->ip >> 8 & 255,
                    machine->ip & 255, sm_strerror(error));
    return error ? -EINVAL : 0;
}

int serve_machine_find(struct serve_machine *machine, const struct serve_options *options)
{
    *machine = (struct serve_machine){0};
    int error = attach(machine, options->scenario_fd);
    if (!error) {
        error = name_machines(machine, options->ip_base);
        if (error)
            serve_error("out of memory");
    }
    if (!error && !options->ip_base)
        error = place_machines(machine);
    if (!error)
        error = choose_machine(machine, options->machine);
    if (!error)
        error = choose_daemons(machine, options);
    if (!error)
        error = choose_pins(machine);
    return error ? error : check_address(machine);
}

void serve_machine_finish(struct serve_machine *machine)
{
    for (uint32_t i = 0; machine->names && i < machine->scn->machine_count; i++)
        free((void *)(uintptr_t)machine->names[i].name);
    free(machine->names);
    free(machine->pins);
    scn_arena_destroy(machine->arena);
    *machine = (struct serve_machine){0};
}

/* ---- its folder ---- */

static int make_folder(const char *path, bool *made)
{
    *made = mkdir(path, FOLDER_MODE) == 0;
    if (*made || errno == EEXIST)
        return 0;
    serve_error("the folder '%s' cannot be made: %s", path, strerror(errno));
    return -EINVAL;
}

int serve_machine_make_folder(struct serve_machine *machine, const struct serve_options *options)
{
    const int length =
        snprintf(machine->folder, sizeof machine->folder, "%s/%s", options->data, machine->name);

    if (length < 0 || (size_t)length >= sizeof machine->folder) {
        serve_error("--data: the path is too long");
        return -EINVAL;
    }
    const int error = make_folder(options->data, &machine->folder_above_made);
    return error ? error : make_folder(machine->folder, &machine->folder_made);
}

void serve_machine_remove_folder(const struct serve_machine *machine,
                                 const struct serve_options *options)
{
    if (machine->folder_made)
        (void)rmdir(machine->folder);
    if (machine->folder_above_made)
        (void)rmdir(options->data);
}
