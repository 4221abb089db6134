/* SPDX-License-Identifier: MIT */
#include "sim/host.h"

#include "core/sanitize.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if SM__ASAN
#define host_calloc   calloc
#define host_realloc  realloc
#define host_memalign aligned_alloc
#define host_free     free
#else
/* glibc's allocator by the names that stay when malloc itself is replaced (malloc.c). */
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *memory);
#define host_calloc   __libc_calloc
#define host_realloc  __libc_realloc
#define host_memalign __libc_memalign
#define host_free     __libc_free
#endif

static void *or_die(void *memory)
{
    static const char message[] = "steelmill: the host is out of memory\n";

    if (!memory) {
        (void)!write(STDERR_FILENO, message, sizeof message - 1);
        _exit(125); /* not judged: no fault of what is simulated */
    }
    return memory;
}

void *sim_host_alloc(size_t size)
{
    return or_die(host_calloc(1, size ? size : 1));
}

void *sim_host_resize(void *memory, size_t size)
{
    return or_die(host_realloc(memory, size ? size : 1));
}

void *sim_host_alloc_aligned(size_t alignment, size_t size)
{
    return or_die(host_memalign(alignment, size));
}

void sim_host_free(void *memory)
{
    host_free(memory);
}
