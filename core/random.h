/* SPDX-License-Identifier: MIT */
/*
 * The derivation of all random decisions: pure functions of (seed, epoch, name, machine, index).
 */
#ifndef STEELMILL_CORE_RANDOM_H
#define STEELMILL_CORE_RANDOM_H

#include <steelmill/base.h>

/* XXH3-64 of a name, so that streams are told apart by their text alone. */
uint64_t sm__name_hash(const char *name);

/* The key of a stream. machine: 0 for the world, else the machine's number. */
uint64_t sm__random_key(uint64_t seed, uint64_t epoch, uint64_t name_hash, uint64_t machine);

/* Mixes 64 bits: the finalizer of SplitMix64 (Stafford's variant 13). A bijection. */
static inline uint64_t sm__random_mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* Draw number `index` of a stream. */
static inline uint64_t sm__random_draw(uint64_t key, uint64_t index)
{
    return sm__random_mix(key + (index + 1) * 0x9e3779b97f4a7c15u);
}

/*
 * Scales a draw to 0 .. bound - 1 by the high half of a product (Lemire, "Fast random integer
 * generation in an interval", 2019, without the rejection: the bias is below bound / 2^64, and a
 * fixed number of draws is worth more here).
 */
static inline uint64_t sm__random_scale(uint64_t draw, uint64_t bound)
{
    return (uint64_t)(((unsigned __int128)draw * bound) >> 64);
}

/* True with probability ppm / 1,000,000. */
static inline bool sm__random_hits(uint64_t draw, uint32_t ppm)
{
    return sm__random_scale(draw, 1000000) < ppm;
}

#endif
