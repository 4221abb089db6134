/* SPDX-License-Identifier: MIT */
#include "sim/disk_fault.h"

#include "sim/disk_parts.h"
#include "sim/host.h"

#include <errno.h>

/* ---- which faults concern a call ---- */

bool sim_disk_fault_matches(const char *pattern, const char *path)
{
    const char *star = NULL, *retry = NULL;

    while (*path) {
        if (*pattern == '*') {
            star = ++pattern;
            retry = path;
        } else if (*pattern == '?' || *pattern == *path) {
            pattern++;
            path++;
        } else if (star) {
            pattern = star;
            path = ++retry;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

static bool concerns(const struct sim_disk_fault *fault, const char *path)
{
    return !fault->files[0] || sim_disk_fault_matches(fault->files, path);
}

static uint32_t share_of(const struct sim_disk_fault *fault, enum sim_disk_effect effect)
{
    switch (effect) {
    case SIM_DISK_READ_ERROR:
        return fault->read_error_ppm;
    case SIM_DISK_WRITE_ERROR:
        return fault->write_error_ppm;
    case SIM_DISK_SYNC_ERROR:
        return fault->sync_error_ppm;
    case SIM_DISK_SHORT:
        return fault->short_ppm;
    case SIM_DISK_LOST_WRITE:
        return fault->lost_write_ppm;
    case SIM_DISK_MISDIRECTED:
        return fault->misdirected_ppm;
    case SIM_DISK_BIT_ROT:
        return fault->bit_rot_ppm;
    case SIM_DISK_SLOW:
        return fault->latency_max_ns > 0 ? 1000000 : 0;
    case SIM_DISK_STALL:
        return fault->stall ? 1000000 : 0;
    case SIM_DISK_FULL:
        return fault->is_full ? 1000000 : 0;
    case SIM_DISK_READ_ONLY:
        return fault->is_read_only ? 1000000 : 0;
    case SIM_DISK_EFFECT_COUNT:
        break;
    }
    return 0;
}

static uint64_t draw(struct sim_disk_fault *fault, uint64_t bound)
{
    return sm__random_scale(sm__random_draw(fault->key, fault->draws++), bound);
}

static bool happens(struct sim_disk_fault *fault, uint32_t share_ppm)
{
    return share_ppm > 0 && (share_ppm >= 1000000 || draw(fault, 1000000) < share_ppm);
}

/* The first fault that has this effect now; NULL: none has. */
static struct sim_disk_fault *find_hit(const struct sm_disk *disk, enum sim_disk_effect effect,
                                       const char *path)
{
    for (struct sim_disk_fault *fault = disk->faults; fault; fault = fault->next) {
        if (concerns(fault, path) && happens(fault, share_of(fault, effect)))
            return fault;
    }
    return NULL;
}

static void note(struct sm_disk *disk, struct sim_disk_fault *fault, enum sim_disk_effect effect,
                 uint64_t inode)
{
    const struct sim_record record = {.kind = SIM_DISK_FAULT,
                                      .machine = disk->machine->index,
                                      .object = inode,
                                      .size = (uint64_t)effect};

    fault->effects[effect]++;
    disk->hit = fault;
    sim_note(disk->machine->world, &record);
}

bool sim_disk_hit(struct sm_disk *disk, enum sim_disk_effect effect, const char *path,
                  uint64_t inode)
{
    if (!disk->faults)
        return false;
    struct sim_disk_fault *fault = find_hit(disk, effect, path);
    if (fault)
        note(disk, fault, effect, inode);
    return fault != NULL;
}

bool sim_disk_is(const struct sm_disk *disk, enum sim_disk_effect effect, const char *path)
{
    for (const struct sim_disk_fault *fault = disk->faults; fault; fault = fault->next) {
        if (concerns(fault, path) && share_of(fault, effect) > 0)
            return true;
    }
    return false;
}

uint64_t sim_disk_fault_draw(struct sm_disk *disk, uint64_t bound)
{
    return draw(disk->hit, bound);
}

sm_time sim_disk_fault_latency(struct sm_disk *disk, const char *path, uint64_t inode)
{
    if (!sim_disk_hit(disk, SIM_DISK_SLOW, path, inode))
        return 0;
    const sm_time span = disk->hit->latency_max_ns - disk->hit->latency_min_ns;
    return disk->hit->latency_min_ns + (sm_time)draw(disk->hit, (uint64_t)span + 1);
}

/* ---- damage ---- */

void sim_disk_fault_rot(struct sm_disk *disk, const char *path, struct sim_inode *inode,
                        size_t size, int64_t offset)
{
    const int64_t left = sim_inode_size(inode) - offset;

    if (!disk->faults || size == 0 || left <= 0)
        return;
    struct sim_disk_fault *fault = find_hit(disk, SIM_DISK_BIT_ROT, path);
    if (!fault)
        return;
    const uint64_t count = left < (int64_t)size ? (uint64_t)left : size;
    const uint64_t byte = (uint64_t)offset + draw(fault, count);
    const uint32_t bit = (uint32_t)(byte % SIM_PAGE_BYTES) * 8 + (uint32_t)draw(fault, 8);
    if (sim_inode_rot(inode, (uint32_t)(byte / SIM_PAGE_BYTES), bit))
        note(disk, fault, SIM_DISK_BIT_ROT, sim_inode_number(inode));
}

/* One sync of one file. */
struct sync {
    struct sm_disk *disk;
    const char *path;
    struct sim_inode *inode;
    struct sim_disk_fault *failing; /* NULL: the sync does not fail */
    bool has_failed;                /* for one page at least */
};

/* The cache may go on to show what the device does not have, or drop it. */
static enum sim_fate stuck_or_dropped(struct sim_disk_fault *fault)
{
    return draw(fault, 2) ? SIM_FATE_STUCK : SIM_FATE_DROPPED;
}

static enum sim_fate misdirect(struct sync *sync, struct sim_disk_fault *fault,
                               const struct sim_dirty *dirty)
{
    const struct sim_bytes *bytes = sim_inode_bytes(sync->inode);
    const uint8_t *page = dirty->versions[dirty->count - 1].page;
    const uint32_t place = (uint32_t)draw(fault, bytes->slot_count);

    if (place == dirty->index || !page)
        return SIM_FATE_DURABLE; /* it has found the right place after all */
    note(sync->disk, fault, SIM_DISK_MISDIRECTED, sim_inode_number(sync->inode));
    sim_inode_overwrite(sync->disk->image, sync->inode, place, page);
    return stuck_or_dropped(fault);
}

static enum sim_fate fate_of(void *arg, const struct sim_dirty *dirty)
{
    struct sync *sync = arg;
    struct sim_disk_fault *fault;

    if (sync->failing && (!sync->has_failed || draw(sync->failing, 2))) {
        sync->has_failed = true;
        return SIM_FATE_STUCK;
    }
    fault = find_hit(sync->disk, SIM_DISK_LOST_WRITE, sync->path);
    if (fault) {
        note(sync->disk, fault, SIM_DISK_LOST_WRITE, sim_inode_number(sync->inode));
        return stuck_or_dropped(fault);
    }
    fault = find_hit(sync->disk, SIM_DISK_MISDIRECTED, sync->path);
    return fault ? misdirect(sync, fault, dirty) : SIM_FATE_DURABLE;
}

int sim_disk_fault_sync(struct sm_disk *disk, const char *path, struct sim_inode *inode,
                        uint64_t up_to)
{
    const uint64_t number = sim_inode_number(inode);
    struct sync sync = {.disk = disk, .path = path, .inode = inode};

    if (!disk->faults) {
        sim_inode_sync(disk->image, inode, up_to, NULL, NULL);
        return 0;
    }
    if (sim_bytes_pending(sim_inode_bytes(inode)) &&
        sim_disk_hit(disk, SIM_DISK_READ_ONLY, path, number))
        return -EROFS;
    if (sim_disk_hit(disk, SIM_DISK_SYNC_ERROR, path, number))
        sync.failing = disk->hit;
    sim_inode_sync(disk->image, inode, up_to, fate_of, &sync);
    return sync.failing ? -EIO : 0;
}

/* ---- beginnings and ends ---- */

void sim_disk_fault_begin(struct sm_disk *disk, struct sim_disk_fault *fault)
{
    struct sim_disk_fault **at = &disk->faults;

    while (*at)
        at = &(*at)->next;
    fault->next = NULL;
    *at = fault;
}

void sim_disk_fault_end(struct sm_disk *disk, struct sim_disk_fault *fault)
{
    struct sim_disk_fault **at = &disk->faults;

    while (*at && *at != fault)
        at = &(*at)->next;
    if (!*at)
        return;
    *at = fault->next;
    if (disk->hit == fault)
        disk->hit = NULL;
    if (fault->stall)
        sm__wake_all(&disk->calm);
}

uint64_t sim_disk_fault_effects(const struct sim_disk_fault *fault)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < SIM_DISK_EFFECT_COUNT; i++)
        sum += fault->effects[i];
    return sum;
}
