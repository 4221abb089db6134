/* SPDX-License-Identifier: MIT */
/* The time that a call takes: a wait for the device, and for the end of a stall. */
#include "sim/disk_parts.h"
#include "sim/host.h"

#include <errno.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define RECORD_SIZE_MAX ((1u << 24) - 1) /* what an event has room for */

struct disk_wait {
    struct sm__list link;
    struct sm_waitable waitable;
    struct sim_event *event; /* NULL: it has fired */
};

/* ---- who may call ---- */

void sim_disk_check(const struct sm_disk *disk)
{
    SM_ASSERT_MSG(sm__current, "a call on a disk outside of any task");
    SM_ASSERT_MSG(disk, "a call on a disk that is NULL: this factory has none");
    SM_ASSERT_MSG(disk->machine == sim_machine_of(sm__current),
                  "a task of another machine uses the disk of machine '%s'", disk->machine->name);
}

void sim_disk_check_file(const struct sm_file *file)
{
    SM_ASSERT_MSG(file, "a call on a file that is NULL");
    SM_ASSERT_MSG(file->disk, "a file is used after it was closed, or after its machine's crash");
    sim_disk_check(file->disk);
}

/* ---- waits ---- */

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

void sim_disk_drop_waits(struct sm_disk *disk)
{
    while (!sm__list_empty(&disk->waits))
        drop_wait(sm__container(disk->waits.next, struct disk_wait, link));
}

static sm_time draw_latency(struct sm_disk *disk, const struct sim_disk_request *request)
{
    const struct sim_disk_latency *latency = request->op == SIM_DISK_READ    ? &disk->profile.read
                                             : request->op == SIM_DISK_WRITE ? &disk->profile.write
                                                                             : &disk->profile.sync;
    const uint64_t draw = sm__random_draw(disk->latency_key, disk->latency_draws++);
    const uint64_t span = (uint64_t)(latency->max_ns - latency->min_ns) + 1;
    const sm_time worse = sim_disk_fault_latency(disk, request->path, request->inode);

    return worse > 0 ? worse : latency->min_ns + (sm_time)sm__random_scale(draw, span);
}

/* Waits until no stall is on that concerns the call. */
static int wait_for_calm(struct sm_disk *disk, const struct sim_disk_request *request)
{
    int error = 0;

    if (!sim_disk_is(disk, SIM_DISK_STALL, request->path))
        return 0;
    (void)sim_disk_hit(disk, SIM_DISK_STALL, request->path, request->inode);
    while (!error && sim_disk_is(disk, SIM_DISK_STALL, request->path))
        error = sm__wait(&disk->calm, false, SM_FOREVER);
    return error;
}

int sim_disk_wait(struct sm_disk *disk, const struct sim_disk_request *request)
{
    struct sim_world *world = disk->machine->world;
    int error = sm__enter();

    if (!error)
        error = wait_for_calm(disk, request);
    if (error)
        return error;
    struct disk_wait *wait = sim_host_alloc(sizeof *wait);
    sm__waitable_init(&wait->waitable, wait_ready);
    sm__list_append(&disk->waits, &wait->link);
    wait->event = sim_event_at(world, world->now + draw_latency(disk, request), SIM_DISK,
                               disk->machine->index, device_done);
    wait->event->object = wait;
    wait->event->number = request->inode;
    wait->event->size = request->size < RECORD_SIZE_MAX ? (uint32_t)request->size : RECORD_SIZE_MAX;
    wait->event->hash = request->hash;
    while (!error && wait->event)
        error = sm__wait(&wait->waitable, false, SM_FOREVER);
    drop_wait(wait);
    return error;
}

int sim_disk_wait_file(struct sm_file *file, enum sim_disk_op op, const struct iovec *written,
                       int count)
{
    struct sim_disk_request request = {
        .op = op, .path = file->path, .inode = sim_inode_number(file->inode)};

    for (int i = 0; i < count; i++) {
        request.size += written[i].iov_len;
        request.hash = XXH3_64bits_withSeed(written[i].iov_base, written[i].iov_len, request.hash);
    }
    file->calls++;
    const int error = sim_disk_wait(file->disk, &request);
    file->calls--;
    return error;
}
