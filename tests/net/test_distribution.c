/* SPDX-License-Identifier: MIT */
/*
 * What links do to messages follows the distributions that scenarios name, end to end: a program
 * sends datagrams, another one measures. test_latency.c has the same for the draws alone.
 */
#include "tests/net/flow.h"
#include "tests/net/statistics.h"

#include <math.h>
#include <stdio.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#define COUNT      FLOW_COUNT_MAX
#define GAP_NS     (100 * SM_US)
#define BYTES      200
#define MEAN_NS    5e6
#define MEDIAN_NS  2e6
#define SIGMA      0.8
#define WIDTH_NS   4e6
#define SLOW_SHARE 0.05

static struct nf nf;

/* ---- latency ---- */

static double uniform_cdf(double ns)
{
    return fmin(1, fmax(0, (ns - 1e6) / WIDTH_NS));
}

static double exponential_cdf(double ns)
{
    return 1 - exp(-ns / MEAN_NS);
}

static double lognormal_cdf(double ns)
{
    return erfc(-log(ns / MEDIAN_NS) / SIGMA / sqrt(2)) / 2;
}

static const struct {
    const char *name;
    double (*cdf)(double ns);
    struct lo_link link;
} latencies[] = {
    {"uniform",
     uniform_cdf,
     {.set = LO_LINK_LATENCY, .latency = {LO_LATENCY_UNIFORM, 0, 1000000, 5000000}}},
    {"exponential",
     exponential_cdf,
     {.set = LO_LINK_LATENCY, .latency = {LO_LATENCY_EXPONENTIAL, 0, 5000000, 0}}},
    {"log-normal",
     lognormal_cdf,
     {.set = LO_LINK_LATENCY, .latency = {LO_LATENCY_LOGNORMAL, 800000, 2000000, 0}}},
    {"constant with uniform jitter",
     uniform_cdf,
     {.set = LO_LINK_LATENCY | LO_LINK_JITTER,
      .latency = {LO_LATENCY_UNIFORM, 0, 1000000, 1000000},
      .jitter = {LO_LATENCY_UNIFORM, 0, 0, 4000000}}},
};
#define LATENCIES (sizeof latencies / sizeof *latencies)

/* Half of the delays are below the median, whatever the one before it was. */
static double chi2_of_neighbours(void)
{
    static double sorted[COUNT];
    uint64_t table[2][2] = {{0}};

    for (int i = 0; i < COUNT; i++)
        sorted[i] = (double)flow.late[i];
    qsort(sorted, COUNT, sizeof *sorted, stat_compare);
    for (int i = 1; i < COUNT; i++)
        table[(double)flow.late[i - 1] < sorted[COUNT / 2]]
             [(double)flow.late[i] < sorted[COUNT / 2]]++;
    return chi2_of_table((const uint64_t(*)[2])table);
}

/* Delays follow the distribution of the link, and a message's says nothing about the next one's. */
START_TEST(latency)
{
    static double sample[COUNT];

    for (size_t kind = 0; kind < LATENCIES; kind++) {
        flow_run(&nf, &latencies[kind].link, COUNT, GAP_NS, BYTES);
        ck_assert_uint_eq(flow.got, COUNT);
        for (int i = 0; i < COUNT; i++)
            sample[i] = (double)flow.late[i];
        const double distance = ks_distance(sample, COUNT, latencies[kind].cdf);
        ck_assert_msg(distance < KS_999, "%s: %g", latencies[kind].name, distance);
        ck_assert_msg(chi2_of_neighbours() < CHI2_999, "%s: neighbours depend on each other: %g",
                      latencies[kind].name, chi2_of_neighbours());
        nf_finish(&nf);
    }
}
END_TEST

/* Of a bimodal latency the given share is slow, and nothing is in between. */
START_TEST(bimodal)
{
    const struct lo_link link = {.set = LO_LINK_LATENCY,
                                 .latency = {LO_LATENCY_BIMODAL, 50000, 1000000, 9000000}};
    uint64_t slow = 0;

    flow_run(&nf, &link, COUNT, GAP_NS, BYTES);
    for (int i = 0; i < COUNT; i++) {
        ck_assert(flow.late[i] == 1000000 || flow.late[i] == 9000000);
        slow += flow.late[i] == 9000000;
    }
    ck_assert_double_lt(chi2_of_share(slow, COUNT, SLOW_SHARE), CHI2_999);
    nf_finish(&nf);
}
END_TEST

/* ---- shares ---- */

static const uint32_t shares_ppm[] = {1000, 10000, 300000, 900000};
#define SHARES (sizeof shares_ppm / sizeof *shares_ppm)

