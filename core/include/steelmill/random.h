/* SPDX-License-Identifier: MIT */
/*
 * Randomness. In simulation every draw is f(seed, epoch, stream name, machine, index): one more
 * draw from one stream moves no other. In production the streams are seeded by the operating
 * system.
 *
 * The generator is SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number
 * generators", OOPSLA 2014) used as a counter-based generator. Not for secrets.
 */
#ifndef STEELMILL_RANDOM_H
#define STEELMILL_RANDOM_H

#include <steelmill/base.h>

SM_C_BEGIN

/* A named stream of the calling task's machine. The caller's memory; copying it forks the stream.
 */
struct sm_random {
    uint64_t key;
    uint64_t index; /* draws so far */
    uint64_t epoch; /* the world's epoch that `key` belongs to */
    uint64_t name;  /* hash of the stream's name */
};

/*
 * Opens a named stream. Opened again after a restart of the machine, it goes on with fresh draws.
 *   name: any text; streams of different names are independent
 * Context: a task or a hook. Blocks? never. Randomness: draws nothing.
 */
SM_API void sm_random_init(struct sm_random *random, const char *name);

/* Each of these takes exactly one draw. `random` NULL means the machine's own stream "daemon". */
SM_API uint64_t sm_random_u64(struct sm_random *random);
/* 0 to bound - 1; bound 1 or more (asserted). */
SM_API uint64_t sm_random_below(struct sm_random *random, uint64_t bound);
/* low to high, both included; low <= high (asserted). */
SM_API int64_t sm_random_range(struct sm_random *random, int64_t low, int64_t high);
/* True with probability per_million / 1,000,000. */
SM_API bool sm_random_chance(struct sm_random *random, uint32_t per_million);
/* Fills bytes, one draw for every eight. */
SM_API void sm_random_bytes(struct sm_random *random, void *bytes, size_t size);

SM_C_END
#endif
