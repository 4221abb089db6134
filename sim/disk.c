/* SPDX-License-Identifier: MIT */
/*
 * Calls on the disk: each checks its arguments, waits for the device, and takes effect.
 *
 *   1. The bytes and names belong to the image (disk_image.c); open files and waits belong here.
 *   2. A wait is in `waits` exactly while its event is pending or its task has not seen its end; a
 *      crash takes both away.
 *   3. Memory of a closed file is not used again at once, so that a late call on it is noticed.
 */
#include "sim/disk.h"

#include "core/factory.h"
#include "core/random.h"
#include "sim/disk_image.h"
#include "sim/host.h"

#include <steelmill/disk.h>

#include <errno.h>
#include <limits.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define CLOSED_FILES_KEPT 64u
#define RECORD_SIZE_MAX   ((1u << 24) - 1) /* what an event has room for */
#define FLAGS_ACCESS      (SM_FILE_READ | SM_FILE_WRITE)
#define FLAGS_KNOWN       (FLAGS_ACCESS | SM_FILE_CREATE | SM_FILE_EXCL | SM_FILE_TRUNC)

struct sm_file {
    struct sm__list link; /* in the disk's files, or among the closed ones */
    struct sm_disk *disk; /* NULL: closed */
    struct sim_inode *inode;
    uint32_t flags;
    uint32_t calls; /* under way */
};

struct sm_disk {
    struct sm_disk *next;
    struct sim_machine *machine;
    struct sim_image *image;
    struct sm__list files, closed;
    uint32_t closed_count;
    struct sm__list waits;
    uint64_t latency_key, latency_draws; /* stream "disk" */
    uint64_t crash_key, crash_draws; /* stream "disk crash": how long a run was does not move it */
};

struct sim_disks {
    struct sim_world *world;
    struct sm_disk *first;
};

/* ---- latency ---- */

struct latency {
    sm_time min_ns, max_ns;
};

static const struct latency LATENCY_READ = {20 * SM_US, 100 * SM_US}; /* and names */
static const struct latency LATENCY_WRITE = {10 * SM_US, 50 * SM_US};
static const struct latency LATENCY_SYNC = {1 * SM_MS, 8 * SM_MS};

struct disk_wait {
    struct sm__list link;
    struct sm_waitable waitable;
    struct sim_event *event; /* NULL: it has fired */
};

static uint32_t wait_ready(struct sm_waitable *self, uint32_t interest)
{
    return sm__container(self, struct disk_wait, waitable)->event ? 0 : interest & SM_READ;
}

static void device_done(struct sim_world *world, struct sim_event *event)
{
    struct disk_wait *wait = event->object;

    (void)world;
    wait->event = NULL;
    sm__wake_all(&wait->waitable);
}

static void drop_wait(struct disk_wait *wait)
{
    if (wait->event)
        sim_event_cancel(wait->event);
    sm__list_remove(&wait->link);
    sim_host_free(wait);
}

static sm_time draw_latency(struct sm_disk *disk, const struct latency *latency)
{
    const uint64_t draw = sm__random_draw(disk->latency_key, disk->latency_draws++);
    const uint64_t span = (uint64_t)(latency->max_ns - latency->min_ns) + 1;

    return latency->min_ns + (sm_time)sm__random_scale(draw, span);
}

/* Parks the caller until the device has done it. Returns 0, -ECANCELED. */
static int wait_for_device(struct sm_disk *disk, const struct latency *latency, uint64_t number,
                           const void *data, size_t size)
{
    struct sim_world *world = disk->machine->world;
    int error = sm__enter();

    if (error)
        return error;
    struct disk_wait *wait = sim_host_alloc(sizeof *wait);
    sm__waitable_init(&wait->waitable, wait_ready);
    sm__list_append(&disk->waits, &wait->link);
    wait->event = sim_event_at(world, world->now + draw_latency(disk, latency), SIM_DISK,
                               disk->machine->index, device_done);
    wait->event->object = wait;
    wait->event->number = number;
    wait->event->size = size < RECORD_SIZE_MAX ? (uint32_t)size : RECORD_SIZE_MAX;
    wait->event->hash = data ? XXH3_64bits(data, size) : 0;
    while (!error && wait->event)
        error = sm__wait(&wait->waitable, false, SM_FOREVER);
    drop_wait(wait);
    return error;
}