/* Runs a link whose shares are all as given, one kind after the other; hits by kind. */
static void run_shares(uint32_t ppm, uint64_t hits[4])
{
    const struct lo_link links[] = {
        {.set = LO_LINK_LOSS, .loss_ppm = ppm},
        {.set = LO_LINK_DUPLICATE, .duplicate_ppm = ppm},
        {.set = LO_LINK_REORDER, .reorder_ppm = ppm},
        {.set = LO_LINK_CORRUPT, .corrupt_ppm = ppm},
    };

    for (int kind = 0; kind < 4; kind++) {
        flow_run(&nf, &links[kind], COUNT, GAP_NS, BYTES);
        const struct lo_counters *counters = lo_net_counters(nf.net);
        hits[0] = kind == 0 ? COUNT - flow.got : hits[0];
        hits[1] = kind == 1 ? flow.got - COUNT : hits[1];
        hits[2] = kind == 2 ? counters->reordered : hits[2];
        hits[3] = kind == 3 ? counters->corrupted : hits[3];
        if (kind == 3)
            ck_assert_uint_ge(counters->corrupted, flow.altered);
        nf_finish(&nf);
    }
}

/* Loss, duplication, reordering and corruption hit the given share of messages. */
START_TEST(shares)
{
    static const char *const names[] = {"loss", "duplication", "reordering", "corruption"};
    uint64_t hits[4] = {0};

    for (size_t i = 0; i < SHARES; i++) {
        run_shares(shares_ppm[i], hits);
        for (int kind = 0; kind < 4; kind++)
            ck_assert_msg(chi2_of_share(hits[kind], COUNT, shares_ppm[i] / 1e6) < CHI2_999,
                          "%s of %u ppm hits %llu of %d", names[kind], shares_ppm[i],
                          (unsigned long long)hits[kind], COUNT);
    }
}
END_TEST

/* A loss says nothing about the next message, nor about the delay of one that is not lost. */
START_TEST(losses_are_independent)
{
    const struct lo_link link = {.set = LO_LINK_LOSS | LO_LINK_LATENCY,
                                 .loss_ppm = 300000,
                                 .latency = {LO_LATENCY_UNIFORM, 0, 1000000, 5000000}};
    uint64_t next[2][2] = {{0}}, delay[2][2] = {{0}};

    flow_run(&nf, &link, COUNT, GAP_NS, BYTES);
    for (int i = 1; i < COUNT; i++) {
        next[flow.times[i - 1]][flow.times[i]]++;
        if (flow.times[i])
            delay[flow.times[i - 1]][flow.late[i] < 3000000]++;
    }
    ck_assert_double_lt(chi2_of_table((const uint64_t(*)[2])next), CHI2_999);
    ck_assert_double_lt(chi2_of_table((const uint64_t(*)[2])delay), CHI2_999);
    nf_finish(&nf);
}
END_TEST

/* ---- the same everywhere ---- */

/* All that a link can do to 20,000 messages is the same for every compiler and processor. */
START_TEST(golden)
{
    const struct lo_link link = {
        .set = LO_LINK_LATENCY | LO_LINK_JITTER | LO_LINK_LOSS | LO_LINK_DUPLICATE |
               LO_LINK_REORDER | LO_LINK_BANDWIDTH | LO_LINK_QUEUE | LO_LINK_CORRUPT,
        .loss_ppm = 100000,
        .duplicate_ppm = 100000,
        .reorder_ppm = 100000,
        .corrupt_ppm = 100000,
        .bandwidth_bytes_per_s = 2000000,
        .queue_bytes = 4000,
    };
    static const struct lo_latency kinds[] = {{LO_LATENCY_UNIFORM, 0, 1000000, 5000000},
                                              {LO_LATENCY_EXPONENTIAL, 0, 5000000, 0},
                                              {LO_LATENCY_LOGNORMAL, 800000, 2000000, 0},
                                              {LO_LATENCY_BIMODAL, 50000, 1000000, 9000000}};
    static const uint64_t expected[] = {0xf2490cda14ee2198, 0x54ff070199336db8, 0xc9911d162565a004,
                                        0x9d6efcc3623993cc};

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct lo_link one = link;
        one.latency = kinds[i];
        one.jitter = kinds[(i + 1) % 4];
        flow_run(&nf, &one, COUNT, GAP_NS, BYTES);
        const uint64_t late = XXH3_64bits(flow.late, sizeof flow.late);
        const uint64_t digest = XXH3_64bits_withSeed(flow.times, sizeof flow.times, late);
        ck_assert_uint_gt(lo_net_counters(nf.net)->lost[LO_LOST_QUEUE], 100);
        nf_finish(&nf);
        ck_assert_msg(digest == expected[i], "kind %zu: 0x%016llx", i, (unsigned long long)digest);
    }
}
END_TEST

SUITE_MAIN("distribution", latency, bimodal, shares, losses_are_independent, golden)
