/* SPDX-License-Identifier: MIT */
/* A world for a benchmark: machines that run one body each, a network, no faults. */
#ifndef STEELMILL_TESTS_BENCH_KERNEL_H
#define STEELMILL_TESTS_BENCH_KERNEL_H

#include "net-loopback/net.h"
#include "sim/world.h"

struct kernel {
    struct sim_world *world;
    struct lo_net *net;
    int (*body)(struct kernel *kernel, struct sim_machine *machine); /* a task; NULL: none */
    uint32_t machines, size;
    uint64_t count, done;
    double ns; /* per operation: the body's own measurement */
};

/* body, machines, size and count are set. The machines run from the first sim_world_run on. */
void kernel_create(struct kernel *kernel, bool undigested);
void kernel_destroy(struct kernel *kernel);
/* A body that measures, on one machine, to its end. Returns its ns. */
double kernel_measure(int (*body)(struct kernel *kernel, struct sim_machine *machine),
                      uint32_t size, uint64_t count);

#endif