/* The same for a call on a file, which may not be closed meanwhile. */
static int wait_for_file(struct sm_file *file, const struct latency *latency, const void *data,
                         size_t size)
{
    file->calls++;
    const int error =
        wait_for_device(file->disk, latency, sim_inode_number(file->inode), data, size);
    file->calls--;
    return error;
}

/* ---- handles ---- */

static void check_disk(const struct sm_disk *disk)
{
    SM_ASSERT_MSG(sm__current, "a call on a disk outside of any task");
    SM_ASSERT_MSG(disk, "a call on a disk that is NULL: this factory has none");
    SM_ASSERT_MSG(disk->machine == sim_machine_of(sm__current),
                  "a task of another machine uses the disk of machine '%s'", disk->machine->name);
}

static void check_file(const struct sm_file *file)
{
    SM_ASSERT_MSG(file, "a call on a file that is NULL");
    SM_ASSERT_MSG(file->disk, "a file is used after it was closed, or after its machine's crash");
    check_disk(file->disk);
}

static struct sm_file *file_create(struct sm_disk *disk, struct sim_inode *inode, uint32_t flags)
{
    struct sm_file *file;

    if (disk->closed_count > CLOSED_FILES_KEPT) {
        file = sm__container(disk->closed.next, struct sm_file, link);
        sm__list_remove(&file->link);
        disk->closed_count--;
    } else {
        file = sim_host_alloc(sizeof *file);
    }
    file->disk = disk;
    file->inode = inode;
    file->flags = flags;
    file->calls = 0;
    sm__list_append(&disk->files, &file->link);
    return file;
}

static void file_close(struct sm_file *file)
{
    struct sm_disk *disk = file->disk;

    sim_image_release(disk->image, file->inode);
    file->disk = NULL;
    file->inode = NULL;
    sm__list_remove(&file->link);
    sm__list_append(&disk->closed, &file->link);
    disk->closed_count++;
}

/* ---- the contract ---- */

struct sm_disk *sm_disk_get(struct sm_factory *factory)
{
    return sm__factory_capability(factory, SM__CAPABILITY_DISK);
}

static bool flags_valid(uint32_t flags)
{
    if (flags & ~FLAGS_KNOWN || !(flags & FLAGS_ACCESS))
        return false;
    if (flags & SM_FILE_EXCL && !(flags & SM_FILE_CREATE))
        return false;
    return !(flags & SM_FILE_TRUNC) || flags & SM_FILE_WRITE;
}

int sm_file_open(struct sm_disk *disk, struct sm_file **out, const char *path, uint32_t flags)
{
    struct sim_inode *inode;

    check_disk(disk);
    *out = NULL;
    if (!flags_valid(flags) || !sim_image_path_valid(path))
        return -EINVAL;
    int error = wait_for_device(disk, &LATENCY_READ, 0, NULL, 0);
    if (!error)
        error =
            sim_image_open(disk->image, path, flags & SM_FILE_CREATE, flags & SM_FILE_EXCL, &inode);
    if (error)
        return error;
    if (flags & SM_FILE_TRUNC && sim_inode_size(inode) > 0)
        (void)sim_inode_truncate(disk->image, inode, 0); /* shrinking takes no space */
    *out = file_create(disk, inode, flags);
    return 0;
}

int sm_file_pread(struct sm_file *file, void *buffer, size_t size, int64_t offset_bytes)
{
    check_file(file);
    if (offset_bytes < 0 || size > INT_MAX)
        return -EINVAL;
    if (!(file->flags & SM_FILE_READ))
        return -EBADF;
    const int error = wait_for_file(file, &LATENCY_READ, NULL, 0);
    if (error)
        return error;
    const size_t count = sim_inode_read(file->inode, buffer, size, offset_bytes);
    sim_cpu_count(sm__current->home, count);
    return (int)count;
}

