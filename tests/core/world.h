/* SPDX-License-Identifier: MIT */
/*
 * A world for unit tests: runs a body as the boot task of each of a few machines, to the end of a
 * virtual hour or until nothing is left to do.
 *
 * A failing ck_assert in a body ends the test as usual (suites run in fork mode).
 *
 * Environment: TW_STACKS_MAX, how many stacks to reserve address space for. An emulator of user
 * programs keeps books on each reserved page: seconds per world for the default.
 */
#ifndef STEELMILL_TESTS_CORE_WORLD_H
#define STEELMILL_TESTS_CORE_WORLD_H

#include "sim/world.h"

/* machine: from 1. arg: as given. Returning non-zero is a failure, recorded as such. */
typedef int (*tw_body)(void *arg, struct sim_machine *machine);

struct tw {
    struct sim_world *world;
    tw_body body;
    void *arg;
    struct sim_failure failure; /* kind 0: none */
    char log[65536];            /* what was logged */
    size_t log_size;
};

/* options: NULL for the defaults with seed 1; its machine_count_max is set here. */
void tw_create(struct tw *tw, uint32_t machine_count, const struct sim_options *options,
               tw_body body, void *arg);
/* Starts all machines and runs; returns how it ended. May be called again with a later time. */
enum sim_outcome tw_run(struct tw *tw, sm_time until);
void tw_destroy(struct tw *tw);

/* All in one, one machine: a run that fails or leaves a task fails the test. Returns the digest. */
uint64_t tw_once(tw_body body, void *arg);

#endif
