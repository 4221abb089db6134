/* SPDX-License-Identifier: MIT */
/*
 * Whether a sample follows a distribution, with a confidence of 0.999: for a right distribution a
 * check would fail for one seed of a thousand; the seeds of the tests are fixed.
 */
#ifndef STEELMILL_TESTS_NET_STATISTICS_H
#define STEELMILL_TESTS_NET_STATISTICS_H

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#define KS_999   1.95  /* Kolmogorov and Smirnov: the distance times sqrt(n) is below */
#define CHI2_999 10.83 /* chi-square of one degree of freedom is below */

static inline int stat_compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The greatest distance between a sample's distribution and the real one, times sqrt(n). */
static inline double ks_distance(double *sample, int count, double (*cdf)(double x))
{
    double worst = 0;

    qsort(sample, (size_t)count, sizeof *sample, stat_compare);
    for (int i = 0; i < count; i++) {
        const double p = cdf(sample[i]);
        worst = fmax(worst, fmax(fabs(p - (double)i / count), fabs(p - (i + 1.0) / count)));
    }
    return worst * sqrt(count);
}

static inline double chi2_of_share(uint64_t hits, uint64_t count, double p)
{
    const double expected = p * (double)count, off = (double)hits - expected;
    return off * off / (expected * (1 - p));
}

/* Of a table of two by two: whether one thing says something about the other. */
static inline double chi2_of_table(const uint64_t table[2][2])
{
    const double a = (double)table[0][0], b = (double)table[0][1], c = (double)table[1][0],
                 d = (double)table[1][1];
    const double n = a + b + c + d, off = a * d - b * c;
    return off * off * n / ((a + b) * (c + d) * (a + c) * (b + d));
}

#endif
