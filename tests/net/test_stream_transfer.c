/* SPDX-License-Identifier: MIT */
/* Bytes on their way: exact in spite of losses, backpressure, partial reads and writes, waiting. */
#include "core/random.h"
#include "tests/net/fixture.h"

static struct nf nf;
/* ---- big transfers, byte by byte ---- */

#define TOTAL (3u << 20)

static unsigned char pattern(uint64_t position)
{
    return (unsigned char)(sm__random_mix(position / 8) >> (position % 8 * 8));
}

/* Writes TOTAL bytes in pieces of random sizes, with random rests. */
static int writes_much(struct nf *f, struct sm_net *net)
{
    static unsigned char bytes[100000];
    struct sm_stream *stream = nf_dial(net);
    uint64_t position = 0;

    (void)f;
    while (position < TOTAL) {
        uint64_t size =
            1 + sm_random_below(NULL, sm_random_chance(NULL, 300000) ? sizeof bytes : 50);
        size = size < TOTAL - position ? size : TOTAL - position;
        for (uint64_t i = 0; i < size; i++)
            bytes[i] = pattern(position + i);
        const int count = sm_stream_write(stream, bytes, size, SM_FOREVER);
        ck_assert_int_gt(count, 0);
        ck_assert_uint_le((uint64_t)count, size);
        position += (uint64_t)count;
        if (sm_random_chance(NULL, 10000))
            sm_sleep(sm_random_range(NULL, 1, 20 * SM_MS));
    }
    sm_stream_close(stream);
    return 0;
}

static int reads_much(struct nf *f, struct sm_net *net)
{
    static unsigned char bytes[100000];
    struct sm_stream *stream = nf_accept(net);
    uint64_t position = 0;
    int count;

    (void)f;
    for (;;) {
        const size_t capacity = 1 + sm_random_below(NULL, sizeof bytes);
        count = sm_stream_read(stream, bytes, capacity, SM_FOREVER);
        if (count <= 0)
            break;
        for (int i = 0; i < count; i++) {
            if (bytes[i] != pattern(position + (uint64_t)i))
                ck_abort_msg("byte %llu is wrong", (unsigned long long)position + (uint64_t)i);
        }
        position += (uint64_t)count;
        if (sm_random_chance(NULL, 10000))
            sm_sleep(sm_random_range(NULL, 1, 50 * SM_MS));
    }
    ck_assert_int_eq(count, 0);
    ck_assert_uint_eq(position, TOTAL);
    sm_stream_close(stream);
    return 0;
}

static void transfer(uint64_t seed, const struct lo_options *options)
{
    const struct sim_options world = {.seed = seed, .policy = (enum sim_policy)(seed % 3)};

    nf_create_with(&nf, 2, &world, options);
    nf.bodies[0] = writes_much;
    nf.bodies[1] = reads_much;
    ck_assert_int_eq(nf_run(&nf, 36000 * SM_S), SIM_IDLE);
}

/* On a good link nothing is retransmitted. */
START_TEST(good_link)
{
    transfer(1, NULL);
    ck_assert_uint_eq(nf_lost(&nf), 0);
    ck_assert_uint_eq(lo_net_counters(nf.net)->sent_bytes, TOTAL);
    ck_assert_uint_eq(lo_net_counters(nf.net)->delivered_bytes, TOTAL);
    nf_finish(&nf);
}
END_TEST

/* Loss, duplication, reordering and wild latency change when bytes arrive, never which. */
START_TEST(bad_link)
{
    const struct lo_options options = {
        .link_default = {.set =
                             LO_LINK_LATENCY | LO_LINK_LOSS | LO_LINK_DUPLICATE | LO_LINK_REORDER,
                         .loss_ppm = 100000,
                         .duplicate_ppm = 100000,
                         .reorder_ppm = 100000,
                         .latency = {LO_LATENCY_LOGNORMAL, 1000000, 5 * SM_MS, 0}}};

    for (uint64_t seed = 0; seed < 9; seed++) {
        transfer(seed, &options);
        ck_assert_uint_gt(lo_net_counters(nf.net)->lost[LO_LOST_LOSS], 0);
        nf_finish(&nf);
    }
}
END_TEST

