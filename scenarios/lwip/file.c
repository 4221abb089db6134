/* SPDX-License-Identifier: MIT */
#include "file.h"

#include <endian.h>
#include <string.h>

/* The finalizer of SplitMix64. */
static uint64_t mix(uint64_t value)
{
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
    return value ^ (value >> 31);
}

/* Eight bytes belong to one number: those that `offset` is one of, in their order in memory. */
static uint64_t eight_at(const struct file *file, uint64_t offset)
{
    return htole64(mix(file->key ^ mix(offset / 8)));
}

/* How many of them are from `offset` on, up to `left`. */
static size_t count_at(uint64_t offset, size_t left)
{
    const size_t count = 8 - offset % 8;
    return count < left ? count : left;
}

void file_fill(const struct file *file, uint64_t offset, void *buffer, size_t size)
{
    unsigned char *bytes = buffer;
    size_t count;

    for (size_t i = 0; i < size; i += count) {
        const uint64_t eight = eight_at(file, offset + i);
        count = count_at(offset + i, size - i);
        if (count == 8)
            memcpy(bytes + i, &eight, 8);
        else
            memcpy(bytes + i, (const char *)&eight + (offset + i) % 8, count);
    }
}

size_t file_check(const struct file *file, uint64_t offset, const void *data, size_t size)
{
    const unsigned char *bytes = data;

    for (size_t i = 0; i < size;) {
        const uint64_t eight = eight_at(file, offset + i);
        const unsigned char *right = (const unsigned char *)&eight + (offset + i) % 8;
        const size_t count = count_at(offset + i, size - i);
        if (count == 8 && memcmp(bytes + i, &eight, 8) == 0) {
            i += 8;
            continue;
        }
        for (size_t j = 0; j < count; j++, i++)
            if (bytes[i] != right[j])
                return i;
    }
    return size;
}

static void put_u64(unsigned char *to, uint64_t value)
{
    for (int i = 0; i < 8; i++)
        to[i] = (unsigned char)(value >> i * 8);
}

static uint64_t get_u64(const unsigned char *from)
{
    uint64_t value = 0;

    for (int i = 0; i < 8; i++)
        value |= (uint64_t)from[i] << i * 8;
    return value;
}

/* The third number shows that the first two are whole. */
static uint64_t seal(const struct file *file)
{
    return mix(file->key ^ mix(file->bytes));
}

void file_encode(const struct file *file, unsigned char *header)
{
    put_u64(header, file->key);
    put_u64(header + 8, file->bytes);
    put_u64(header + 16, seal(file));
}

bool file_decode(struct file *file, const unsigned char *header)
{
    *file = (struct file){.key = get_u64(header), .bytes = get_u64(header + 8)};
    return get_u64(header + 16) == seal(file);
}
