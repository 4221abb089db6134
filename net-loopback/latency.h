/* SPDX-License-Identifier: MIT */
/*
 * Delays from draws, in integer arithmetic: the same on every machine and for every compiler.
 */
#ifndef STEELMILL_NET_LOOPBACK_LATENCY_H
#define STEELMILL_NET_LOOPBACK_LATENCY_H

#include "net-loopback/link.h"

#include <stdint.h>

/* No delay is longer: 24 hours. */
#define LO_DELAY_MAX_NS ((int64_t)86400 * 1000000000)

extern const uint32_t lo_log2_table[257];
extern const uint32_t lo_exp2_table[257];
extern const uint32_t lo_normal_table[1025];

/* -ln((draw | 1) / 2^64) * 2^31: exponentially distributed with mean 2^31. */
uint64_t lo_exponential_q31(uint64_t draw);
/* Normally distributed with mean 0 and deviation 2^28, within +- 6.34 deviations. */
int64_t lo_normal_q28(uint64_t draw);
/* median * e^(shape_ppm / 10^6 * normal / 2^28), at most LO_DELAY_MAX_NS. */
int64_t lo_lognormal(int64_t median_ns, uint32_t shape_ppm, int64_t normal_q28);

/* 1 to LO_DELAY_MAX_NS; what a draw makes of a distribution. */
int64_t lo_latency_draw(const struct lo_latency *latency, uint64_t draw);

#endif