/* Equal times and a policy that mixes ties: one latency for all, and buffers of a few segments. */
START_TEST(ties)
{
    const struct lo_options options = {
        .link_default = {.set = LO_LINK_LATENCY, .latency = {.a_ns = SM_MS, .b_ns = SM_MS}},
        .stream_buffer_bytes = 16384};

    for (uint64_t seed = 0; seed < 6; seed++) {
        transfer(seed, &options);
        nf_finish(&nf);
    }
}
END_TEST

static sm_time one_way(const struct lo_options *options)
{
    transfer(5, options);
    const sm_time took = nf.tw.world->now;
    nf_finish(&nf);
    return took;
}

/* Bandwidth bounds the rate: three megabytes at one per second take three seconds and a bit. */
START_TEST(bandwidth)
{
    const struct lo_options options = {
        .link_default = {.set = LO_LINK_BANDWIDTH, .bandwidth_bytes_per_s = 1 << 20}};
    const sm_time took = one_way(&options);

    ck_assert(took > 3 * SM_S && took < 4 * SM_S);
}
END_TEST

/* ---- backpressure ---- */

static char filler[1 << 20];

static int writes_until_full(struct nf *f, struct sm_net *net)
{
    struct sm_stream *stream = nf_dial(net);
    struct sm_wait wait = {.object = sm_stream_waitable(stream), .interest = SM_WRITE};
    size_t done;

    ck_assert_int_eq(sm_stream_write(stream, filler, sizeof filler, SM_FOREVER), 256 << 10);
    ck_assert_int_eq(sm_stream_write(stream, filler, 1, sm_now() + SM_US), -ETIMEDOUT);
    ck_assert_int_eq(sm_wait_any(&wait, 1, 0), -ETIMEDOUT);
    ck_assert_int_eq(sm_wait_any(&wait, 1, SM_FOREVER), 0); /* acknowledged: sits at the receiver */
    nf_say(f, "room");
    ck_assert_int_eq(sm_stream_write_all(stream, filler, sizeof filler, &done, sm_now() + SM_S),
                     -ETIMEDOUT);
    nf_say(f, "%zu", done);
    ck_assert_int_eq(sm_stream_write_all(stream, filler, sizeof filler, &done, SM_FOREVER), 0);
    nf_say(f, "%zu", done);
    sm_stream_close(stream);
    return 0;
}

static int reads_late(struct nf *f, struct sm_net *net)
{
    struct sm_stream *stream = nf_accept(net);
    static char bytes[1 << 20];
    uint64_t total = 0;
    int count;

    (void)f;
    sm_sleep(5 * SM_S);
    while ((count = sm_stream_read(stream, bytes, sizeof bytes, SM_FOREVER)) > 0)
        total += (uint64_t)count;
    nf_say(f, "%llu", (unsigned long long)total);
    sm_stream_close(stream);
    return 0;
}

/* A reader that does not read stops the writer: after both buffers are full, and no sooner. */
START_TEST(backpressure)
{
    nf_pair(&nf, writes_until_full, reads_late);
    nf_run(&nf, 60 * SM_S);
    nf_said(&nf, "4ms room, 1004ms 262144, 5012ms 1048576, 5013ms 1572864");
    ck_assert_uint_eq(nf_lost(&nf), 0);
    nf_finish(&nf);
}
END_TEST

/* The news of an open window is lost: the writer asks again, and goes on. */
START_TEST(window_update_lost)
{
    uint64_t only;

    nf_pair(&nf, writes_until_full, reads_late);
    nf.rule = (struct lo_rule){.effect = LO_EFFECT_BLOCK, .from = nf_only(&only, 2)};
    nf_at(&nf, 4900 * SM_MS, nf_add_rule, 0);
    nf_at(&nf, 5100 * SM_MS, nf_remove_rule, 1);
    nf_run(&nf, 60 * SM_S);
    nf_said(&nf, "4ms room, 1004ms 262144, 5213ms 1048576, 5214ms 1572864");
    nf_finish(&nf);
}
END_TEST

