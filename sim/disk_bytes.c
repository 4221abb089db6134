/* SPDX-License-Identifier: MIT */
#include "sim/disk_bytes.h"

#include "core/assert.h"
#include "sim/host.h"

#include <errno.h>
#include <string.h>

#define DIRTY_PAGES_MAX   4096u /* then the kernel writes back: 16 MiB of one file */
#define RESIZES_MERGE_MIN 16u   /* from here on, growth upon growth is one change of size */
#define RESIZES_MAX       64u

/* Space that was taken, and nothing written to it. Never written, never given back. */
static uint8_t reserved_page[SIM_PAGE_BYTES];

/* ---- pages ---- */

uint8_t *sim_page_take(struct sim_pages *pages)
{
    void *page = pages->free;

    if (!page)
        return sim_host_alloc(SIM_PAGE_BYTES);
    memcpy(&pages->free, page, sizeof pages->free);
    return page;
}

void sim_page_give(struct sim_pages *pages, uint8_t *page)
{
    if (!page || page == reserved_page)
        return;
    memcpy(page, &pages->free, sizeof pages->free);
    pages->free = page;
}

bool sim_page_is_reserved(const uint8_t *page)
{
    return page == reserved_page;
}

void sim_pages_finish(struct sim_pages *pages)
{
    while (pages->free) {
        void *page = pages->free;
        memcpy(&pages->free, page, sizeof pages->free);
        sim_host_free(page);
    }
}

static bool is_private(const uint8_t *page)
{
    return page && page != reserved_page;
}

/* ---- slots ---- */

static void grow_slots(struct sim_bytes *bytes, size_t count)
{
    if (count <= bytes->slot_count)
        return;
    if (count > bytes->slot_capacity) {
        size_t capacity = bytes->slot_capacity ? bytes->slot_capacity : 4;
        while (capacity < count)
            capacity *= 2;
        bytes->slots = sim_host_resize(bytes->slots, capacity * sizeof *bytes->slots);
        bytes->slot_capacity = capacity;
    }
    memset(bytes->slots + bytes->slot_count, 0, (count - bytes->slot_count) * sizeof *bytes->slots);
    bytes->slot_count = count;
}

void sim_slot_show(struct sim_bytes *bytes, struct sim_pages *pages, uint32_t index, uint8_t *page)
{
    const int by = (page != NULL) - (bytes->slots[index].page != NULL);

    bytes->slots[index].page = page;
    bytes->pages_used += by;
    if (bytes->is_counted)
        pages->used += by;
}

void sim_bytes_count(struct sim_bytes *bytes, struct sim_pages *pages, bool is_counted)
{
    if (bytes->is_counted != is_counted)
        pages->used += is_counted ? bytes->pages_used : -bytes->pages_used;
    bytes->is_counted = is_counted;
}

/* ---- dirty pages ---- */

static struct sim_dirty *make_dirty(struct sim_bytes *bytes, uint32_t index)
{
    struct sim_slot *slot = &bytes->slots[index];

    if (slot->dirty)
        return &bytes->dirty[slot->dirty - 1];
    if (bytes->dirty_count == bytes->dirty_capacity) {
        bytes->dirty_capacity = bytes->dirty_capacity ? bytes->dirty_capacity * 2 : 4;
        bytes->dirty = sim_host_resize(bytes->dirty, bytes->dirty_capacity * sizeof *bytes->dirty);
    }
    struct sim_dirty *dirty = &bytes->dirty[bytes->dirty_count++];
    dirty->index = index;
    dirty->count = 0;
    dirty->is_stuck = false;
    dirty->durable = slot->page;
    slot->dirty = bytes->dirty_count;
    return dirty;
}

/* The page is clean: its slot has the only copy. The last of the dirty ones takes its place. */
static void forget_dirty(struct sim_bytes *bytes, struct sim_dirty *dirty)
{
    const struct sim_dirty *last = &bytes->dirty[--bytes->dirty_count];

    bytes->slots[dirty->index].dirty = 0;
    if (dirty != last) {
        *dirty = *last;
        bytes->slots[dirty->index].dirty = (uint32_t)(dirty - bytes->dirty) + 1;
    }
}

