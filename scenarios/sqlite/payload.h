/* SPDX-License-Identifier: MIT */
/* What a transaction writes follows from its number, its account and a random number. */
#ifndef STEELMILL_SQLITE_PAYLOAD_H
#define STEELMILL_SQLITE_PAYLOAD_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define PAYLOAD_BYTES_MAX 1600

/* A step of SplitMix64. */
static inline uint64_t payload_mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static inline uint64_t payload_key(uint64_t number, uint64_t account, uint64_t nonce)
{
    return payload_mix(payload_mix(payload_mix(number) ^ account) ^ nonce);
}

/* -500 to 499 */
static inline int64_t payload_amount(uint64_t number, uint64_t account, uint64_t nonce)
{
    return (int64_t)(payload_key(number, account, nonce) % 1000) - 500;
}

/* Fills a payload; small ones are the most likely, the large ones do not fit a page. */
static inline size_t payload_make(unsigned char *payload, uint64_t number, uint64_t account,
                                  uint64_t nonce)
{
    const uint64_t key = payload_key(number, account, nonce);
    const size_t words = 1 + (size_t)((key >> 16) % (PAYLOAD_BYTES_MAX / 8)) / (1 + (key >> 8) % 8);

    for (size_t i = 0; i < words; i++) {
        const uint64_t word = payload_mix(key + i);
        memcpy(payload + i * sizeof(word), &word, sizeof(word));
    }
    return words * sizeof(uint64_t);
}

#endif
