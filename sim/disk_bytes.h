/* SPDX-License-Identifier: MIT */
/*
 * The bytes of one simulated file: what the page cache shows, and what a crash may leave of it. A
 * data structure only: no names, no tasks, no time.
 *
 *              write                    sync                       crash
 *   cache <---------- caller    versions ----> durable page         cache := for each sector one of
 *     ^----------------------------^                                  the durable page, the
 * versions
 *
 *   1. A page is clean, and there is one copy of it; or it is dirty: the durable page, and up to
 *      SIM_VERSIONS_MAX later ones, of which the cache shows the last. A page of zeros that nobody
 *      wrote is no memory.
 *   2. Sizes have a list of their own, which a crash cuts at any place: a size without its bytes
 *      shows zeros. Bytes do not outlive a cut that lost them, nor do those come before a cut that
 *      never happened.
 *   3. Beyond the size, the cached pages hold zeros.
 *   4. A page is stuck when the cache takes for clean what is not durable: after a sync that failed
 *      or that the device only pretended. Writing to it makes it dirty again, in whole.
 */
#ifndef STEELMILL_SIM_DISK_BYTES_H
#define STEELMILL_SIM_DISK_BYTES_H

#include <steelmill/base.h>

#define SIM_PAGE_BYTES     4096
#define SIM_SECTOR_BYTES   512
#define SIM_PAGE_SECTORS   (SIM_PAGE_BYTES / SIM_SECTOR_BYTES)
#define SIM_VERSIONS_MAX   6
#define SIM_FILE_BYTES_MAX ((int64_t)4 << 30) /* -EFBIG beyond */

/* A number from 0 to bound - 1. */
typedef uint64_t (*sim_image_draw)(void *arg, uint64_t bound);

/* Memory for the pages of one disk, and how many of them its files may take. */
struct sim_pages {
    void *free; /* a list, linked through the pages */
    int64_t used, capacity;
};
void sim_pages_finish(struct sim_pages *pages);

struct sim_slot {
    uint8_t *page;  /* as the cache shows it; NULL: zeros */
    uint32_t dirty; /* its place among the dirty ones, from 1; 0: clean */
};

struct sim_version {
    uint64_t number; /* of the first change that is in it */
    uint8_t *page;
};

struct sim_dirty {
    uint32_t index; /* of the page */
    uint16_t count;
    bool is_stuck;
    uint8_t *durable;
    struct sim_version versions[SIM_VERSIONS_MAX]; /* oldest first */
};

struct sim_resize {
    uint64_t number;
    int64_t size;
    bool is_cut; /* shorter than before */
};

struct sim_bytes {
    struct sim_slot *slots;
    size_t slot_count, slot_capacity;
    struct sim_dirty *dirty;
    uint32_t dirty_count, dirty_capacity;
    struct sim_resize *resizes; /* that are not durable, oldest first */
    uint32_t resize_count, resize_capacity, cut_count;
    int64_t size, durable_size;
    int64_t pages_used; /* of the cached view */
    bool is_counted;    /* pages_used is in the disk's `used` */
};

void sim_bytes_finish(struct sim_bytes *bytes, struct sim_pages *pages);
/* Whether the disk counts its pages: a file without name and holder takes no space. */
void sim_bytes_count(struct sim_bytes *bytes, struct sim_pages *pages, bool is_counted);
/* True while something is not durable. */
bool sim_bytes_pending(const struct sim_bytes *bytes);

/* ---- the cache ---- */
/* Returns the count, less than `size` at the end of the file only. */
size_t sim_bytes_read(const struct sim_bytes *bytes, void *buffer, size_t size, int64_t offset);
/* Writes up to where the space ends, as change `number`. Returns the count; -ENOSPC, -EFBIG: none.
 */
int64_t sim_bytes_write(struct sim_bytes *bytes, struct sim_pages *pages, uint64_t number,
                        const void *data, size_t size, int64_t offset);
/* Returns 0, -EFBIG. */
int sim_bytes_truncate(struct sim_bytes *bytes, struct sim_pages *pages, uint64_t number,
                       int64_t size);
/* Takes space, and lengthens the file. Returns 0; -ENOSPC: some may be taken; -EFBIG. */
int sim_bytes_allocate(struct sim_bytes *bytes, struct sim_pages *pages, uint64_t number,
                       int64_t offset, int64_t size);

/* ---- the device ---- */
/* What becomes of a dirty page when it is synced. */
enum sim_fate {
    SIM_FATE_DURABLE,
    SIM_FATE_STUCK,   /* the cache goes on to show it as it should be */
    SIM_FATE_DROPPED, /* the cache has dropped it: it shows what is durable */
};
typedef enum sim_fate (*sim_fate_fn)(void *arg, const struct sim_dirty *dirty);
/*
 * Makes all changes up to a number durable, and maybe later ones of the same pages.
 *   fate: asked for each page; NULL: all become durable
 */
void sim_bytes_sync(struct sim_bytes *bytes, struct sim_pages *pages, uint64_t up_to,
                    sim_fate_fn fate, void *arg);
/* Overwrites what is durable of a page; the cache shows it, unless the page is dirty. */
void sim_bytes_overwrite(struct sim_bytes *bytes, struct sim_pages *pages, uint32_t index,
                         const uint8_t *page);
/* Flips a bit of what is durable; false: the page is dirty, or has nothing written in it. */
bool sim_bytes_rot(struct sim_bytes *bytes, uint32_t index, uint32_t bit);

/* ---- crashes (disk_crash.c) ---- */

enum sim_crash_style {
    SIM_CRASH_NONE,   /* nothing of what is not durable is kept */
    SIM_CRASH_ALL,    /* everything */
    SIM_CRASH_PREFIX, /* up to some change */
    SIM_CRASH_SUBSET, /* of pages */
    SIM_CRASH_TORN,   /* of sectors */
    SIM_CRASH_ALMOST, /* all but one */
    SIM_CRASH_ANY,    /* each choice apart: for enumeration */
    SIM_CRASH_STYLES = SIM_CRASH_ANY
};

struct sim_crash {
    sim_image_draw draw;
    void *arg;
    uint64_t cut;          /* PREFIX: the last change that is kept */
    uint64_t lost_sectors; /* counted: sectors that changed, and are not as the cache had them */
    uint64_t kept_sectors; /* sectors that changed, and are */
};
void sim_bytes_crash(struct sim_bytes *bytes, struct sim_pages *pages, enum sim_crash_style style,
                     struct sim_crash *crash);
/* How many states a crash with SIM_CRASH_ANY chooses from; saturates at UINT64_MAX. */
uint64_t sim_bytes_states(const struct sim_bytes *bytes);

/* ---- for disk_crash.c ---- */
uint8_t *sim_page_take(struct sim_pages *pages);            /* not zeroed, not counted */
void sim_page_give(struct sim_pages *pages, uint8_t *page); /* NULL allowed */
bool sim_page_is_reserved(const uint8_t *page);             /* of zeros, with space taken for it */
/* Replaces a page of the cache and keeps the counts. */
void sim_slot_show(struct sim_bytes *bytes, struct sim_pages *pages, uint32_t index, uint8_t *page);

#endif