static void drop_oldest_version(struct sim_pages *pages, struct sim_dirty *dirty)
{
    sim_page_give(pages, dirty->versions[0].page);
    memmove(dirty->versions, dirty->versions + 1, --dirty->count * sizeof *dirty->versions);
}

static void add_version(struct sim_bytes *bytes, struct sim_pages *pages, struct sim_dirty *dirty,
                        uint64_t number, uint8_t *page)
{
    if (dirty->count == SIM_VERSIONS_MAX)
        drop_oldest_version(pages, dirty);
    dirty->versions[dirty->count++] = (struct sim_version){number, page};
    dirty->is_stuck = false;
    sim_slot_show(bytes, pages, dirty->index, page);
}

/* What was made up to a number becomes durable. */
static void promote(struct sim_pages *pages, struct sim_dirty *dirty, uint64_t up_to)
{
    while (dirty->count > 0 && dirty->versions[0].number <= up_to) {
        sim_page_give(pages, dirty->durable);
        dirty->durable = dirty->versions[0].page;
        dirty->count--;
        memmove(dirty->versions, dirty->versions + 1, dirty->count * sizeof *dirty->versions);
    }
}

/* The page that change `number` writes to. `whole`: its old contents do not matter. */
static uint8_t *page_to_write(struct sim_bytes *bytes, struct sim_pages *pages, uint32_t index,
                              uint64_t number, bool whole)
{
    struct sim_dirty *dirty = make_dirty(bytes, index);
    uint8_t *old = bytes->slots[index].page;

    if (dirty->count == SIM_VERSIONS_MAX && is_private(old)) {
        dirty->is_stuck = false;
        return old;
    }
    uint8_t *page = sim_page_take(pages);
    if (!whole && old)
        memcpy(page, old, SIM_PAGE_BYTES);
    else if (!whole)
        memset(page, 0, SIM_PAGE_BYTES);
    add_version(bytes, pages, dirty, number, page);
    return page;
}

/* ---- sizes ---- */

/* The oldest change of size becomes durable. */
static void apply_resize(struct sim_bytes *bytes, struct sim_pages *pages)
{
    const struct sim_resize resize = bytes->resizes[0];

    bytes->durable_size = resize.size;
    memmove(bytes->resizes, bytes->resizes + 1, --bytes->resize_count * sizeof resize);
    if (!resize.is_cut)
        return;
    bytes->cut_count--;
    for (uint32_t i = bytes->dirty_count; i-- > 0;) {
        struct sim_dirty *dirty = &bytes->dirty[i];
        if (((int64_t)dirty->index + 1) * SIM_PAGE_BYTES > resize.size)
            promote(pages, dirty, resize.number);
        if (dirty->count == 0)
            forget_dirty(bytes, dirty);
    }
}

static void change_size(struct sim_bytes *bytes, struct sim_pages *pages, uint64_t number,
                        int64_t size)
{
    const bool is_cut = size < bytes->size;
    struct sim_resize *last =
        bytes->resize_count > 0 ? &bytes->resizes[bytes->resize_count - 1] : NULL;

    if (size == bytes->size)
        return;
    bytes->size = size;
    if (!is_cut && bytes->resize_count >= RESIZES_MERGE_MIN && !last->is_cut) {
        last->size = size;
        return;
    }
    if (bytes->resize_count == RESIZES_MAX)
        apply_resize(bytes, pages);
    if (bytes->resize_count == bytes->resize_capacity) {
        bytes->resize_capacity = bytes->resize_capacity ? bytes->resize_capacity * 2 : 4;
        bytes->resizes =
            sim_host_resize(bytes->resizes, bytes->resize_capacity * sizeof *bytes->resizes);
    }
    bytes->resizes[bytes->resize_count++] = (struct sim_resize){number, size, is_cut};
    bytes->cut_count += is_cut;
}

