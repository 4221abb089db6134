/* SPDX-License-Identifier: MIT */
/* A machine of the scenario: its factory with its daemons and configuration. */
#include "core/factory.h"
#include "net-loopback/net.h"
#include "scenarios/worker/worker.h"
#include "sim/disk.h"
#include "sim/globals.h"

#include <steelmill/errors.h>

#include <dlfcn.h>
#include <errno.h>

/* Real daemons open ports and files when they prepare; that long may it take. */
#define START_LIMIT_NS (60 * SM_S)

/* The machine's own copy of the plugin, with its constructors run; the plugin itself if shared. */
static const struct sm_plugin *boot_plugin(const struct run *run, const struct sim_machine *machine)
{
    if (!run->globals)
        return run->plugin;
    sim_globals_construct(run->globals, machine->index - 1);
    struct sim_heap *heap = sim_context_leave();
    const struct sm_plugin *plugin =
        dlsym(sim_globals_handle(run->globals, machine->index - 1), SM_PLUGIN_SYMBOL);
    sim_context_enter(heap);
    return plugin;
}

static int fill_factory(struct run *run, struct sim_machine *machine)
{
    const struct scn_group *group =
        &run->scn->groups[scn_machine_group(run->scn, machine->index - 1)];
    struct sm_factory *factory = machine->factory;
    int error = 0;

    sm__factory_capability_set(factory, SM__CAPABILITY_NET, lo_net_capability(machine));
    sm__factory_capability_set(factory, SM__CAPABILITY_DISK, sim_disk_of(machine));
    for (uint32_t i = 0; i < group->config_count && !error; i++)
        error = sm_factory_config_set(factory, group->config[i].key, group->config[i].value);
    for (const struct sm_daemon_type *const *type = boot_plugin(run, machine)->types;
         *type && !error; type++)
        error = sm_factory_register(factory, *type);
    for (uint32_t i = 0; i < group->daemon_count && !error; i++) {
        void *instance;
        error = sm_factory_get_by_name(factory, group->daemons[i], &instance);
    }
    return error;
}

int worker_machine_prepare(struct run *run, struct sim_machine *machine)
{
    int error = sm__factory_create_as(&machine->factory, run->world->factory, "machine",
                                      machine->name, &machine->home);

    if (error)
        return error;
    error = fill_factory(run, machine);
    if (error == -SM_ECONFIG || error == -SM_ENODAEMON)
        run->unusable = true;
    if (!error)
        error = sm_factory_start(machine->factory, sm_now() + START_LIMIT_NS);
    return error;
}

int worker_machine_start(void *arg, struct sim_machine *machine)
{
    return worker_machine_prepare(arg, machine);
}

int worker_machine_stop(void *arg, struct sim_machine *machine, sm_time deadline)
{
    int error;

    (void)arg;
    if (!machine->factory)
        return 0;
    error = sm_factory_stop(machine->factory, deadline);
    if (error)
        return error;
    sm_factory_destroy(machine->factory);
    machine->factory = NULL;
    return 0;
}
