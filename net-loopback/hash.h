/* SPDX-License-Identifier: MIT */
#ifndef STEELMILL_NET_LOOPBACK_HASH_H
#define STEELMILL_NET_LOOPBACK_HASH_H

#include <stddef.h>
#include <stdint.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* As the record of a message has it: XXH3-64 of the payload; 0 where there is none. */
static inline uint64_t lo_hash(const void *data, size_t size)
{
    return size ? XXH3_64bits(data, size) : 0;
}

#endif