int sm_file_pwrite(struct sm_file *file, const void *data, size_t size, int64_t offset_bytes)
{
    check_file(file);
    if (offset_bytes < 0)
        return -EINVAL;
    if (!(file->flags & SM_FILE_WRITE))
        return -EBADF;
    sim_cpu_count(sm__current->home, size);
    const int error = wait_for_file(file, &LATENCY_WRITE, data, size);
    return error ? error
                 : sim_inode_write(file->disk->image, file->inode, data, size, offset_bytes);
}

int sm_file_truncate(struct sm_file *file, int64_t size_bytes)
{
    check_file(file);
    if (size_bytes < 0)
        return -EINVAL;
    if (!(file->flags & SM_FILE_WRITE))
        return -EBADF;
    const int error = wait_for_file(file, &LATENCY_WRITE, NULL, 0);
    return error ? error : sim_inode_truncate(file->disk->image, file->inode, size_bytes);
}

int sm_file_fsync(struct sm_file *file)
{
    check_file(file);
    const uint64_t up_to = sim_image_now(file->disk->image);
    const int error = wait_for_file(file, &LATENCY_SYNC, NULL, 0);
    if (!error)
        sim_inode_sync(file->disk->image, file->inode, up_to);
    return error;
}

int64_t sm_file_size(struct sm_file *file)
{
    check_file(file);
    return sim_inode_size(file->inode);
}

void sm_file_close(struct sm_file *file)
{
    if (!file)
        return;
    check_file(file);
    SM_ASSERT_MSG(file->calls == 0, "a file is closed while a call on it is under way");
    file_close(file);
}

int sm_disk_unlink(struct sm_disk *disk, const char *path)
{
    check_disk(disk);
    const int error = wait_for_device(disk, &LATENCY_READ, 0, NULL, 0);
    return error ? error : sim_image_unlink(disk->image, path);
}

int sm_disk_rename(struct sm_disk *disk, const char *from, const char *to)
{
    check_disk(disk);
    if (!sim_image_path_valid(to))
        return -EINVAL;
    const int error = wait_for_device(disk, &LATENCY_READ, 0, NULL, 0);
    return error ? error : sim_image_rename(disk->image, from, to);
}

int sm_disk_sync(struct sm_disk *disk)
{
    check_disk(disk);
    const uint64_t up_to = sim_image_now(disk->image);
    const int error = wait_for_device(disk, &LATENCY_SYNC, 0, NULL, 0);
    if (!error)
        sim_image_sync_names(disk->image, up_to);
    return error;
}

/* ---- the lives of machines ---- */

static uint64_t draw_crash(void *arg, uint64_t bound)
{
    struct sm_disk *disk = arg;
    return sm__random_scale(sm__random_draw(disk->crash_key, disk->crash_draws++), bound);
}

/* The machine is off: what its tasks had open or waited for is gone. */
static void let_go(struct sm_disk *disk)
{
    while (!sm__list_empty(&disk->waits))
        drop_wait(sm__container(disk->waits.next, struct disk_wait, link));
    while (!sm__list_empty(&disk->files))
        file_close(sm__container(disk->files.next, struct sm_file, link));
}

static void disk_create(struct sim_disks *disks, struct sim_machine *machine)
{
    struct sm_disk *disk = sim_host_alloc(sizeof *disk);

    disk->machine = machine;
    disk->image = sim_image_create(SIM_DISK_CAPACITY_BYTES);
    sm__list_init(&disk->files);
    sm__list_init(&disk->closed);
    sm__list_init(&disk->waits);
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
    sim_image_crash(disk->image, draw_crash, disk);
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

void sim_disk_wipe(struct sim_machine *machine)
{
    struct sm_disk *disk = machine->disk;

    SM_ASSERT_MSG(machine->state == SIM_MACHINE_OFF, "the disk of a running machine is wiped");
    if (!disk)
        return;
    sim_image_destroy(disk->image);
    disk->image = sim_image_create(SIM_DISK_CAPACITY_BYTES);
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
    while (!sm__list_empty(&disk->closed)) {
        struct sm_file *file = sm__container(disk->closed.next, struct sm_file, link);
        sm__list_remove(&file->link);
        sim_host_free(file);
    }
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
