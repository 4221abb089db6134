/* SPDX-License-Identifier: MIT */
/*
 * What a store and the judge tell each other, in datagrams of 64-bit words.
 *
 *   store -> judge   HELLO                   after a start: what do you know of me?
 *   judge -> store   STATE known, acknowledged, count, count times (number, nonce)
 *   store -> judge   RECOVERED total         so many transactions are there, and count from now on
 *   store -> judge   ACKNOWLEDGED number, nonce
 */
#ifndef STEELMILL_SQLITE_WIRE_H
#define STEELMILL_SQLITE_WIRE_H

#include <stdint.h>

#define WIRE_PORT      7000
#define WIRE_ENTRIES   24 /* the judge remembers so many of the latest transactions */
#define WIRE_WORDS_MAX (4 + 2 * WIRE_ENTRIES)

enum wire_kind {
    WIRE_HELLO = 1,
    WIRE_STATE,
    WIRE_RECOVERED,
    WIRE_ACKNOWLEDGED,
};

struct wire_entry {
    uint64_t number, nonce;
};

struct wire_state {
    uint64_t known;        /* 0: the judge has not heard of this store before */
    uint64_t acknowledged; /* the highest number */
    uint32_t count;
    struct wire_entry entries[WIRE_ENTRIES];
};

#endif
