/* SPDX-License-Identifier: MIT */
/* Links: which rule holds between whom, loss, duplicates, order, bandwidth, and what draws depend
 * on. */
#include "tests/net/flow.h"

#include <stdio.h>

static struct nf nf;

/* True if a share of `count` is as expected, within 4 deviations. */
static bool share_fits(uint64_t hits, uint32_t count, uint32_t ppm)
{
    const double p = ppm / 1e6, expected = p * count, variance = expected * (1 - p);
    const double off = (double)hits - expected;

    return off * off <= 16 * variance;
}

/* ---- single properties ---- */

/* The given share of messages is lost, and nothing else happens to the others. */
START_TEST(loss)
{
    flow_run(&nf, &(struct lo_link){.set = LO_LINK_LOSS, .loss_ppm = 100000}, 10000, 50 * SM_US,
             16);
    ck_assert(share_fits(10000 - flow.got, 10000, 100000));
    ck_assert_uint_eq(lo_net_counters(nf.net)->lost[LO_LOST_LOSS], 10000 - flow.got);
    for (uint32_t i = 0; i < 10000; i++)
        ck_assert_uint_le(flow.times[i], 1);
    nf_finish(&nf);
}
END_TEST

/* The given share arrives twice, never three times. */
START_TEST(duplicates)
{
    uint32_t twice = 0;

    flow_run(&nf, &(struct lo_link){.set = LO_LINK_DUPLICATE, .duplicate_ppm = 50000}, 10000,
             50 * SM_US, 16);
    for (uint32_t i = 0; i < 10000; i++) {
        ck_assert(flow.times[i] == 1 || flow.times[i] == 2);
        twice += flow.times[i] == 2;
    }
    ck_assert(share_fits(twice, 10000, 50000));
    ck_assert_uint_eq(lo_net_counters(nf.net)->duplicated, twice);
    nf_finish(&nf);
}
END_TEST

/* With one latency for all, messages sent apart keep their order, but for the share reordered. */
START_TEST(order)
{
    const struct lo_latency latency = {.a_ns = 5 * SM_MS, .b_ns = 5 * SM_MS};
    uint32_t late = 0;

    flow_run(&nf, &(struct lo_link){.set = LO_LINK_LATENCY, .latency = latency}, 5000, 10, 16);
    ck_assert_uint_eq(flow.overtaken, 0);
    nf_finish(&nf);
    flow_run(&nf,
             &(struct lo_link){.set = LO_LINK_LATENCY | LO_LINK_REORDER,
                               .latency = latency,
                               .reorder_ppm = 20000},
             5000, 100 * SM_US, 16);
    ck_assert_uint_eq(flow.got, 5000);
    for (uint32_t i = 0; i < 5000; i++) {
        late += flow.late[i] > 5 * SM_MS;
        ck_assert(flow.late[i] >= 5 * SM_MS && flow.late[i] <= 25 * SM_MS + 101 * SM_US);
    }
    ck_assert(share_fits(late, 5000, 20000));
    ck_assert(flow.overtaken > late * 8 / 10); /* the others were not kept back for long enough */
    nf_finish(&nf);
}
END_TEST

/* Latency is drawn from the given range for each message. */
START_TEST(latency)
{
    sm_time least = SM_S, most = 0;

    flow_run(&nf,
             &(struct lo_link){.set = LO_LINK_LATENCY,
                               .latency = {.a_ns = 2 * SM_MS, .b_ns = 3 * SM_MS}},
             3000, 50 * SM_US, 16);
    ck_assert_uint_eq(flow.got, 3000);
    for (uint32_t i = 0; i < 3000; i++) {
        least = flow.late[i] < least ? flow.late[i] : least;
        most = flow.late[i] > most ? flow.late[i] : most;
    }
    ck_assert(least >= 2 * SM_MS && least < 2 * SM_MS + 5 * SM_US);
    ck_assert(most <= 3 * SM_MS && most > 3 * SM_MS - 5 * SM_US);
    ck_assert_uint_gt(flow.overtaken, 0); /* datagrams overtake each other within the spread */
    nf_finish(&nf);
}
END_TEST

/* Bandwidth: a kilobyte per millisecond; what would wait for more than half a second is dropped. */
START_TEST(bandwidth)
{
    const struct lo_link link = {.set = LO_LINK_LATENCY | LO_LINK_BANDWIDTH,
                                 .latency = {.a_ns = SM_MS, .b_ns = SM_MS},
                                 .bandwidth_bytes_per_s = 1000000};

    flow_run(&nf, &link, 200, 0, 960); /* 1,000 with its header */
    ck_assert_uint_eq(flow.got, 200);
    for (uint32_t i = 0; i < 200; i++)
        ck_assert_int_eq(flow.late[i], (i + 2) * SM_MS);
    nf_finish(&nf);
    flow_run(&nf, &link, 1000, 0, 960);
    ck_assert_uint_eq(flow.got, 501);
    ck_assert_uint_eq(lo_net_counters(nf.net)->lost[LO_LOST_QUEUE], 499);
    nf_finish(&nf);
}
END_TEST

/* ---- static rules ---- */

static sm_time seen[4][4]; /* latency from machine to machine */

