/* SPDX-License-Identifier: MIT */
/*
 * Anonymous memory by mmap: blocks of the machine's heap, of whole pages. So its addresses depend
 * on the run alone, it counts as the machine's memory, requests fail as malloc's do, and a crash
 * drops it. Protection is the kernel's, taken off again when the memory goes.
 *
 * Of a mapping that is unmapped in parts, the parts cannot be accessed any more; they count, and
 * stay, until the last one is gone. Files, code that is made at run time, and places that the
 * daemon chooses outside of its mappings, end the run.
 */
#include "sim/libc/libc.h"

#include "sim/heap_fault.h"
#include "sim/host.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>

#define EXPORT     SM__LIBC_EXPORT
#define PAGE_BYTES ((size_t)4096)
#define CALLER     ((uintptr_t)__builtin_return_address(0))
#define WRITABLE   (PROT_READ | PROT_WRITE)

/* In the host's memory. */
struct sim_libc_map {
    struct sim_libc_map *next;
    char *start;
    size_t size_bytes, left_bytes; /* left: not unmapped yet */
    bool is_protected;             /* some page was, once */
    bool gone[];                   /* per page */
};

/* A part of one mapping; `map` NULL: there is none. */
struct range {
    struct sim_libc_map *map;
    char *start;
    size_t size_bytes;
};

static size_t whole_pages(size_t size)
{
    return size > SIZE_MAX - PAGE_BYTES ? SIZE_MAX - PAGE_BYTES + 1
                                        : (size + PAGE_BYTES - 1) & -PAGE_BYTES;
}

static bool is_whole(const void *start)
{
    return (uintptr_t)start % PAGE_BYTES == 0;
}

/* What of the first mapping that it meets lies in start[0..size]. */
static struct range find(const void *start, size_t size)
{
    const uintptr_t from = (uintptr_t)start, to = from + size;

    for (struct sim_libc_map *map = sim_libc_here()->maps; map; map = map->next) {
        const uintptr_t first = (uintptr_t)map->start, end = first + map->size_bytes;
        if (from >= end || to <= first)
            continue;
        const uintptr_t low = from > first ? from : first, high = to < end ? to : end;
        return (struct range){map, map->start + (low - first), high - low};
    }
    return (struct range){0};
}

/* The mapping that all of it lies in. */
static struct range find_whole(const void *start, size_t size)
{
    const struct range range = find(start, size);

    return range.size_bytes == size ? range : (struct range){0};
}

/* ---- what pages are ---- */

static void protect(struct range range, int protection)
{
    struct sim_heap *context = sim_context_leave();

    SM_ASSERT(SM__LIBC_REAL(mprotect)(range.start, range.size_bytes, protection) == 0);
    sim_context_enter(context);
    range.map->is_protected |= protection != WRITABLE;
}

static void set_gone(struct range range, bool gone)
{
    bool *pages = range.map->gone + (size_t)(range.start - range.map->start) / PAGE_BYTES;

    for (size_t i = 0; i < range.size_bytes / PAGE_BYTES; i++) {
        if (pages[i] == gone)
            continue;
        pages[i] = gone;
        range.map->left_bytes += gone ? -PAGE_BYTES : PAGE_BYTES;
    }
}

static struct range all_of(struct sim_libc_map *map)
{
    return (struct range){map, map->start, map->size_bytes};
}

/* ---- mappings ---- */

static void *no_memory(void)
{
    errno = ENOMEM;
    return MAP_FAILED;
}

static void *make(size_t size, int protection, uintptr_t site)
{
    struct sim_heap *heap = sim_heap_current;

    if (size == 0) {
        errno = EINVAL;
        return MAP_FAILED;
    }
    size = whole_pages(size);
    heap->site = site;
    if (heap->faults && sim_heap_fault_hits(heap, size))
        return no_memory();
    char *start = sim_heap_alloc(heap, size, PAGE_BYTES);
    if (!start)
        return no_memory();
    memset(start, 0, size);
    struct sim_libc *libc = sim_libc_here();
    struct sim_libc_map *map = sim_host_alloc(sizeof *map + size / PAGE_BYTES);
    *map = (struct sim_libc_map){
        .next = libc->maps, .start = start, .size_bytes = size, .left_bytes = size};
    libc->maps = map;
    if (protection != WRITABLE)
        protect(all_of(map), protection);
    return start;
}

static void drop(struct sim_libc_map *map)
{
    struct sim_libc_map **link = &sim_libc_here()->maps;

    while (*link != map)
        link = &(*link)->next;
    *link = map->next;
    if (map->is_protected)
        protect(all_of(map), WRITABLE);
    sim_heap_free(sim_heap_current, map->start);
    sim_host_free(map);
}

static void unmap(struct range range)
{
    set_gone(range, true);
    if (range.map->left_bytes == 0)
        drop(range.map);
    else
        protect(range, PROT_NONE);
}

/* New memory in the place of old: of a range that was reserved, mostly. */
static void *renew(void *start, size_t size, int protection)
{
    const struct range range = find_whole(start, whole_pages(size));

    if (!range.map)
        sim_libc_refuse("mmap", "memory has a fixed address inside of a mapping only");
    set_gone(range, false);
    protect(range, WRITABLE);
    memset(range.start, 0, range.size_bytes);
    protect(range, protection);
    return start;
}

