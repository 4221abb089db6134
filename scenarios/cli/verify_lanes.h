/* SPDX-License-Identifier: MIT */
/*
 * Verifies many seeds, several at a time. Each lane is a thread with worker processes of its own,
 * which waits for them; results are told in the order of the seeds, so that the output does not
 * depend on how many lanes there are.
 */
#ifndef STEELMILL_SCENARIOS_CLI_VERIFY_LANES_H
#define STEELMILL_SCENARIOS_CLI_VERIFY_LANES_H

#include "scenarios/cli/verify_seed.h"

struct cli_verify {
    const struct cli_args *args;
    const struct cli_scenario *scenario;
    uint64_t first, last; /* seeds, both included */
    uint32_t lane_count;
    bool one_by_one; /* verify_seed.h; else verify_chunk.h */
    /* Called for each seed, up to the first that does not pass; by one thread at a time. */
    void (*tell)(void *arg, const struct cli_verified *verified);
    void *arg;
};

/* Returns the exit code: that of the first seed that does not pass. */
int cli_verify_run(const struct cli_verify *verify);

#endif
