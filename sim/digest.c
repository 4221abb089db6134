/* SPDX-License-Identifier: MIT */
#include "sim/digest.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

static uint64_t hash_block(uint64_t seed, const struct sim_record *records, size_t count)
{
    return XXH3_64bits_withSeed(records, count * sizeof *records, seed);
}

uint64_t sim_digest_value(const struct sim_digest *digest)
{
    if (digest->count == 0 || digest->off)
        return digest->value;
    return hash_block(digest->value, digest->blocks[digest->open], digest->count);
}

void sim_digest_close_block(struct sim_digest *digest)
{
    digest->value = sim_digest_value(digest);
    sim_digest_flush_trace(digest);
    digest->open ^= 1;
    digest->count = 0;
}

void sim_digest_flush_trace(struct sim_digest *digest)
{
    if (digest->trace && digest->count > 0)
        digest->trace(digest->arg, digest->blocks[digest->open], digest->count);
}

size_t sim_digest_latest(const struct sim_digest *digest, struct sim_record *out, size_t max)
{
    const size_t older = digest->total > digest->count ? SIM_DIGEST_BLOCK : 0;
    const size_t have = older + digest->count;
    const size_t count = have < max ? have : max;

    for (size_t i = 0; i < count; i++) {
        const size_t at = have - count + i;
        out[i] = at < older ? digest->blocks[digest->open ^ 1][at]
                            : digest->blocks[digest->open][at - older];
    }
    return count;
}

const char *sim_kind_text(uint16_t kind)
{
    switch (kind) {
#define TEXT_(name, value, text) \
    case SIM_##name:             \
        return text;
        SIM_KIND_LIST(TEXT_)
#undef TEXT_
    default:
        return "unknown";
    }
}
