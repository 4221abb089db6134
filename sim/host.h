/* SPDX-License-Identifier: MIT */
/*
 * The host's own memory: never a machine's heap, whoever is running. Running out of it is not a
 * machine's problem: the process says so and ends.
 */
#ifndef STEELMILL_SIM_HOST_H
#define STEELMILL_SIM_HOST_H

#include <stddef.h>

void *sim_host_alloc(size_t size); /* zeroed, never NULL */
void *sim_host_resize(void *memory, size_t size);
void *sim_host_alloc_aligned(size_t alignment, size_t size); /* not zeroed */
void sim_host_free(void *memory);

#endif
