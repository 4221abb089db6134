/* SPDX-License-Identifier: MIT */
/* Delays: against the distributions that they are to have, and against fixed values. */
#include "core/random.h"
#include "net-loopback/latency.h"
#include "tests/core/suite.h"
#include "tests/net/statistics.h"

#include <math.h>

#define DRAWS 200000

static double exponential_cdf(double x)
{
    return 1 - exp(-x);
}

static double normal_cdf(double x)
{
    return erfc(-x / sqrt(2)) / 2;
}

static double uniform_cdf(double x)
{
    return x;
}

static double draws[DRAWS];

/* Exponential delays follow 1 - e^(-x / mean). */
START_TEST(exponential)
{
    const struct lo_latency latency = {.kind = LO_LATENCY_EXPONENTIAL, .a_ns = 1000000000};

    for (uint64_t i = 0; i < DRAWS; i++)
        draws[i] = (double)lo_latency_draw(&latency, sm__random_draw(1, i)) / 1e9;
    ck_assert_double_lt(ks_distance(draws, DRAWS, exponential_cdf), KS_999);
}
END_TEST

/* The logarithm of log-normal delays is normal, with the given deviation, around the median. */
START_TEST(lognormal)
{
    const struct lo_latency latency = {
        .kind = LO_LATENCY_LOGNORMAL, .a_ns = 1000000000, .shape_ppm = 800000};

    for (uint64_t i = 0; i < DRAWS; i++)
        draws[i] = log((double)lo_latency_draw(&latency, sm__random_draw(2, i)) / 1e9) / 0.8;
    ck_assert_double_lt(ks_distance(draws, DRAWS, normal_cdf), KS_999);
}
END_TEST

/* Uniform delays cover their range evenly, and both ends occur. */
START_TEST(uniform)
{
    const struct lo_latency wide = {.kind = LO_LATENCY_UNIFORM, .a_ns = 1, .b_ns = 1000000000};
    const struct lo_latency narrow = {.kind = LO_LATENCY_UNIFORM, .a_ns = 5, .b_ns = 7};
    int counts[3] = {0};

    for (uint64_t i = 0; i < DRAWS; i++)
        draws[i] = (double)lo_latency_draw(&wide, sm__random_draw(3, i)) / 1e9;
    ck_assert_double_lt(ks_distance(draws, DRAWS, uniform_cdf), KS_999);
    for (uint64_t i = 0; i < 3000; i++)
        counts[lo_latency_draw(&narrow, sm__random_draw(4, i)) - 5]++;
    for (int i = 0; i < 3; i++)
        ck_assert_int_gt(counts[i], 900);
}
END_TEST

/* Bimodal delays take the slow value in the given share: within 4 deviations. */
START_TEST(bimodal)
{
    const struct lo_latency latency = {
        .kind = LO_LATENCY_BIMODAL, .a_ns = 1000, .b_ns = 90000, .shape_ppm = 30000};
    int slow = 0;

    for (uint64_t i = 0; i < DRAWS; i++) {
        const int64_t delay = lo_latency_draw(&latency, sm__random_draw(5, i));
        ck_assert(delay == 1000 || delay == 90000);
        slow += delay == 90000;
    }
    ck_assert_double_lt(fabs(slow - 0.03 * DRAWS), 4 * sqrt(DRAWS * 0.03 * 0.97));
}
END_TEST

/* The tables with interpolation stay within the stated errors, at table points and between. */
START_TEST(accuracy)
{
    for (uint64_t i = 0; i < 100000; i++) {
        const uint64_t draw = sm__random_draw(6, i) >> (i % 60);
        const double exact = 64 * log(2) - log((double)(draw | 1));
        const double got = (double)lo_exponential_q31(draw) / 0x1p31;
        ck_assert_double_lt(fabs(got - exact), 4e-6);
    }
    for (int i = 1; i < 4000; i++) {
        const double p = i / 8000.0; /* below the median */
        const uint64_t draw = (uint64_t)(p * 0x1p64);
        const double z = (double)lo_normal_q28(draw) / 0x1p28;
        ck_assert_double_lt(fabs(normal_cdf(z) - p), 5e-5);
    }
}
END_TEST

/* Nothing overflows: the smallest and largest draws, shapes and means stay within the limits. */
START_TEST(extremes)
{
    const uint64_t edges[] = {0,        1,          INT64_MAX,      (uint64_t)INT64_MAX + 1,
                              1u << 31, UINT64_MAX, UINT64_MAX - 1, UINT64_C(1) << 62};
    const int64_t values[] = {0, 1, 1000, LO_DELAY_MAX_NS};
    const uint32_t shapes[] = {0, 1, 1000000, 10000000, UINT32_MAX};

    for (uint32_t kind = 0; kind <= LO_LATENCY_BIMODAL; kind++)
        for (size_t v = 0; v < 4; v++)
            for (size_t s = 0; s < 5; s++)
                for (size_t e = 0; e < sizeof edges / sizeof edges[0]; e++) {
                    const struct lo_latency latency = {kind, shapes[s], values[v], values[v]};
                    const int64_t delay = lo_latency_draw(&latency, edges[e]);
                    ck_assert(delay >= 1 && delay <= LO_DELAY_MAX_NS);
                }
}
END_TEST

/* A greater draw never gives a smaller normal value, across the borders of octaves and steps. */
START_TEST(normal_is_monotonic)
{
    int64_t before = INT64_MIN;

    for (uint64_t i = 0; i < 1u << 16; i++) { /* below the median: draws rise towards it */
        const int64_t value = lo_normal_q28(i << 47);
        ck_assert_int_ge(value, before);
        before = value;
    }
    before = INT64_MIN;
    for (uint64_t bit = 0; bit < 63; bit++) {
        const int64_t value = lo_normal_q28(UINT64_C(1) << bit);
        ck_assert_int_ge(value, before);
        before = value;
    }
}
END_TEST

/* The same draws give the same delays on every machine and with every compiler. */
START_TEST(golden)
{
    const struct lo_latency kinds[] = {
        {LO_LATENCY_UNIFORM, 0, 1000000, 5000000},
        {LO_LATENCY_EXPONENTIAL, 0, 2000000, 0},
        {LO_LATENCY_LOGNORMAL, 800000, 2000000, 0},
        {LO_LATENCY_BIMODAL, 300000, 1000, 90000},
    };
    static const int64_t expected[4][4] = {
        {2559319, 1067153, 4603043, 3331721},
        {1884091, 8174147, 209032, 1079378},
        {1598928, 365322, 2445523, 6059775},
        {1000, 90000, 1000, 1000},
    };

    for (size_t kind = 0; kind < 4; kind++)
        for (uint64_t i = 0; i < 4; i++)
            ck_assert_int_eq(lo_latency_draw(&kinds[kind], sm__random_draw(7, i)),
                             expected[kind][i]);
}
END_TEST

SUITE_MAIN("latency", exponential, lognormal, uniform, bimodal, accuracy, extremes,
           normal_is_monotonic, golden)
