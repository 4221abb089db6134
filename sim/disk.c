/* SPDX-License-Identifier: MIT */
/* The lives of the machines' disks. */
#include "sim/disk.h"

#include "sim/disk_parts.h"
#include "sim/host.h"

struct sim_disks {
    struct sim_world *world;
    struct sm_disk *first;
};

static const struct sim_disk_profile DEFAULT_PROFILE = {
    .capacity_bytes = SIM_DISK_CAPACITY_BYTES,
    .read = {20 * SM_US, 100 * SM_US},
    .write = {10 * SM_US, 50 * SM_US},
    .sync = {1 * SM_MS, 8 * SM_MS},
};

/* Who waits for the end of a stall looks for itself. */
static uint32_t never_ready(struct sm_waitable *self, uint32_t interest)
{
    (void)self, (void)interest;
    return 0;
}

static uint64_t draw_crash(void *arg, uint64_t bound)
{
    struct sm_disk *disk = arg;
    return sm__random_scale(sm__random_draw(disk->crash_key, disk->crash_draws++), bound);
}

/* The machine is off: what its tasks had open or waited for is gone. */
static void let_go(struct sm_disk *disk)
{
    sim_disk_drop_waits(disk);
    sim_disk_close_files(disk);
}

static void disk_create(struct sim_disks *disks, struct sim_machine *machine)
{
    struct sm_disk *disk = sim_host_alloc(sizeof *disk);

    disk->machine = machine;
    disk->profile = DEFAULT_PROFILE;
    disk->image = sim_image_create(disk->profile.capacity_bytes);
    sm__list_init(&disk->files);
    sm__list_init(&disk->closed);
    sm__list_init(&disk->waits);
    sm__list_init(&disk->locks.files);
    disk->locks.resize = sim_host_resize;
    disk->locks.free = sim_host_free;
    sm__waitable_init(&disk->calm, never_ready);
    disk->latency_key = sim_stream_key(disks->world, "disk", machine->index);
    disk->crash_key = sim_stream_key(disks->world, "disk crash", machine->index);
    disk->next = disks->first;
    disks->first = disk;
    machine->disk = disk;
}

static void machine_started(void *arg, struct sim_machine *machine)
{
    if (!machine->disk)
        disk_create(arg, machine);
}

static void machine_crashed(void *arg, struct sim_machine *machine)
{
    struct sm_disk *disk = machine->disk;

    (void)arg;
    let_go(disk);
    if (disk->crash_is_given)
        sim_image_crash_into(disk->image, disk->crash_state, &disk->losses);
    else
        sim_image_crash(disk->image, draw_crash, disk, &disk->losses);
    disk->crash_is_given = false;
}

static void machine_stopped(void *arg, struct sim_machine *machine)
{
    (void)arg;
    let_go(machine->disk);
}

struct sm_disk *sim_disk_of(const struct sim_machine *machine)
{
    return machine->disk;
}

const struct sim_disk_profile *sim_disk_profile(const struct sm_disk *disk)
{
    return &disk->profile;
}

void sim_disk_set_profile(struct sm_disk *disk, const struct sim_disk_profile *profile)
{
    disk->profile = *profile;
    sim_image_set_capacity(disk->image, profile->capacity_bytes);
}

struct sim_image *sim_disk_image(struct sm_disk *disk)
{
    return disk->image;
}

const struct sim_losses *sim_disk_losses(const struct sm_disk *disk)
{
    return &disk->losses;
}

void sim_disk_crash_into(struct sm_disk *disk, uint64_t state)
{
    disk->crash_is_given = true;
    disk->crash_state = state;
}

void sim_disk_wipe(struct sim_machine *machine)
{
    struct sm_disk *disk = machine->disk;

    SM_ASSERT_MSG(machine->state == SIM_MACHINE_OFF, "the disk of a running machine is wiped");
    if (!disk)
        return;
    sim_image_destroy(disk->image);
    disk->image = sim_image_create(disk->profile.capacity_bytes);
}

struct sim_disks *sim_disk_create(struct sim_world *world)
{
    struct sim_disks *disks = sim_host_alloc(sizeof *disks);

    disks->world = world;
    for (uint32_t i = 0; i < world->machine_count; i++)
        disk_create(disks, world->machines[i]);
    sim_world_add_hooks(world, &(struct sim_hooks){.arg = disks,
                                                   .machine_started = machine_started,
                                                   .machine_crashed = machine_crashed,
                                                   .machine_stopped = machine_stopped});
    return disks;
}

static void disk_destroy(struct sm_disk *disk)
{
    let_go(disk);
    sim_disk_free_files(disk);
    sim_image_destroy(disk->image);
    sim_host_free(disk);
}

void sim_disk_destroy(struct sim_disks *disks)
{
    if (!disks)
        return;
    while (disks->first) {
        struct sm_disk *disk = disks->first;
        disks->first = disk->next;
        disk_destroy(disk);
    }
    sim_host_free(disks);
}