/* Drops what lies beyond a size that is less than the file's. */
static void cut_pages(struct sim_bytes *bytes, struct sim_pages *pages, uint64_t number,
                      int64_t size)
{
    const size_t in_tail = (size_t)(size % SIM_PAGE_BYTES);

    for (size_t i = (size_t)(size / SIM_PAGE_BYTES); i < bytes->slot_count; i++) {
        const uint32_t index = (uint32_t)i;
        const uint8_t *old = bytes->slots[i].page;
        if (!old)
            continue;
        struct sim_dirty *dirty = make_dirty(bytes, index);
        uint8_t *page = NULL;
        if (in_tail && i == (size_t)(size / SIM_PAGE_BYTES)) {
            page = sim_page_take(pages);
            memcpy(page, old, in_tail);
            memset(page + in_tail, 0, SIM_PAGE_BYTES - in_tail);
        }
        add_version(bytes, pages, dirty, number, page);
    }
}

/* ---- the cache ---- */

bool sim_bytes_pending(const struct sim_bytes *bytes)
{
    return bytes->dirty_count > 0 || bytes->resize_count > 0;
}

size_t sim_bytes_read(const struct sim_bytes *bytes, void *buffer, size_t size, int64_t offset)
{
    const int64_t left = bytes->size - offset;
    const size_t count = left <= 0 ? 0 : (size_t)left < size ? (size_t)left : size;

    for (size_t done = 0; done < count;) {
        const int64_t at = offset + (int64_t)done;
        const size_t index = (size_t)(at / SIM_PAGE_BYTES), from = (size_t)(at % SIM_PAGE_BYTES);
        const size_t room = SIM_PAGE_BYTES - from, rest = count - done;
        const size_t part = rest < room ? rest : room;
        const uint8_t *page = index < bytes->slot_count ? bytes->slots[index].page : NULL;
        if (page)
            memcpy((uint8_t *)buffer + done, page + from, part);
        else
            memset((uint8_t *)buffer + done, 0, part);
        done += part;
    }
    return count;
}

static void write_back(struct sim_bytes *bytes, struct sim_pages *pages)
{
    if (bytes->dirty_count > DIRTY_PAGES_MAX)
        sim_bytes_sync(bytes, pages, UINT64_MAX, NULL, NULL);
}

int64_t sim_bytes_write(struct sim_bytes *bytes, struct sim_pages *pages, uint64_t number,
                        const void *data, size_t size, int64_t offset)
{
    size_t done = 0;

    if (size == 0)
        return 0;
    if (offset > SIM_FILE_BYTES_MAX || size > (uint64_t)(SIM_FILE_BYTES_MAX - offset))
        return -EFBIG;
    const size_t needed = (size_t)((offset + (int64_t)size - 1) / SIM_PAGE_BYTES) + 1;
    grow_slots(bytes, needed);
    while (done < size) {
        const int64_t at = offset + (int64_t)done;
        const uint32_t index = (uint32_t)(at / SIM_PAGE_BYTES);
        const size_t from = (size_t)(at % SIM_PAGE_BYTES);
        const size_t room = SIM_PAGE_BYTES - from, rest = size - done;
        const size_t part = rest < room ? rest : room;
        if (!bytes->slots[index].page && pages->used >= pages->capacity)
            break;
        uint8_t *page = page_to_write(bytes, pages, index, number, part == SIM_PAGE_BYTES);
        memcpy(page + from, (const uint8_t *)data + done, part);
        done += part;
    }
    if (done == 0)
        return -ENOSPC;
    if (offset + (int64_t)done > bytes->size)
        change_size(bytes, pages, number, offset + (int64_t)done);
    write_back(bytes, pages);
    return (int64_t)done;
}

int sim_bytes_truncate(struct sim_bytes *bytes, struct sim_pages *pages, uint64_t number,
                       int64_t size)
{
    if (size > SIM_FILE_BYTES_MAX)
        return -EFBIG;
    if (size < bytes->size)
        cut_pages(bytes, pages, number, size);
    change_size(bytes, pages, number, size);
    write_back(bytes, pages);
    return 0;
}

