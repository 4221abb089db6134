/* SPDX-License-Identifier: MIT */
/*
 * Logarithm, exponential and normal quantile by tables with linear interpolation. The errors
 * against the real functions: 3e-6 (logarithm to base 2), 1e-6 (exponential, relative), 1e-4
 * (quantile).
 */
#include "net-loopback/latency.h"

#include "core/random.h"

typedef unsigned __int128 u128;
typedef __int128 i128;

#define LN2_Q32   UINT64_C(2977044472) /* ln 2 * 2^32 */
#define LOG2E_Q32 UINT64_C(6196328019) /* log2 e * 2^32 */

/* table[position >> 32], interpolated with the lower 32 bits of the position. */
static inline uint64_t interpolate(const uint32_t *table, uint64_t position)
{
    const uint64_t index = position >> 32, share = position & UINT32_MAX;
    const uint64_t low = table[index], high = table[index + 1];

    return low + (((high - low) * share) >> 32);
}

uint64_t lo_exponential_q31(uint64_t draw)
{
    const uint64_t x = draw | 1;
    const unsigned shift = (unsigned)__builtin_clzll(x);
    /* The bits behind the leading one, as a position in the table: 8 bits of index, 32 of share. */
    const uint64_t position = ((x << shift) << 1) >> 24;
    const uint64_t log2_q31 = ((uint64_t)(63 - shift) << 31) + interpolate(lo_log2_table, position);
    const uint64_t minus_log2_q31 = (UINT64_C(64) << 31) - log2_q31;

    return (uint64_t)(((u128)minus_log2_q31 * LN2_Q32) >> 32);
}

int64_t lo_normal_q28(uint64_t draw)
{
    /* The highest bit is the sign; the others are a probability in (0, 1/2). */
    const uint64_t x = draw << 1 | 1;
    const unsigned octave = (unsigned)__builtin_clzll(x);

    if (octave >= 32)
        return draw >> 63 ? lo_normal_table[1024] : -(int64_t)lo_normal_table[1024];
    const uint64_t behind_one = (x << octave) << 1;
    /* The table descends: position 0 of an octave is its upper end. */
    const uint64_t step_share = (UINT64_C(32) << 32) - (behind_one >> 27);
    const uint64_t position = ((uint64_t)octave << 37) + step_share;
    const uint64_t magnitude =
        interpolate(lo_normal_table, position < (UINT64_C(1024) << 32) ? position : position - 1);
    return draw >> 63 ? (int64_t)magnitude : -(int64_t)magnitude;
}

int64_t lo_lognormal(int64_t median_ns, uint32_t shape_ppm, int64_t normal_q28)
{
    const i128 exponent = (i128)normal_q28 * shape_ppm * (i128)LOG2E_Q32 / 1000000;
    const int64_t exponent_q32 = (int64_t)(exponent >> 28); /* towards minus infinity */
    const int64_t whole = exponent_q32 >> 32;
    const uint64_t position = (uint64_t)(exponent_q32 & UINT32_MAX) << 8;

    if (whole > 46) /* 1 ns * 2^47 is beyond the limit */
        return LO_DELAY_MAX_NS;
    if (whole < -60)
        return 0;
    const u128 product = (u128)median_ns * interpolate(lo_exp2_table, position);
    const u128 delay = whole >= 0 ? (product << whole) >> 30 : product >> (30 - whole);
    return delay > (u128)LO_DELAY_MAX_NS ? LO_DELAY_MAX_NS : (int64_t)delay;
}

static int64_t uniform(int64_t low_ns, int64_t high_ns, uint64_t draw)
{
    if (high_ns <= low_ns)
        return low_ns;
    return low_ns + (int64_t)sm__random_scale(draw, (uint64_t)(high_ns - low_ns) + 1);
}

static int64_t exponential(int64_t mean_ns, uint64_t draw)
{
    return (int64_t)(((u128)mean_ns * lo_exponential_q31(draw)) >> 31);
}

int64_t lo_latency_draw(const struct lo_latency *latency, uint64_t draw)
{
    int64_t delay = 0;

    switch ((enum lo_latency_kind)latency->kind) {
    case LO_LATENCY_UNIFORM:
        delay = uniform(latency->a_ns, latency->b_ns, draw);
        break;
    case LO_LATENCY_EXPONENTIAL:
        delay = exponential(latency->a_ns, draw);
        break;
    case LO_LATENCY_LOGNORMAL:
        delay = lo_lognormal(latency->a_ns, latency->shape_ppm, lo_normal_q28(draw));
        break;
    case LO_LATENCY_BIMODAL:
        delay = sm__random_hits(draw, latency->shape_ppm) ? latency->b_ns : latency->a_ns;
        break;
    }
    if (delay < 1)
        return 1; /* nothing arrives at the instant at which it was sent */
    return delay > LO_DELAY_MAX_NS ? LO_DELAY_MAX_NS : delay;
}
