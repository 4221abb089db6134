/* SPDX-License-Identifier: MIT */
/*
 * What a crash leaves of a file's bytes: first a size, which is one of those that the file has had
 * since its last sync; then for each sector of each dirty page one of the page's versions that go
 * with that size.
 */
#include "sim/disk_bytes.h"

#include <string.h>

#define WHOLE_PAGE SIM_PAGE_SECTORS

/* The versions of a page that may be chosen from: 0 is the durable page. */
struct window {
    uint32_t first, end;
};

/* ALMOST: what is lost. */
struct victim {
    uint32_t dirty;  /* its place; dirty_count: none */
    uint32_t sector; /* or WHOLE_PAGE */
};

static uint64_t draw(struct sim_crash *crash, uint64_t bound)
{
    return bound > 1 ? crash->draw(crash->arg, bound) : 0;
}

static uint8_t *version_page(const struct sim_dirty *dirty, uint32_t version)
{
    return version == 0 ? dirty->durable : dirty->versions[version - 1].page;
}

/* The last version that was made up to a change. */
static uint32_t version_at(const struct sim_dirty *dirty, uint64_t number)
{
    uint32_t version = 0;

    while (version < dirty->count && dirty->versions[version].number <= number)
        version++;
    return version;
}

/* What the sizes leave: nothing older than a cut that happened, nothing newer than one that did
 * not. */
static struct window window_of(const struct sim_bytes *bytes, const struct sim_dirty *dirty,
                               uint32_t resizes_kept)
{
    struct window window = {0, dirty->count + 1u};

    for (uint32_t i = 0; bytes->cut_count > 0 && i < bytes->resize_count; i++) {
        const struct sim_resize *resize = &bytes->resizes[i];
        if (!resize->is_cut || ((int64_t)dirty->index + 1) * SIM_PAGE_BYTES <= resize->size)
            continue;
        if (i < resizes_kept) {
            window.first = version_at(dirty, resize->number);
        } else {
            window.end = version_at(dirty, resize->number - 1) + 1;
            break;
        }
    }
    return window;
}

/* ---- equal sectors ---- */

static bool sector_equal(const uint8_t *a, const uint8_t *b, uint32_t sector)
{
    static const uint8_t zeros[SIM_SECTOR_BYTES];
    const uint8_t *from_a = a ? a + (size_t)sector * SIM_SECTOR_BYTES : zeros;
    const uint8_t *from_b = b ? b + (size_t)sector * SIM_SECTOR_BYTES : zeros;

    return memcmp(from_a, from_b, SIM_SECTOR_BYTES) == 0;
}

/* The versions that differ from those before them. Returns how many: 1 or more. */
static uint32_t distinct(const struct sim_dirty *dirty, uint32_t sector,
                         uint32_t versions[SIM_VERSIONS_MAX + 1])
{
    uint32_t count = 0;

    for (uint32_t v = 0; v <= dirty->count; v++) {
        bool seen = false;
        for (uint32_t i = 0; i < count && !seen; i++)
            seen = sector_equal(version_page(dirty, v), version_page(dirty, versions[i]), sector);
        if (!seen)
            versions[count++] = v;
    }
    return count;
}

uint64_t sim_bytes_states(const struct sim_bytes *bytes)
{
    uint64_t states = bytes->resize_count + 1u;
    uint32_t versions[SIM_VERSIONS_MAX + 1];

    for (uint32_t i = 0; i < bytes->dirty_count; i++) {
        for (uint32_t s = 0; s < SIM_PAGE_SECTORS && !bytes->dirty[i].is_stuck; s++) {
            if (__builtin_mul_overflow(states, distinct(&bytes->dirty[i], s, versions), &states))
                return UINT64_MAX;
        }
    }
    return states;
}

/* ---- choices ---- */

static uint32_t clip(uint32_t version, const struct window *window)
{
    return version < window->first  ? window->first
           : version >= window->end ? window->end - 1
                                    : version;
}

/* How many changes of size are kept, from the oldest on. */
static uint32_t choose_size(const struct sim_bytes *bytes, enum sim_crash_style style,
                            struct sim_crash *crash)
{
    uint32_t kept = 0;

    switch (style) {
    case SIM_CRASH_NONE:
        return 0;
    case SIM_CRASH_ALL:
    case SIM_CRASH_ALMOST:
        return bytes->resize_count;
    case SIM_CRASH_PREFIX:
        while (kept < bytes->resize_count && bytes->resizes[kept].number <= crash->cut)
            kept++;
        return kept;
    default:
        return (uint32_t)draw(crash, bytes->resize_count + 1u);
    }
}

/* One version for the whole page. */
static uint32_t choose_page(const struct sim_dirty *dirty, const struct window *window,
                            enum sim_crash_style style, struct sim_crash *crash)
{
    switch (style) {
    case SIM_CRASH_NONE:
        return window->first;
    case SIM_CRASH_PREFIX:
        return clip(version_at(dirty, crash->cut), window);
    case SIM_CRASH_SUBSET:
        return window->first + (uint32_t)draw(crash, window->end - window->first);
    default:
        return window->end - 1;
    }
}

static uint32_t choose_sector(const struct sim_dirty *dirty, const struct window *window,
                              uint32_t sector, enum sim_crash_style style, struct sim_crash *crash)
{
    uint32_t versions[SIM_VERSIONS_MAX + 1];

    if (style == SIM_CRASH_TORN)
        return window->first + (uint32_t)draw(crash, window->end - window->first);
    const uint32_t count = distinct(dirty, sector, versions);
    return clip(versions[draw(crash, count)], window);
}