int sim_bytes_allocate(struct sim_bytes *bytes, struct sim_pages *pages, uint64_t number,
                       int64_t offset, int64_t size)
{
    if (offset > SIM_FILE_BYTES_MAX || size > SIM_FILE_BYTES_MAX - offset)
        return -EFBIG;
    const size_t end = (size_t)((offset + size - 1) / SIM_PAGE_BYTES) + 1;
    grow_slots(bytes, end);
    for (size_t i = (size_t)(offset / SIM_PAGE_BYTES); i < end; i++) {
        if (bytes->slots[i].page)
            continue;
        if (pages->used >= pages->capacity)
            return -ENOSPC;
        if (bytes->slots[i].dirty)
            add_version(bytes, pages, make_dirty(bytes, (uint32_t)i), number, reserved_page);
        else
            sim_slot_show(bytes, pages, (uint32_t)i, reserved_page);
    }
    if (offset + size > bytes->size)
        change_size(bytes, pages, number, offset + size);
    return 0;
}

/* ---- the device ---- */

/* The cache shows what is durable. */
static void drop_versions(struct sim_bytes *bytes, struct sim_pages *pages, struct sim_dirty *dirty)
{
    while (dirty->count > 0)
        sim_page_give(pages, dirty->versions[--dirty->count].page);
    sim_slot_show(bytes, pages, dirty->index, dirty->durable);
}

static void sync_page(struct sim_bytes *bytes, struct sim_pages *pages, struct sim_dirty *dirty,
                      uint64_t up_to, enum sim_fate fate)
{
    const struct sim_version *last = &dirty->versions[dirty->count - 1];

    if (fate == SIM_FATE_DURABLE || !is_private(last->page))
        promote(pages, dirty, up_to);
    else if (last->number > up_to)
        return; /* there is more to come */
    else if (fate == SIM_FATE_DROPPED)
        drop_versions(bytes, pages, dirty);
    else
        dirty->is_stuck = true;
    if (dirty->count == 0)
        forget_dirty(bytes, dirty);
}

void sim_bytes_sync(struct sim_bytes *bytes, struct sim_pages *pages, uint64_t up_to,
                    sim_fate_fn fate, void *arg)
{
    while (bytes->resize_count > 0 && bytes->resizes[0].number <= up_to)
        apply_resize(bytes, pages);
    for (uint32_t i = bytes->dirty_count; i-- > 0;) {
        struct sim_dirty *dirty = &bytes->dirty[i];
        if (dirty->is_stuck || dirty->versions[0].number > up_to)
            continue;
        sync_page(bytes, pages, dirty, up_to, fate ? fate(arg, dirty) : SIM_FATE_DURABLE);
    }
}

void sim_bytes_overwrite(struct sim_bytes *bytes, struct sim_pages *pages, uint32_t index,
                         const uint8_t *page)
{
    struct sim_slot *slot = &bytes->slots[index];
    uint8_t *copy = sim_page_take(pages);

    memcpy(copy, page, SIM_PAGE_BYTES);
    if (slot->dirty) {
        struct sim_dirty *dirty = &bytes->dirty[slot->dirty - 1];
        sim_page_give(pages, dirty->durable);
        dirty->durable = copy;
        return;
    }
    sim_page_give(pages, slot->page);
    sim_slot_show(bytes, pages, index, copy);
}

bool sim_bytes_rot(struct sim_bytes *bytes, uint32_t index, uint32_t bit)
{
    if (index >= bytes->slot_count)
        return false;
    const struct sim_slot *slot = &bytes->slots[index];
    if (slot->dirty || !is_private(slot->page))
        return false;
    slot->page[bit / 8] ^= (uint8_t)(1u << bit % 8);
    return true;
}

void sim_bytes_finish(struct sim_bytes *bytes, struct sim_pages *pages)
{
    sim_bytes_count(bytes, pages, false);
    for (uint32_t i = 0; i < bytes->dirty_count; i++) {
        struct sim_dirty *dirty = &bytes->dirty[i];
        drop_versions(bytes, pages, dirty);
    }
    for (size_t i = 0; i < bytes->slot_count; i++)
        sim_page_give(pages, bytes->slots[i].page);
    sim_host_free(bytes->slots);
    sim_host_free(bytes->dirty);
    sim_host_free(bytes->resizes);
}
