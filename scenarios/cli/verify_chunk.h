/* SPDX-License-Identifier: MIT */
/*
 * Are many seeds deterministic? Two runs of each tell, which differ in all that must not matter:
 *
 *   pass 1, 3, ...   as usual                                         one seed after the other
 *   pass 2, 4, ...   other stack fill, heap fill and addresses, all   the last seed first
 *                    at once; a process whose code lies elsewhere
 *
 * The runs of a pass follow one another in one process, as in a sweep, without a trace; the process
 * of the even passes is a new one now and then. So a seed comes after other seeds each time, and
 * after a few runs or after a thousand. Its runs are compared by their digests and verdicts. Most
 * refills of stacks are quick ones (core/fiber.h), as they would take longer than all the rest.
 *
 * Only where they differ, or are no verdict, is the seed looked at by itself (verify_seed.h).
 */
#ifndef STEELMILL_SCENARIOS_CLI_VERIFY_CHUNK_H
#define STEELMILL_SCENARIOS_CLI_VERIFY_CHUNK_H

#include "scenarios/cli/verify_seed.h"

#define CLI_CHUNK_SEEDS_MAX 64

/* Seeds that one lane takes at a time. */
struct cli_verify_chunk {
    uint64_t first;
    uint32_t count; /* 1 .. CLI_CHUNK_SEEDS_MAX */
    struct cli_chunk_seed {
        struct cli_fingerprint fingerprint; /* of pass 1 */
        struct cli_fingerprint differing;   /* of a later one, if `differs` */
        bool suspect;                       /* to be looked at; no more passes */
        bool differs;                       /* because two passes do */
    } seeds[CLI_CHUNK_SEEDS_MAX];
};

/* All passes over the chunk: as many as the arguments have runs. */
void cli_verify_chunk(struct cli_verify_lane *lane, struct cli_verify_chunk *chunk);

/* What came of seed `index` of it. More runs, if it is suspect. */
void cli_verify_chunk_seed(struct cli_verify_lane *lane, const struct cli_verify_chunk *chunk,
                           uint32_t index, struct cli_verified *out);

#endif