void sim_libc_maps_finish(struct sim_libc *libc)
{
    while (libc->maps) {
        struct sim_libc_map *map = libc->maps;
        libc->maps = map->next;
        if (map->is_protected)
            protect(all_of(map), WRITABLE);
        sim_host_free(map);
    }
}

/* ---- libc's calls ---- */

static void *map_memory(void *start, size_t size, int protection, int flags, uintptr_t site)
{
    if (!(flags & MAP_ANONYMOUS))
        sim_libc_refuse("mmap", "files are read with sm_file_read");
    if (protection & PROT_EXEC)
        sim_libc_refuse("mmap", "code is in the plugin and its libraries");
    return flags & MAP_FIXED ? renew(start, size, protection) : make(size, protection, site);
}

EXPORT void *mmap(void *start, size_t size, int protection, int flags, int fd, off_t offset)
{
    return sim_libc_inside() ? map_memory(start, size, protection, flags, CALLER)
                             : SM__LIBC_REAL(mmap)(start, size, protection, flags, fd, offset);
}

EXPORT void *mmap64(void *start, size_t size, int protection, int flags, int fd, off64_t offset)
{
    return sim_libc_inside() ? map_memory(start, size, protection, flags, CALLER)
                             : SM__LIBC_REAL(mmap64)(start, size, protection, flags, fd, offset);
}

EXPORT int munmap(void *start, size_t size)
{
    struct range range;

    if (!sim_libc_inside())
        return SM__LIBC_REAL(munmap)(start, size);
    if (size == 0 || !is_whole(start))
        return sm__libc_error(EINVAL);
    for (char *at = start, *end = at + whole_pages(size);
         at < end && (range = find(at, (size_t)(end - at))).map;) {
        at = range.start + range.size_bytes;
        unmap(range);
    }
    return 0;
}

EXPORT int mprotect(void *start, size_t size, int protection)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(mprotect)(start, size, protection);
    if (protection & PROT_EXEC)
        sim_libc_refuse("mprotect", "code is in the plugin and its libraries");
    if (!is_whole(start))
        return sm__libc_error(EINVAL);
    const struct range range = find_whole(start, whole_pages(size));
    if (!range.map)
        sim_libc_refuse("mprotect", "only what mmap has given can be protected");
    protect(range, protection);
    return 0;
}

static bool drops_contents(int advice)
{
    return advice == MADV_DONTNEED || advice == MADV_FREE || advice == MADV_REMOVE;
}

/* What is not needed any more is zero at once; the rest is about speed. */
EXPORT int madvise(void *start, size_t size, int advice)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(madvise)(start, size, advice);
    if (!is_whole(start))
        return sm__libc_error(EINVAL);
    if (!drops_contents(advice))
        return 0;
    const struct range range = find_whole(start, whole_pages(size));
    if (!range.map)
        sim_libc_refuse("madvise", "only what mmap has given can be given back");
    memset(range.start, 0, range.size_bytes);
    return 0;
}

static void *move(struct range old, size_t size, uintptr_t site)
{
    char *moved = make(size, WRITABLE, site);

    if (moved == MAP_FAILED)
        return moved;
    memcpy(moved, old.start, old.size_bytes);
    unmap(old);
    return moved;
}

static void *resize(void *start, size_t old_size, size_t size, int flags, uintptr_t site)
{
    const struct range old = find_whole(start, whole_pages(old_size));

    if (!old.map || size == 0 || flags & ~MREMAP_MAYMOVE) {
        errno = old.map ? EINVAL : EFAULT;
        return MAP_FAILED;
    }
    size = whole_pages(size);
    if (size > old.size_bytes)
        return flags & MREMAP_MAYMOVE ? move(old, size, site) : no_memory();
    if (size < old.size_bytes)
        unmap((struct range){old.map, old.start + size, old.size_bytes - size});
    return start;
}

EXPORT void *mremap(void *start, size_t old_size, size_t size, int flags, ...)
{
    va_list args;

    if (sim_libc_inside())
        return resize(start, old_size, size, flags, CALLER);
    va_start(args, flags);
    void *place = flags & MREMAP_FIXED ? va_arg(args, void *) : NULL;
    va_end(args);
    return SM__LIBC_REAL(mremap)(start, old_size, size, flags, place);
}

/* A machine's memory is never swapped, and no other process sees it. */
#define HARMLESS(name, parameters, arguments)                         \
    EXPORT int name parameters                                        \
    {                                                                 \
        return sim_libc_inside() ? 0 : SM__LIBC_REAL(name) arguments; \
    }

HARMLESS(posix_madvise, (void *start, size_t size, int advice), (start, size, advice))
HARMLESS(msync, (void *start, size_t size, int flags), (start, size, flags))
HARMLESS(mlock, (const void *start, size_t size), (start, size))
HARMLESS(munlock, (const void *start, size_t size), (start, size))
HARMLESS(mlockall, (int flags), (flags))
HARMLESS(munlockall, (void), ())
