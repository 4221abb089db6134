/* SPDX-License-Identifier: MIT */
/* The bodies in simulation. */
#include "core/factory.h"
#include "net-loopback/net.h"
#include "sim/disk.h"
#include "tests/conformance/conformance.h"
#include "tests/core/world.h"

static struct tw tw;
static struct sm_factory *factory;
static bool ended;
static struct sim_disk_fault frozen;
static char frozen_files[64];

struct sm_factory *conformance_factory(void)
{
    return factory;
}

bool conformance_limit(const char *directory, size_t size_bytes)
{
    struct sm_disk *disk = sim_disk_of(tw.world->machines[0]);
    struct sim_disk_profile profile = *sim_disk_profile(disk);

    (void)directory;
    profile.capacity_bytes = (int64_t)size_bytes;
    sim_disk_set_profile(disk, &profile);
    return true;
}

void conformance_freeze(const char *directory)
{
    snprintf(frozen_files, sizeof frozen_files, "%s/*", directory);
    frozen = (struct sim_disk_fault){.files = frozen_files, .is_read_only = true};
    sim_disk_fault_begin(sim_disk_of(tw.world->machines[0]), &frozen);
}

static int boot(void *body, struct sim_machine *machine)
{
    const int error =
        sm__factory_create_as(&factory, tw.world->factory, "machine", "m1", &machine->home);

    ck_assert_int_eq(error, 0);
    sm__factory_capability_set(factory, SM__CAPABILITY_NET, lo_net_capability(machine));
    sm__factory_capability_set(factory, SM__CAPABILITY_DISK, sim_disk_of(machine));
    ((void (*)(void))body)();
    ck_assert_int_eq(sm_factory_stop(factory, sm_now() + SM_S), 0);
    sm_factory_destroy(factory);
    ended = true;
    return 0;
}

void conformance_run(void (*body)(void))
{
    struct lo_net *net;

    tw_create(&tw, 1, NULL, boot, (void *)body);
    ck_assert_int_eq(lo_net_create(&net, tw.world, NULL), 0);
    struct sim_disks *disks = sim_disk_create(tw.world);
    tw_run(&tw, 3600 * SM_S);
    ck_assert_msg(tw.failure.kind == 0, "%s", tw.failure.text);
    ck_assert_msg(ended, "the body waits for ever");
    tw_destroy(&tw);
    lo_net_destroy(net);
    sim_disk_destroy(disks);
}
