/* SPDX-License-Identifier: MIT */
/* Needs no world: plans are made before there is one. */
#include "core/random.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t sm__name_hash(const char *name)
{
    return XXH3_64bits(name, strlen(name));
}

uint64_t sm__random_key(uint64_t seed, uint64_t epoch, uint64_t name_hash, uint64_t machine)
{
    const uint64_t input[4] = {seed, epoch, name_hash, machine};
    return XXH3_64bits(input, sizeof input);
}
