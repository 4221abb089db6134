/* SPDX-License-Identifier: MIT */
/*
 * bench-machines: 100,000 machines of a daemon without globals start in one process, each with one
 * task of the daemon's that waits. Prints the time and the memory that a machine takes, and what
 * they are made of.
 *
 * Memory: two pages that are touched, whatever is in them, and the machine's own records; the
 * task that has started it waits without a stack. Page tables are no memory of the process's, but
 * they are the host's. Time: two thirds are the kernel's, for all these pages and for the guards of
 * the stacks.
 */
#include "core/factory.h"
#include "net-loopback/net.h"
#include "sim/disk.h"
#include "sim/world.h"

#include <steelmill/steelmill.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define MACHINES    100000u
#define PAGE_BYTES  4096.0
#define AIM_KIB     12.0
#define AIM_US      10.0
#define START_LIMIT (60 * SM_S)

/* ---- the daemon ---- */

struct waits {
    struct sm_factory *factory;
};

static int waits_construct(void *self, struct sm_factory *factory)
{
    ((struct waits *)self)->factory = factory;
    return 0;
}

static int waits_run(void *self)
{
    (void)self;
    return sm_sleep_until(SM_FOREVER);
}

static const struct sm_daemon_type waits_daemon = {
    SM_DAEMON_HEAD(waits),
    .about = "waits",
    .construct = waits_construct,
    .run = waits_run,
};

/* ---- the world ---- */

struct bench {
    struct sim_world *world;
    struct lo_net *net;
    struct sim_disks *disks;
};

/* As the worker starts a machine of a scenario. */
static int start(void *arg, struct sim_machine *machine)
{
    struct bench *bench = arg;
    void *instance;
    int error = sm__factory_create_as(&machine->factory, bench->world->factory, "machine",
                                      machine->name, &machine->home);

    if (error)
        return error;
    sm__factory_capability_set(machine->factory, SM__CAPABILITY_NET, lo_net_capability(machine));
    sm__factory_capability_set(machine->factory, SM__CAPABILITY_DISK, sim_disk_of(machine));
    error = sm_factory_register(machine->factory, &waits_daemon);
    if (!error)
        error = sm_factory_get_by_name(machine->factory, "waits", &instance);
    if (!error)
        error = sm_factory_start(machine->factory, START_LIMIT);
    return error;
}

static void failed(void *arg, struct sim_world *world, const struct sim_failure *failure)
{
    (void)arg, (void)world;
    fprintf(stderr, "bench-machines: %s\n", failure->text);
    exit(1);
}

static void create(struct bench *bench)
{
    const struct sim_options options = {.seed = 1,
                                        .machine_count_max = MACHINES,
                                        .instant_events_max = UINT64_MAX / 2,
                                        .failed = failed,
                                        .log_level = -1};
    const struct lo_options net_options = {
        .link_default = {.set = LO_LINK_LATENCY,
                         .latency = {.kind = LO_LATENCY_UNIFORM, .a_ns = SM_MS, .b_ns = SM_MS}}};

    if (sim_world_create(&bench->world, &options))
        exit(1);
    bench->world->program = (struct sim_program){.arg = bench, .start = start, .waits = true};
    for (uint32_t i = 0; i < MACHINES; i++) {
        char name[32];
        snprintf(name, sizeof name, "m%u", i);
        sim_machine_add(bench->world, name, 0);
    }
    bench->disks = sim_disk_create(bench->world);
    if (lo_net_create(&bench->net, bench->world, &net_options))
        exit(1);
}

/* ---- figures ---- */

static double now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static double resident_kib(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");

    if (!file || fscanf(file, "%*u %lu", &pages) != 1)
        exit(1);
    fclose(file);
    return (double)pages * PAGE_BYTES / 1024;
}

static double page_tables_kib(void)
{
    unsigned long kib = 0;
    char line[128];
    FILE *file = fopen("/proc/self/status", "re");

    while (file && fgets(line, sizeof line, file) && sscanf(line, "VmPTE: %lu", &kib) != 1) {
    }
    if (file)
        fclose(file);
    return (double)kib;
}

static void row(const char *what, double value, const char *unit, double aim)
{
    printf("%-44s %9.2f %-4s", what, value, unit);
    if (aim > 0)
        printf(" aim %5.0f %s: %s", aim, unit, value <= aim ? "met" : "MISSED");
    printf("\n");
}

int main(void)
{
    static struct bench bench;
    const double kib_before = resident_kib(), us_before = now_us();

    create(&bench);
    const double kib_made = resident_kib(), us_made = now_us();
    for (uint32_t i = 0; i < MACHINES; i++)
        sim_machine_start(bench.world->machines[i]);
    sim_world_run(bench.world, SM_S);
    const double kib = (resident_kib() - kib_before) / MACHINES;
    const double us = (now_us() - us_before) / MACHINES;

    printf("%u machines, %u tasks that wait\n", MACHINES, bench.world->tasks_alive);
    row("memory per machine", kib, "KiB", AIM_KIB);
    row("  before it starts: itself, network, disk", (kib_made - kib_before) / MACHINES, "KiB", 0);
    row("    of that struct sim_machine", sizeof(struct sim_machine) / 1024.0, "KiB", 0);
    row("  a page of its daemon's stack", PAGE_BYTES / 1024, "KiB", 0);
    row("  a page of its heap", PAGE_BYTES / 1024, "KiB", 0);
    row("page tables per machine", page_tables_kib() / MACHINES, "KiB", 0);
    row("start per machine", us, "us", AIM_US);
    row("  of that before it starts", (us_made - us_before) / MACHINES, "us", 0);
    return 0;
}