/* ---- small messages ---- */

static int asks(struct nf *f, struct sm_net *net)
{
    struct sm_stream *stream = nf_dial(net);
    char answer[4] = "";

    (void)f;
    for (int i = 0; i < 1000; i++) {
        const sm_time before = sm_now();
        ck_assert_int_eq(sm_stream_write_all(stream, "ask", 4, NULL, SM_FOREVER), 0);
        ck_assert_int_eq(sm_stream_read_exact(stream, answer, 4, NULL, SM_FOREVER), 0);
        ck_assert_str_eq(answer, "ans");
        ck_assert_int_eq(sm_now() - before, 2 * SM_MS);
    }
    sm_stream_close(stream);
    return 0;
}

static int answers(struct nf *f, struct sm_net *net)
{
    struct sm_stream *stream = nf_accept(net);
    char question[4];
    size_t done = 77;

    (void)f;
    while (sm_stream_read_exact(stream, question, 4, &done, SM_FOREVER) == 0)
        ck_assert_int_eq(sm_stream_write_all(stream, "ans", 4, NULL, SM_FOREVER), 0);
    ck_assert_uint_eq(done, 0);
    sm_stream_close(stream);
    return 0;
}

/* Question and answer take a round trip and two events; acknowledgements take none. */
START_TEST(ping_pong)
{
    nf_pair(&nf, asks, answers);
    nf_run(&nf, 60 * SM_S);
    ck_assert_uint_eq(lo_net_counters(nf.net)->delivered, 2002); /* and two ends */
    ck_assert_uint_lt(nf.tw.world->seq, 4100);                   /* two segments, two tasks each */
    nf_finish(&nf);
}
END_TEST

static int writes_pieces(struct nf *f, struct sm_net *net)
{
    struct sm_stream *stream = nf_dial(net);

    (void)f;
    sm_stream_write(stream, "abc", 3, SM_FOREVER);
    sm_sleep(10 * SM_MS);
    sm_stream_write(stream, "defg", 4, SM_FOREVER);
    sm_sleep(10 * SM_MS);
    sm_stream_close(stream);
    return 0;
}

static int reads_pieces(struct nf *f, struct sm_net *net)
{
    struct sm_stream *stream = nf_accept(net);
    struct sm_wait wait = {.object = sm_stream_waitable(stream), .interest = SM_READ};
    char text[16] = "";
    size_t done = 0;

    ck_assert_int_eq(sm_stream_read(stream, text, 2, SM_FOREVER), 2);
    ck_assert_int_eq(sm_wait_any(&wait, 1, 0), 0); /* one byte is left */
    ck_assert_int_eq(sm_stream_read(stream, text, 2, 0), 1);
    ck_assert_int_eq(sm_stream_read(stream, text, 2, 0), -ETIMEDOUT);
    nf_say(f, "%d", sm_wait_any(&wait, 1, SM_FOREVER));
    ck_assert_int_eq(sm_stream_read_exact(stream, text, 6, &done, SM_FOREVER), -EPIPE);
    nf_say(f, "%.*s", (int)done, text);
    ck_assert_int_eq(sm_stream_read(stream, text, 2, SM_FOREVER), 0);
    ck_assert_int_eq(sm_stream_read(stream, text, 2, SM_FOREVER), 0);
    ck_assert_int_eq(sm_wait_any(&wait, 1, 0), 0); /* the end can be read, too */
    sm_stream_close(stream);
    return 0;
}

/* Reads take what is there; an end inside a fixed size is told with what came before it. */
START_TEST(pieces)
{
    nf_pair(&nf, writes_pieces, reads_pieces);
    nf_run(&nf, 60 * SM_S);
    nf_said(&nf, "13ms 0, 23ms defg");
    nf_finish(&nf);
}
END_TEST

