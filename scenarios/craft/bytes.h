/* SPDX-License-Identifier: MIT */
/*
 * Bytes as they go over the network and onto the disk: little-endian, explicit, without padding.
 *
 * A reader never runs past its end: it turns bad and hands out zeros, so that a decoder checks
 * once.
 */
#ifndef CRAFT_BYTES_H
#define CRAFT_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define CRAFT_PAD8(size) (((size) + 7u) & ~(size_t)7u)

struct craft_reader {
    const uint8_t *at, *end;
    bool bad;
};

static inline const uint8_t *craft_take(struct craft_reader *reader, size_t size)
{
    if (reader->bad || (size_t)(reader->end - reader->at) < size) {
        reader->bad = true;
        return NULL;
    }
    const uint8_t *bytes = reader->at;
    reader->at += size;
    return bytes;
}

static inline uint64_t craft_get(struct craft_reader *reader, size_t size)
{
    const uint8_t *bytes = craft_take(reader, size);
    uint64_t value = 0;
    for (size_t i = size; bytes && i > 0; i--)
        value = value << 8 | bytes[i - 1];
    return value;
}

static inline uint64_t craft_get_u64(struct craft_reader *reader)
{
    return craft_get(reader, 8);
}

static inline uint32_t craft_get_u32(struct craft_reader *reader)
{
    return (uint32_t)craft_get(reader, 4);
}

/* The writers return the place after what they wrote; the caller has sized the buffer. */
static inline uint8_t *craft_put(uint8_t *at, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        at[i] = (uint8_t)(value >> (8 * i));
    return at + size;
}

static inline uint8_t *craft_put_u64(uint8_t *at, uint64_t value)
{
    return craft_put(at, value, 8);
}

static inline uint8_t *craft_put_u32(uint8_t *at, uint32_t value)
{
    return craft_put(at, value, 4);
}

/* Copies and fills up to a multiple of eight with zeros. */
static inline uint8_t *craft_put_padded(uint8_t *at, const void *bytes, size_t size)
{
    if (size > 0)
        memcpy(at, bytes, size);
    memset(at + size, 0, CRAFT_PAD8(size) - size);
    return at + CRAFT_PAD8(size);
}

/* FNV-1a over 64-bit words, then over the bytes that are left: a checksum, not for secrets. */
static inline uint64_t craft_hash(uint64_t seed, const void *bytes, size_t size)
{
    struct craft_reader reader = {bytes, (const uint8_t *)bytes + size, false};
    uint64_t hash = seed ^ 0xcbf29ce484222325u;
    while (size > 0) {
        size_t step = size < 8 ? size : 8;
        hash = (hash ^ craft_get(&reader, step)) * 0x100000001b3u;
        hash ^= hash >> 29;
        size -= step;
    }
    return hash;
}

#endif
