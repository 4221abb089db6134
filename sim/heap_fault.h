/* SPDX-License-Identifier: MIT */
/*
 * Allocation failures: while one of these is on a machine's heap, some of the calls that ask for
 * more memory get none. Freeing always works.
 */
#ifndef STEELMILL_SIM_HEAP_FAULT_H
#define STEELMILL_SIM_HEAP_FAULT_H

#include <steelmill/base.h>

struct sim_heap;

struct sim_heap_fault {
    struct sim_heap_fault *next; /* on the same heap */
    uint64_t key;                /* of its own random stream; draw n is for its n-th call */
    size_t above_bytes; /* smaller requests, and ones of this size, neither fail nor count */
    uint64_t nth;       /* that call fails, counted from 1; 0: `share_ppm` decides */
    uint32_t share_ppm;
    uint64_t calls, failures; /* so far */
};

/* The fault is the caller's memory until it is removed. Crashes of the machine leave it on. */
void sim_heap_fault_add(struct sim_heap *heap, struct sim_heap_fault *fault);
void sim_heap_fault_remove(struct sim_heap *heap, struct sim_heap_fault *fault);
/* True if a request fails now. Every fault counts it. */
bool sim_heap_fault_hits(struct sim_heap *heap, size_t size);

#endif