/* ---- losses in time ---- */

static int writes_each_100ms(struct nf *f, struct sm_net *net)
{
    struct sm_stream *stream = nf_dial(net);

    (void)f;
    for (char c = 'a'; c <= 'f'; c++) {
        ck_assert_int_eq(sm_stream_write(stream, &c, 1, SM_FOREVER), 1);
        sm_sleep(100 * SM_MS);
    }
    sm_stream_close(stream);
    return 0;
}

static int reads_letters(struct nf *f, struct sm_net *net)
{
    struct sm_stream *stream = nf_accept(net);
    char text[16];
    int count;

    while ((count = sm_stream_read(stream, text, sizeof text, SM_FOREVER)) > 0)
        nf_say(f, "%.*s", count, text);
    nf_say(f, "%d", count);
    sm_stream_close(stream);
    return 0;
}

static void letters(enum lo_effect effect, uint32_t from, sm_time begin, sm_time end)
{
    static uint64_t only;
    const struct sim_options world = {.seed = 1, .policy = SIM_POLICY_FIFO};
    const struct lo_options options = {
        .link_default = {.set = LO_LINK_LATENCY, .latency = {.a_ns = SM_MS, .b_ns = SM_MS}}};

    nf_create_with(&nf, 2, &world, &options);
    nf.bodies[0] = writes_each_100ms;
    nf.bodies[1] = reads_letters;
    nf.rule = (struct lo_rule){.effect = effect, .from = nf_only(&only, from)};
    nf_at(&nf, begin, nf_add_rule, 0);
    nf_at(&nf, end, nf_remove_rule, 1);
    nf_run(&nf, 60 * SM_S);
}

/* A partition delays: what was lost is sent again after it heals, and holds up what follows. */
START_TEST(partition)
{
    letters(LO_EFFECT_BLOCK, 1, 50 * SM_MS, 250 * SM_MS); /* b at 102 and c at 202 are lost */
    nf_said(&nf, "3ms a, 303ms bcd, 403ms e, 503ms f, 603ms 0");
    ck_assert_uint_eq(lo_net_counters(nf.net)->lost[LO_LOST_BLOCKED], 2);
    nf_finish(&nf);
}
END_TEST

/* Only acknowledgements are lost: the reader notices nothing, the writer asks until it is told. */
START_TEST(one_way_partition)
{
    letters(LO_EFFECT_BLOCK, 2, 50 * SM_MS, 5 * SM_S);
    nf_said(&nf, "3ms a, 103ms b, 203ms c, 303ms d, 403ms e, 503ms f, 603ms 0");
    ck_assert_uint_eq(nf_lost(&nf), 5); /* the reader's own end, at 0.6, 0.8, 1.2, 2 and 3.6 s */
    ck_assert(nf.tw.world->now > 5 * SM_S);
    nf_finish(&nf);
}
END_TEST

/* A clog lets everything go at once when it ends, without a retransmission. */
START_TEST(clog_in_time)
{
    letters(LO_EFFECT_HOLD, 1, 50 * SM_MS, 350 * SM_MS);
    nf_said(&nf, "3ms a, 351ms bcd, 403ms e, 503ms f, 603ms 0");
    ck_assert_uint_eq(nf_lost(&nf), 0);
    nf_finish(&nf);
    letters(LO_EFFECT_HOLD, 2, 50 * SM_MS, 5 * SM_S); /* acknowledgements */
    nf_said(&nf, "3ms a, 103ms b, 203ms c, 303ms d, 403ms e, 503ms f, 603ms 0");
    nf_finish(&nf);
}
END_TEST

SUITE_MAIN("stream-transfer", good_link, bad_link, ties, bandwidth, backpressure,
           window_update_lost, ping_pong, pieces, partition, one_way_partition, clog_in_time)
