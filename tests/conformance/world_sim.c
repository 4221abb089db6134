/* SPDX-License-Identifier: MIT */
/* The bodies in simulation. */
#include "core/factory.h"
#include "net-loopback/net.h"
#include "sim/disk.h"
#include "tests/conformance/peer.h"
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

int conformance_main(void)
{
    return -1; /* there is one program only */
}

static int make_factory(struct sm_factory **out, struct sim_machine *machine)
{
    const int error =
        sm__factory_create_as(out, tw.world->factory, "machine", machine->name, &machine->home);

    if (error)
        return error;
    sm__factory_capability_set(*out, SM__CAPABILITY_NET, lo_net_capability(machine));
    sm__factory_capability_set(*out, SM__CAPABILITY_DISK, sim_disk_of(machine));
    return 0;
}

/* ---- the peer's machine: it is there from the start, and idle until it is wanted ---- */

static int boot_peer(struct sim_machine *machine)
{
    if (machine->incarnation == 1)
        return 0;
    const int error = make_factory(&machine->factory, machine);
    return error ? error : peer_begin(machine->factory);
}

static int stop(void *arg, struct sim_machine *machine, sm_time deadline)
{
    (void)arg;
    const int error = sm_factory_stop(machine->factory, deadline);
    sm_factory_destroy(machine->factory);
    machine->factory = NULL;
    return error;
}

static void do_it(struct sim_world *world, struct sim_event *event)
{
    struct sim_machine *machine = world->machines[1];

    switch (event->number) {
    case 's':
        sim_machine_kill(machine);
        sim_machine_start(machine);
        break;
    case 'k':
        sim_machine_kill(machine);
        break;
    default:
        sim_machine_stop(machine, SM_FOREVER);
    }
}

static void let(char what)
{
    struct sim_event *event = sim_event_at(tw.world, tw.world->now, SIM_CALLBACK, 0, do_it);

    event->number = (uint64_t)what;
    ck_assert_int_eq(sm_sleep(SM_MS), 0);
}

void conformance_peer_start(void)
{
    let('s');
}

void conformance_peer_kill(void)
{
    let('k');
}

void conformance_peer_stop(void)
{
    let('t');
    ck_assert_int_eq(tw.world->machines[1]->state, SIM_MACHINE_OFF);
}

/* ---- the body's machine ---- */

static int boot(void *body, struct sim_machine *machine)
{
    if (machine->index == 2)
        return boot_peer(machine);
    ck_assert_int_eq(make_factory(&factory, machine), 0);
    ((void (*)(void))body)();
    ck_assert_int_eq(sm_factory_stop(factory, sm_now() + SM_S), 0);
    sm_factory_destroy(factory);
    ended = true;
    return 0;
}

void conformance_run(void (*body)(void))
{
    /* About as fast as the kernel's. */
    const struct lo_options options = {
        .link_default = {.set = LO_LINK_LATENCY,
                         .latency = {.a_ns = 50 * SM_US, .b_ns = 100 * SM_US}}};
    struct lo_net *net;

    tw_create(&tw, 2, NULL, boot, (void *)body);
    tw.world->program.stop = stop;
    ck_assert_int_eq(lo_net_create(&net, tw.world, &options), 0);
    struct sim_disks *disks = sim_disk_create(tw.world);
    while (!ended && tw.failure.kind == 0 && tw.world->now < 3600 * SM_S &&
           tw_run(&tw, tw.world->now + SM_S) != SIM_IDLE)
        continue;
    ck_assert_msg(tw.failure.kind == 0, "%s", tw.failure.text);
    ck_assert_msg(ended, "the body waits for ever");
    tw_destroy(&tw);
    lo_net_destroy(net);
    sim_disk_destroy(disks);
}
