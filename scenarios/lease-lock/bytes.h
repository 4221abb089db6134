/* SPDX-License-Identifier: MIT */
/* Numbers as little-endian bytes, as they go over connections and to disk. */
#ifndef LEASE_LOCK_BYTES_H
#define LEASE_LOCK_BYTES_H

#include <stddef.h>
#include <stdint.h>

/* Writes the low `count` bytes of a number. Returns where the next one goes. */
static inline uint8_t *bytes_put(uint8_t *at, uint64_t number, size_t count)
{
    for (size_t i = 0; i < count; i++)
        at[i] = (uint8_t)(number >> (8 * i));
    return at + count;
}

/* Reads a number of `count` bytes and moves on. */
static inline uint64_t bytes_get(const uint8_t **at, size_t count)
{
    uint64_t number = 0;

    for (size_t i = 0; i < count; i++)
        number |= (uint64_t)(*at)[i] << (8 * i);
    *at += count;
    return number;
}

#endif
