/* SPDX-License-Identifier: MIT */
/* Dynamic rules: blocks, partitions, clogs, bad links. */
#include "tests/net/fixture.h"

#define PORT 7000

static struct nf nf;
static uint32_t rule_id;
static uint64_t word_a, word_b;

/* ---- who reaches whom ---- */

static bool reached[NF_MACHINES_MAX][NF_MACHINES_MAX];

static int tells_and_listens(struct nf *f, struct sm_net *net)
{
    struct sm_datagram *socket;
    struct sm_address from;
    char byte;

    sm_datagram_open(net, &socket, PORT);
    for (uint32_t to = 1; to <= f->tw.world->machine_count; to++) {
        const struct sm_address address = nf_address(to, PORT);
        sm_datagram_send(socket, &address, "x", 1);
    }
    while (sm_datagram_receive(socket, &byte, 1, &from, SM_S) > 0)
        reached[from.ip - 0x7f010001u][sm_net_ip(net) - 0x7f010001u] = true;
    sm_datagram_close(socket);
    return 0;
}

/* Runs with one rule from the start; `expected`: a row per sender, 'x' where it reaches. */
static void expect_reach(const struct lo_rule *rule, uint32_t machine_count,
                         const char *const *expected)
{
    uint64_t cut = 0;

    memset(reached, 0, sizeof reached);
    nf_create(&nf, machine_count, NULL);
    rule_id = lo_rule_add(nf.net, rule);
    for (uint32_t i = 0; i < machine_count; i++)
        nf.bodies[i] = tells_and_listens;
    nf_run(&nf, 60 * SM_S);
    for (uint32_t from = 0; from < machine_count; from++)
        for (uint32_t to = 0; to < machine_count; to++) {
            ck_assert_msg(reached[from][to] == (expected[from][to] == 'x'), "from m%u to m%u",
                          from + 1, to + 1);
            cut += !reached[from][to];
        }
    ck_assert_uint_eq(lo_rule_affected(nf.net, rule_id), cut);
    ck_assert_uint_eq(lo_net_counters(nf.net)->lost[LO_LOST_BLOCKED], cut);
    ck_assert_uint_eq(lo_rule_affected(nf.net, rule_id + 1), 0);
    nf_finish(&nf);
}

/* Two halves; one direction only; a bridge that both sides still see. */
START_TEST(sides)
{
    const uint32_t halves[] = {0, 1, 0, 1}, bridge[] = {0, 0, 1, 1, 2};

    expect_reach(&(struct lo_rule){.effect = LO_EFFECT_BLOCK,
                                   .scope = LO_SCOPE_SIDES,
                                   .sides = halves,
                                   .cut = {[0][1] = 1, [1][0] = 1}},
                 4, (const char *const[]){"x-x-", "-x-x", "x-x-", "-x-x"});
    expect_reach(&(struct lo_rule){.effect = LO_EFFECT_BLOCK,
                                   .scope = LO_SCOPE_SIDES,
                                   .sides = halves,
                                   .cut = {[0][1] = 1}},
                 4, (const char *const[]){"x-x-", "xxxx", "x-x-", "xxxx"});
    expect_reach(&(struct lo_rule){.effect = LO_EFFECT_BLOCK,
                                   .scope = LO_SCOPE_SIDES,
                                   .sides = bridge,
                                   .cut = {[0][1] = 1, [1][0] = 1}},
                 5, (const char *const[]){"xx--x", "xx--x", "--xxx", "--xxx", "xxxxx"});
}
END_TEST

/* In a ring each sees its two neighbours; who has no place in it sees all. */
START_TEST(ring)
{
    const uint32_t places[] = {0, 2, 4, 1, 3}, with_guest[] = {0, 1, 2, 3, LO_NO_PLACE};

    expect_reach(
        &(struct lo_rule){.effect = LO_EFFECT_BLOCK, .scope = LO_SCOPE_RING, .sides = places}, 5,
        (const char *const[]){"x-xx-", "-x-xx", "x-x-x", "xx-x-", "-xx-x"});
    expect_reach(
        &(struct lo_rule){.effect = LO_EFFECT_BLOCK, .scope = LO_SCOPE_RING, .sides = with_guest},
        5, (const char *const[]){"xx-xx", "xxx-x", "-xxxx", "x-xxx", "xxxxx"});
}
END_TEST

/* Sets name senders and receivers; a machine always reaches itself. */
START_TEST(sets)
{
    expect_reach(&(struct lo_rule){.from = nf_only(&word_a, 1), .to = nf_only(&word_b, 3)}, 3,
                 (const char *const[]){"xx-", "xxx", "xxx"});
    expect_reach(&(struct lo_rule){.from = nf_only(&word_a, 2)}, 3,
                 (const char *const[]){"xxx", "-x-", "xxx"});
    expect_reach(&(struct lo_rule){0}, 3, (const char *const[]){"x--", "-x-", "--x"});
}
END_TEST

/* ---- in time ---- */

static int counts_up(struct nf *f, struct sm_net *net)
{
    struct sm_datagram *socket;
    const struct sm_address to = nf_address(2, PORT);

    (void)f;
    sm_datagram_open(net, &socket, 0);
    for (int i = 0; i < 8; i++) {
        char byte = (char)('0' + i);
        sm_datagram_send(socket, &to, &byte, 1);
        sm_sleep(10 * SM_MS);
    }
    sm_datagram_close(socket);
    return 0;
}

static int writes_down(struct nf *f, struct sm_net *net)
{
    struct sm_datagram *socket;
    char byte;

    sm_datagram_open(net, &socket, PORT);
    while (sm_datagram_receive(socket, &byte, 1, NULL, sm_now() + 5 * SM_S) > 0)
        nf_say(f, "%c", byte);
    sm_datagram_close(socket);
    return 0;
}

