/* SPDX-License-Identifier: MIT */
/*
 * What a heap still holds when its machine has stopped properly: leaks, all of them, and the place
 * that has allocated the most of what was leaked, if the heap keeps such places.
 */
#ifndef STEELMILL_SIM_HEAP_LEAK_H
#define STEELMILL_SIM_HEAP_LEAK_H

#include <stddef.h>
#include <stdint.h>

struct sim_heap;

struct sim_heap_leak {
    size_t block_count, bytes;
    /* Where the most bytes of a single place come from: malloc's return address; 0: not kept. */
    uintptr_t site;
    size_t site_block_count, site_bytes;
};

/* Adds what the heap holds to `leak`, which begins as zeros. */
void sim_heap_leak_add(const struct sim_heap *heap, struct sim_heap_leak *leak);

#endif
