/* SPDX-License-Identifier: MIT */
#include "meta.h"

#include "bytes.h"

#define SLOT_BYTES  32
#define SLOT_STRIDE 4096 /* slots never share a sector */

static bool read_slot(struct craft_meta *meta, int slot)
{
    uint8_t bytes[SLOT_BYTES];
    int count = sm_file_pread(meta->file, bytes, sizeof(bytes), (int64_t)slot * SLOT_STRIDE);
    struct craft_reader reader = {bytes, bytes + (count < 0 ? 0 : count), false};
    uint64_t version = craft_get_u64(&reader);
    uint64_t term = craft_get_u64(&reader);
    uint64_t vote = craft_get_u64(&reader);
    uint64_t checksum = craft_get_u64(&reader);
    if (reader.bad || checksum != craft_hash(0, bytes, SLOT_BYTES - 8) || version <= meta->version)
        return false;
    meta->version = version;
    meta->term = term;
    meta->vote = vote;
    return true;
}

int craft_meta_open(struct craft_meta *meta, struct sm_disk *disk)
{
    int error =
        sm_file_open(disk, &meta->file, "meta", SM_FILE_READ | SM_FILE_WRITE | SM_FILE_CREATE);
    if (error)
        return error;
    read_slot(meta, 0);
    read_slot(meta, 1);
    return 0;
}

void craft_meta_close(struct craft_meta *meta)
{
    sm_file_close(meta->file);
    meta->file = NULL;
}

int craft_meta_store(struct craft_meta *meta, uint64_t term, uint64_t vote, bool sync)
{
    uint8_t bytes[SLOT_BYTES];
    uint64_t version = meta->version + 1;
    uint8_t *at = craft_put_u64(bytes, version);
    at = craft_put_u64(at, term);
    at = craft_put_u64(at, vote);
    craft_put_u64(at, craft_hash(0, bytes, SLOT_BYTES - 8));
    int error =
        sm_file_pwrite(meta->file, bytes, sizeof(bytes), (int64_t)(version % 2) * SLOT_STRIDE);
    if (!error && sync)
        error = sm_file_fsync(meta->file);
    if (error)
        return error;
    meta->version = version;
    meta->term = term;
    meta->vote = vote;
    return 0;
}