static struct lo_rule next_rule;

static void add_rule(struct nf *f, uint64_t number)
{
    (void)number;
    rule_id = lo_rule_add(f->net, &next_rule);
}

static void remove_rule(struct nf *f, uint64_t number)
{
    lo_rule_remove(f->net, number ? (uint32_t)number : rule_id);
}

static void between(const struct lo_rule *rule, sm_time begin, sm_time end)
{
    nf_create(&nf, 2, NULL);
    nf.bodies[0] = counts_up;
    nf.bodies[1] = writes_down;
    next_rule = *rule;
    nf_at(&nf, begin, add_rule, 0);
    nf_at(&nf, end, remove_rule, 0);
    nf_run(&nf, 60 * SM_S);
}

/* A block acts on what is sent while it stands. */
START_TEST(block_in_time)
{
    between(&(struct lo_rule){.effect = LO_EFFECT_BLOCK}, 15 * SM_MS, 45 * SM_MS);
    nf_said(&nf, "1ms 0, 11ms 1, 51ms 5, 61ms 6, 71ms 7");
    ck_assert_uint_eq(lo_rule_affected(nf.net, rule_id), 3);
    nf_finish(&nf);
}
END_TEST

/* A clog keeps messages, and releases them in their order with fresh latency. */
START_TEST(clog_in_time)
{
    between(&(struct lo_rule){.effect = LO_EFFECT_HOLD}, 15 * SM_MS, 55 * SM_MS);
    nf_said(&nf, "1ms 0, 11ms 1, 56ms 2, 56ms 3, 56ms 4, 56ms 5, 61ms 6, 71ms 7");
    ck_assert_uint_eq(lo_rule_affected(nf.net, rule_id), 4);
    nf_finish(&nf);
}
END_TEST

/* Replaced latency holds for what is sent meanwhile. */
START_TEST(replaced_latency)
{
    between(&(struct lo_rule){.effect = LO_EFFECT_LINK,
                              .link = {.set = LO_LINK_LATENCY,
                                       .latency = {.a_ns = 15 * SM_MS, .b_ns = 15 * SM_MS}}},
            15 * SM_MS, 35 * SM_MS);
    nf_said(&nf, "1ms 0, 11ms 1, 35ms 2, 41ms 4, 45ms 3, 51ms 5, 61ms 6, 71ms 7");
    ck_assert_uint_eq(lo_rule_affected(nf.net, rule_id), 2);
    nf_finish(&nf);
}
END_TEST

/* Added latency comes on top of the link's. */
START_TEST(added_latency)
{
    between(&(struct lo_rule){.effect = LO_EFFECT_ADD,
                              .link = {.set = LO_LINK_LATENCY | LO_LINK_LOSS,
                                       .latency = {.a_ns = 15 * SM_MS, .b_ns = 15 * SM_MS}}},
            15 * SM_MS, 35 * SM_MS);
    nf_said(&nf, "1ms 0, 11ms 1, 36ms 2, 41ms 4, 46ms 3, 51ms 5, 61ms 6, 71ms 7");
    nf_finish(&nf);
}
END_TEST

/* Rules stack in the order in which they came: what one releases, the next one still holds or cuts.
 */
START_TEST(stacked)
{
    nf_create(&nf, 2, NULL);
    nf.bodies[0] = counts_up;
    nf.bodies[1] = writes_down;
    next_rule = (struct lo_rule){.effect = LO_EFFECT_HOLD};
    nf_at(&nf, 5 * SM_MS, add_rule, 0);  /* 1: holds 1 to 4 */
    nf_at(&nf, 15 * SM_MS, add_rule, 0); /* 2: gets them at 45, with 5 and 6 */
    nf_at(&nf, 45 * SM_MS, remove_rule, 1);
    nf_at(&nf, 65 * SM_MS, remove_rule, 2);
    nf_at(&nf, 66 * SM_MS, remove_rule, 2); /* no more */
    nf_run(&nf, 60 * SM_S);
    nf_said(&nf, "1ms 0, 66ms 1, 66ms 2, 66ms 3, 66ms 4, 66ms 5, 66ms 6, 71ms 7");
    ck_assert_uint_eq(lo_rule_affected(nf.net, 1), 4);
    ck_assert_uint_eq(lo_rule_affected(nf.net, 2), 6);
    nf_finish(&nf);
}
END_TEST

/* Released messages keep their order even where latencies vary. */
START_TEST(clog_keeps_order)
{
    for (uint64_t seed = 0; seed < 20; seed++) {
        const struct sim_options world = {.seed = seed};
        nf_create_with(&nf, 2, &world, NULL);
        nf.bodies[0] = counts_up;
        nf.bodies[1] = writes_down;
        next_rule = (struct lo_rule){.effect = LO_EFFECT_HOLD};
        rule_id = lo_rule_add(nf.net, &next_rule);
        nf_at(&nf, SM_S, remove_rule, 0);
        nf_run(&nf, 60 * SM_S);
        char order[16] = "";
        for (const char *word = strtok(nf.trace, " "); word; word = strtok(NULL, " "))
            if (word[0] >= '0' && word[0] <= '9' && (word[1] == ',' || !word[1]))
                order[strlen(order)] = word[0];
        ck_assert_str_eq(order, "01234567");
        nf_finish(&nf);
    }
}
END_TEST

SUITE_MAIN("rule", sides, ring, sets, block_in_time, clog_in_time, replaced_latency, added_latency,
           stacked, clog_keeps_order)