static void choose(const struct sim_bytes *bytes, const struct sim_dirty *dirty,
                   const struct window *window, enum sim_crash_style style,
                   const struct victim *victim, struct sim_crash *crash,
                   uint32_t chosen[SIM_PAGE_SECTORS])
{
    const bool by_sector = style == SIM_CRASH_TORN || style == SIM_CRASH_ANY;
    const bool is_victim = bytes->dirty + victim->dirty == dirty;

    if (dirty->is_stuck || !by_sector) {
        const uint32_t version =
            dirty->is_stuck ? window->first : choose_page(dirty, window, style, crash);
        for (uint32_t s = 0; s < SIM_PAGE_SECTORS; s++)
            chosen[s] = version;
    } else {
        for (uint32_t s = 0; s < SIM_PAGE_SECTORS; s++)
            chosen[s] = choose_sector(dirty, window, s, style, crash);
    }
    if (style != SIM_CRASH_ALMOST || !is_victim)
        return;
    for (uint32_t s = 0; s < SIM_PAGE_SECTORS; s++) {
        if (victim->sector == s || victim->sector == WHOLE_PAGE)
            chosen[s] = window->first;
    }
}

/* ---- carrying it out ---- */

static uint8_t *compose(struct sim_pages *pages, const struct sim_dirty *dirty,
                        const uint32_t chosen[SIM_PAGE_SECTORS])
{
    uint8_t *page = sim_page_take(pages);

    for (uint32_t s = 0; s < SIM_PAGE_SECTORS; s++) {
        const uint8_t *from = version_page(dirty, chosen[s]);
        const size_t at = (size_t)s * SIM_SECTOR_BYTES;
        if (from)
            memcpy(page + at, from + at, SIM_SECTOR_BYTES);
        else
            memset(page + at, 0, SIM_SECTOR_BYTES);
    }
    return page;
}

static void count_losses(const struct sim_dirty *dirty, const uint32_t chosen[SIM_PAGE_SECTORS],
                         struct sim_crash *crash)
{
    const uint8_t *last = version_page(dirty, dirty->count);

    for (uint32_t s = 0; s < SIM_PAGE_SECTORS; s++) {
        if (sector_equal(dirty->durable, last, s))
            continue;
        const bool kept = sector_equal(version_page(dirty, chosen[s]), last, s);
        crash->kept_sectors += kept;
        crash->lost_sectors += !kept;
    }
}

static void settle_page(struct sim_bytes *bytes, struct sim_pages *pages, struct sim_dirty *dirty,
                        const uint32_t chosen[SIM_PAGE_SECTORS])
{
    bool same = true;

    for (uint32_t s = 1; s < SIM_PAGE_SECTORS; s++)
        same = same && chosen[s] == chosen[0];
    uint8_t *page = same ? version_page(dirty, chosen[0]) : compose(pages, dirty, chosen);
    for (uint32_t v = 0; v <= dirty->count; v++) {
        if (version_page(dirty, v) != page)
            sim_page_give(pages, version_page(dirty, v));
    }
    sim_slot_show(bytes, pages, dirty->index, page);
    bytes->slots[dirty->index].dirty = 0;
}

/* Nothing lies beyond the size. */
static void settle_size(struct sim_bytes *bytes, struct sim_pages *pages, int64_t size)
{
    const size_t in_tail = (size_t)(size % SIM_PAGE_BYTES);
    const size_t count = (size_t)((size + SIM_PAGE_BYTES - 1) / SIM_PAGE_BYTES);

    for (size_t i = count; i < bytes->slot_count; i++) {
        sim_page_give(pages, bytes->slots[i].page);
        sim_slot_show(bytes, pages, (uint32_t)i, NULL);
    }
    if (count < bytes->slot_count)
        bytes->slot_count = count;
    if (in_tail && count <= bytes->slot_count) {
        uint8_t *tail = bytes->slots[count - 1].page;
        if (tail && !sim_page_is_reserved(tail))
            memset(tail + in_tail, 0, SIM_PAGE_BYTES - in_tail);
    }
    bytes->size = bytes->durable_size = size;
    bytes->resize_count = bytes->cut_count = 0;
}

void sim_bytes_crash(struct sim_bytes *bytes, struct sim_pages *pages, enum sim_crash_style style,
                     struct sim_crash *crash)
{
    struct victim victim = {bytes->dirty_count, 0};
    uint32_t chosen[SIM_PAGE_SECTORS];

    if (!sim_bytes_pending(bytes))
        return;
    uint32_t kept = choose_size(bytes, style, crash);
    if (style == SIM_CRASH_ALMOST) {
        victim.dirty = (uint32_t)draw(crash, bytes->dirty_count + (bytes->resize_count > 0));
        victim.sector = (uint32_t)draw(crash, SIM_PAGE_SECTORS + 1);
        kept -= victim.dirty == bytes->dirty_count && kept > 0;
    }
    const int64_t size = kept > 0 ? bytes->resizes[kept - 1].size : bytes->durable_size;
    for (uint32_t i = 0; i < bytes->dirty_count; i++) {
        struct sim_dirty *dirty = &bytes->dirty[i];
        const struct window window = window_of(bytes, dirty, kept);
        choose(bytes, dirty, &window, style, &victim, crash, chosen);
        count_losses(dirty, chosen, crash);
        settle_page(bytes, pages, dirty, chosen);
    }
    bytes->dirty_count = 0;
    settle_size(bytes, pages, size);
}
