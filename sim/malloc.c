/* SPDX-License-Identifier: MIT */
/*
 * The process's allocator: while a machine's task runs, what it and the libraries it calls allocate
 * comes from the machine's heap; everything else goes on to glibc. A block is freed where it came
 * from, which its address tells.
 *
 * Defined in the program, these names replace libc's for all shared objects (glibc documents this
 * way of replacing malloc). So they do AddressSanitizer's, in its builds.
 */
#include "core/assert.h"
#include "sim/heap.h"
#include "sim/heap_fault.h"
#include "sim/host.h"
#include "sim/libc_malloc.h"

#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_BYTES 4096u
/* Called before AddressSanitizer has made its shadow: not to be instrumented. */
#define EXPORT __attribute__((visibility("default"), no_sanitize("address")))

#define CALLER ((uintptr_t)__builtin_return_address(0))

/* Whether a request of the running machine's may be served. `site`: who asks for it. */
static inline bool begin_request(size_t size, uintptr_t site)
{
    struct sim_heap *heap = sim_heap_current;

    heap->site = site;
    return SM_LIKELY(!heap->faults) || !sim_heap_fault_hits(heap, size);
}

/* The machine's heap counts as out of memory as a libc's does. */
static inline void *from_heap(size_t size, size_t alignment, uintptr_t site)
{
    void *memory =
        begin_request(size, site) ? sim_heap_alloc(sim_heap_current, size, alignment) : NULL;

    if (!memory)
        errno = ENOMEM;
    return memory;
}

EXPORT void *malloc(size_t size)
{
    return sim_heap_current ? from_heap(size, 16, CALLER) : sim_libc_malloc(size);
}

EXPORT void *calloc(size_t count, size_t size)
{
    size_t bytes;

    if (!sim_heap_current)
        return sim_libc_calloc(count, size);
    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    void *memory =
        begin_request(bytes, CALLER) ? sim_heap_alloc_zeros(sim_heap_current, bytes) : NULL;
    if (!memory)
        errno = ENOMEM;
    return memory;
}

EXPORT void free(void *memory)
{
    if (!memory)
        return;
    if (!sim_heaps_contain(memory)) {
        if (sim_heap_current)
            sim_host_free(memory);
        else
            sim_libc_free(memory); /* AddressSanitizer may not have made its shadow yet */
        return;
    }
    SM_ASSERT_MSG(sim_heap_current, "free(%p): a machine's block, outside of its tasks", memory);
    sim_heap_free(sim_heap_current, memory);
}

#if SM__ASAN
#define host_usable_size __interceptor_malloc_usable_size
extern size_t host_usable_size(void *memory);
#else
/* glibc's own, which has no second name. */
static size_t host_usable_size(void *memory)
{
    static size_t (*next)(void *memory);

    if (!next) {
        struct sim_heap *heap = sim_context_leave();
        *(void **)&next = dlsym(RTLD_NEXT, "malloc_usable_size");
        sim_context_enter(heap);
    }
    return next ? next(memory) : 0;
}
#endif

/* A machine's block has room for what was asked for, and no more. */
EXPORT size_t malloc_usable_size(void *memory)
{
    if (!memory)
        return 0;
    return sim_heaps_contain(memory) ? sim_heap_size(memory) : host_usable_size(memory);
}

/* A block of the host's that a machine's task resizes moves to its heap. */
static void *adopt(void *memory, size_t size, uintptr_t site)
{
    const size_t old = host_usable_size(memory);
    void *moved = from_heap(size, 16, site);

    if (!moved)
        return NULL;
    memcpy(moved, memory, old < size ? old : size);
    sim_host_free(memory);
    return moved;
}

/* As glibc's: to 0 bytes is to free. */
EXPORT void *realloc(void *memory, size_t size)
{
    if (!memory)
        return sim_heap_current ? from_heap(size, 16, CALLER) : sim_libc_malloc(size);
    if (size == 0) {
        free(memory);
        return NULL;
    }
    if (!sim_heaps_contain(memory))
        return sim_heap_current ? adopt(memory, size, CALLER) : sim_libc_realloc(memory, size);
    SM_ASSERT_MSG(sim_heap_current, "realloc(%p): a machine's block, outside of its tasks", memory);
    void *moved =
        begin_request(size, CALLER) ? sim_heap_resize(sim_heap_current, memory, size) : NULL;
    if (!moved)
        errno = ENOMEM;
    return moved;
}

/* As glibc's: an alignment that is no power of two counts as the next one. */
static void *aligned(size_t alignment, size_t size, uintptr_t site)
{
    size_t power = 16;

    if (!sim_heap_current)
        return sim_libc_memalign(alignment, size);
    while (power < alignment && power <= SIZE_MAX / 4)
        power *= 2;
    return from_heap(size, power, site);
}

EXPORT void *memalign(size_t alignment, size_t size)
{
    return aligned(alignment, size, CALLER);
}

EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
    return aligned(alignment, size, CALLER);
}

EXPORT int posix_memalign(void **out, size_t alignment, size_t size)
{
    if (alignment % sizeof(void *) || alignment == 0 || (alignment & (alignment - 1)))
        return EINVAL;
    const int saved = errno;
    void *memory = aligned(alignment, size, CALLER);
    errno = saved;
    if (!memory)
        return ENOMEM;
    *out = memory;
    return 0;
}

EXPORT void *valloc(size_t size)
{
    return aligned(PAGE_BYTES, size, CALLER);
}

EXPORT void *pvalloc(size_t size)
{
    if (size > SIZE_MAX - PAGE_BYTES) {
        errno = ENOMEM;
        return NULL;
    }
    return aligned(PAGE_BYTES, (size + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES, CALLER);
}