static int tells_all(struct nf *f, struct sm_net *net)
{
    struct sm_datagram *socket;

    (void)f;
    sm_datagram_open(net, &socket, NF_PORT);
    for (uint32_t to = 1; to <= 4; to++) {
        const struct sm_address address = nf_address(to, NF_PORT);
        sm_datagram_send(socket, &address, "x", 1);
    }
    for (int i = 0; i < 4; i++) {
        struct sm_address from;
        char byte;
        sm_datagram_receive(socket, &byte, 1, &from, SM_FOREVER);
        seen[from.ip - 0x7f010001u][sm_net_ip(net) - 0x7f010001u] = sm_now();
    }
    sm_datagram_close(socket);
    return 0;
}

static struct lo_link constant(sm_time latency_ns)
{
    return (struct lo_link){.set = LO_LINK_LATENCY,
                            .latency = {.a_ns = latency_ns, .b_ns = latency_ns}};
}

/* Later rules win, field by field; a rule has a direction; a machine reaches itself on its own. */
START_TEST(rules)
{
    uint64_t first = 0, pair = 0;
    lo_set_add(&first, 1);
    lo_set_add(&pair, 2);
    lo_set_add(&pair, 3);
    const struct lo_link_rule list[] = {
        {.from = &first, .link = constant(20 * SM_MS)},
        {.from = &pair, .to = &pair, .link = constant(30 * SM_MS)},
        {.to = &pair, .link = {.set = LO_LINK_DUPLICATE, .duplicate_ppm = 0}},
        {.from = &first, .to = &pair, .link = constant(40 * SM_MS)},
    };
    const struct lo_options options = {
        .link_default = constant(10 * SM_MS), .rules = list, .rule_count = 4};
    static const int expected[4][4] = {
        {0, 40, 40, 20}, {10, 0, 30, 10}, {10, 30, 0, 10}, {10, 10, 10, 0}};

    nf_create_with(&nf, 4, NULL, &options);
    for (int i = 0; i < 4; i++)
        nf.bodies[i] = tells_all;
    nf_run(&nf, SM_S);
    for (int from = 0; from < 4; from++) {
        for (int to = 0; to < 4; to++) {
            if (from == to)
                ck_assert(seen[from][to] >= 10 * SM_US && seen[from][to] <= 30 * SM_US);
            else
                ck_assert_int_eq(seen[from][to], expected[from][to] * SM_MS);
        }
    }
    nf_finish(&nf);
}
END_TEST

/* More kinds of machines than the network keeps are refused. */
START_TEST(too_many_classes)
{
    enum { MACHINES = 1100, WORDS = LO_SET_WORDS(MACHINES) };
    static uint64_t sets[MACHINES][WORDS];
    static struct lo_link_rule list[MACHINES];
    static struct tw tw;
    struct lo_options options = {.rules = list, .rule_count = 1023};
    struct lo_net *net;

    for (uint32_t i = 0; i < MACHINES; i++) {
        lo_set_add(sets[i], i + 1);
        list[i] = (struct lo_link_rule){.from = sets[i], .link = constant(i)};
    }
    const struct sim_options world = {.heap_limit_bytes = 1 << 20};
    tw_create(&tw, MACHINES, &world, NULL, NULL);
    ck_assert_int_eq(lo_net_create(&net, tw.world, &options), 0);
    lo_net_destroy(net);
    tw.world->hook_count = 0;
    options.rule_count = 1024;
    ck_assert_int_eq(lo_net_create(&net, tw.world, &options), -E2BIG);
    tw_destroy(&tw);
}
END_TEST

/* ---- what draws depend on ---- */

static sm_time late_before[FLOW_COUNT_MAX];

/* The same seed gives the same fate to every message, another seed or epoch another one. */
START_TEST(repeatable)
{
    const struct lo_options options = {
        .link_default = {.set = LO_LINK_LOSS | LO_LINK_REORDER | LO_LINK_DUPLICATE,
                         .loss_ppm = 50000,
                         .reorder_ppm = 50000,
                         .duplicate_ppm = 50000}};
    const struct sim_options worlds[] = {
        {.seed = 1}, {.seed = 1}, {.seed = 2}, {.seed = 1, .epoch = 1}};
    uint64_t digests[4];

    for (int i = 0; i < 4; i++) {
        flow_run_with(&nf, &worlds[i], &options, 1000, 50 * SM_US, 16);
        digests[i] = sim_world_digest(nf.tw.world);
        nf_finish(&nf);
    }
    ck_assert_uint_eq(digests[0], digests[1]);
    ck_assert_uint_ne(digests[0], digests[2]);
    ck_assert_uint_ne(digests[0], digests[3]);
}
END_TEST

/* Losing some messages changes the latency of no other; nor does a limit that is never reached. */
START_TEST(draws_are_independent)
{
    flow_run(&nf, &(struct lo_link){0}, 1000, 50 * SM_US, 16);
    memcpy(late_before, flow.late, sizeof late_before);
    nf_finish(&nf);
    flow_run(&nf,
             &(struct lo_link){
                 .set = LO_LINK_LOSS | LO_LINK_DUPLICATE, .loss_ppm = 200000, .duplicate_ppm = 1},
             1000, 50 * SM_US, 16);
    ck_assert_uint_lt(flow.got, 900);
    for (uint32_t i = 0; i < 1000; i++)
        ck_assert(!flow.times[i] || flow.late[i] == late_before[i]);
    nf_finish(&nf);
}
END_TEST

SUITE_MAIN("link", loss, duplicates, order, latency, bandwidth, rules, too_many_classes, repeatable,
           draws_are_independent)
