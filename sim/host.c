/* SPDX-License-Identifier: MIT */
#include "sim/host.h"

#include "sim/context.h"
#include "sim/libc_malloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *or_die(void *memory)
{
    static const char message[] = "steelmill: the host is out of memory\n";

    if (!memory) {
        (void)!write(STDERR_FILENO, message, sizeof message - 1);
        _exit(125); /* not judged: no fault of what is simulated */
    }
    return memory;
}

/* libc may ask the kernel for more, so a task is out of its context meanwhile. */

void *sim_host_alloc(size_t size)
{
    struct sim_heap *context = sim_context_leave();
    void *memory = sim_libc_calloc(1, size ? size : 1);

    sim_context_enter(context);
    return or_die(memory);
}

void *sim_host_resize(void *old, size_t size)
{
    struct sim_heap *context = sim_context_leave();
    void *memory = sim_libc_realloc(old, size ? size : 1);

    sim_context_enter(context);
    return or_die(memory);
}

void *sim_host_alloc_aligned(size_t alignment, size_t size)
{
    struct sim_heap *context = sim_context_leave();
    void *memory = sim_libc_memalign(alignment, size);

    sim_context_enter(context);
    return or_die(memory);
}

void sim_host_free(void *memory)
{
    struct sim_heap *context = sim_context_leave();

    sim_libc_free(memory);
    sim_context_enter(context);
}
