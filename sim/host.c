/* SPDX-License-Identifier: MIT */
#include "sim/host.h"

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

void *sim_host_alloc(size_t size)
{
    return or_die(sim_libc_calloc(1, size ? size : 1));
}

void *sim_host_resize(void *memory, size_t size)
{
    return or_die(sim_libc_realloc(memory, size ? size : 1));
}

void *sim_host_alloc_aligned(size_t alignment, size_t size)
{
    return or_die(sim_libc_memalign(alignment, size));
}

void sim_host_free(void *memory)
{
    sim_libc_free(memory);
}
