/* SPDX-License-Identifier: MIT */
/*
 * Everything at once: machines that stream to each other over bad links, partitions, clogs,
 * crashes, restarts and stops at random times. Whatever happens, a reader gets a prefix of what was
 * written, nothing is left behind, and the same seed gives the same run.
 */
#include "core/random.h"
#include "tests/net/fixture.h"

#define MACHINES 4
#define PORT     7000
#define END      (300 * SM_S) /* no fault any more */
#define SEEDS    8

static struct nf nf;
static uint64_t streams_ended_well, streams_broken, bytes_read;

/* ---- the program of each machine ---- */

/* Byte `position` of the stream with this key. */
static inline unsigned char pattern(uint64_t key, uint64_t position)
{
    return (unsigned char)((key + position) * 0x9e3779b97f4a7c15u >> 56);
}

/* A stream begins with its key and its length; then come so many bytes. */
struct opening {
    uint64_t key, length;
};

static int receives(void *arg)
{
    static unsigned char buffer[20000]; /* used between two waits only */
    struct sm_stream *stream = arg;
    struct opening opening;
    uint64_t position = 0;
    int count = sm_stream_read_exact(stream, &opening, sizeof opening, NULL, SM_FOREVER);

    while (count >= 0) {
        const size_t capacity = 1 + sm_random_below(NULL, 20000);
        count = sm_stream_read(stream, buffer, capacity, sm_now() + 1000 * SM_S);
        if (count <= 0)
            break;
        for (int i = 0; i < count; i++) {
            if (buffer[i] != pattern(opening.key, position + (uint64_t)i))
                ck_abort_msg("byte %llu is wrong", (unsigned long long)position + (uint64_t)i);
        }
        position += (uint64_t)count;
        bytes_read += (uint64_t)count;
        if (sm_random_chance(NULL, 50000))
            sm_sleep(sm_random_range(NULL, 1, SM_S));
    }
    if (count == 0) { /* an end is the true end, or that of a machine that was stopped */
        streams_ended_well += position == opening.length;
        ck_assert_uint_le(position, opening.length);
    } else {
        streams_broken++;
    }
    sm_stream_close(stream);
    return 0;
}

static int listens(void *arg)
{
    struct sm_net *net = arg;
    struct sm_listener *listener;
    struct sm_stream *stream;

    if (sm_listener_open(net, &listener, PORT, 3))
        return -EIO;
    while (sm_listener_accept(listener, &stream, NULL, SM_FOREVER) == 0) {
        if (sm_task_spawn(NULL, "receives", receives, stream))
            sm_stream_abort(stream);
    }
    sm_listener_close(listener);
    return 0;
}

static bool writes_opening(struct sm_stream *stream, struct opening *opening)
{
    opening->key = sm_random_u64(NULL);
    opening->length = sm_random_below(NULL, sm_random_chance(NULL, 100000) ? 1000000 : 3000);
    return sm_stream_write_all(stream, opening, sizeof *opening, NULL, SM_FOREVER) == 0;
}

static void writes_stream(struct sm_stream *stream)
{
    unsigned char *buffer = malloc(20000); /* the task waits while it writes */
    struct opening opening;
    uint64_t position = 0;
    int count = writes_opening(stream, &opening) ? 1 : -1;

    while (count > 0 && position < opening.length) {
        uint64_t size = 1 + sm_random_below(NULL, 20000);
        size = size < opening.length - position ? size : opening.length - position;
        for (uint64_t i = 0; i < size; i++)
            buffer[i] = pattern(opening.key, position + i);
        count = sm_stream_write(stream, buffer, size, sm_now() + 1000 * SM_S);
        position += count > 0 ? (uint64_t)count : 0;
    }
    free(buffer);
    if (count > 0 && !sm_random_chance(NULL, 50000))
        sm_stream_close(stream);
    else
        sm_stream_abort(stream);
}

static int sends(void *arg)
{
    struct sm_net *net = arg;
    const uint32_t own = sm_net_ip(net) - 0x7f010000u;

    while (sm_sleep(sm_random_range(NULL, 1, 2 * SM_S)) == 0 && sm_now() < END) {
        const uint32_t other =
            (own - 1 + (uint32_t)sm_random_range(NULL, 0, MACHINES - 1)) % MACHINES;
        const struct sm_address to = nf_address(other + 1, PORT);
        struct sm_stream *stream;
        if (sm_stream_connect(net, &stream, &to, sm_now() + 20 * SM_S) == 0)
            writes_stream(stream);
    }
    return 0;
}

static int gossips(void *arg)
{
    struct sm_datagram *socket;
    char text[64] = "gossip";

    sm_datagram_open(arg, &socket, PORT);
    while (sm_now() < END) {
        const struct sm_address to =
            nf_address(1 + (uint32_t)sm_random_below(NULL, MACHINES), PORT);
        (void)sm_datagram_send(socket, &to, text, sm_random_below(NULL, sizeof text));
        if (sm_datagram_receive(socket, text, sizeof text, NULL, sm_now() + 100 * SM_MS) ==
            -ECANCELED)
            break;
    }
    sm_datagram_close(socket);
    return 0;
}

static int program(struct nf *f, struct sm_net *net)
{
    (void)f;
    sm_task_spawn(NULL, "listens", listens, net);
    sm_task_spawn(NULL, "sends", sends, net);
    sm_task_spawn(NULL, "sends", sends, net);
    sm_task_spawn(NULL, "gossips", gossips, net);
    return sm_sleep(SM_FOREVER) == -ECANCELED ? 0 : -EIO;
}

/* ---- the faults ---- */

static void remove_rule(struct nf *f, uint64_t id)
{
    lo_rule_remove(f->net, (uint32_t)id);
}

static struct lo_rule random_rule(uint64_t seed, uint64_t number, uint32_t *sides)
{
    struct lo_rule rule = {.scope = LO_SCOPE_SIDES, .sides = sides};
    const uint64_t draw = sm__random_draw(seed, number);

    rule.effect = (enum lo_effect)(draw % 4);
    for (uint32_t i = 0; i < MACHINES; i++)
        sides[i] = draw >> (8 + i) & 1;
    rule.cut[0][1] = 1;
    rule.cut[1][0] = draw >> 20 & 1;
    rule.link = (struct lo_link){.set = LO_LINK_LOSS | LO_LINK_LATENCY | LO_LINK_BANDWIDTH,
                                 .loss_ppm = 300000,
                                 .latency = {LO_LATENCY_EXPONENTIAL, 0, 100 * SM_MS, 0},
                                 .bandwidth_bytes_per_s = 100000};
    return rule;
}

static void bad_network(struct nf *f, uint64_t number)
{
    uint32_t sides[MACHINES];
    const uint64_t seed = f->tw.world->options.seed;
    const struct lo_rule rule = random_rule(seed, number, sides);
    const uint64_t lasts = sm__random_scale(sm__random_draw(seed + 1, number), 20 * SM_S);

    nf_at(f, f->tw.world->now + 1 + (int64_t)lasts, remove_rule, lo_rule_add(f->net, &rule));
}

static void bad_machine(struct nf *f, uint64_t number)
{
    const uint64_t draw = sm__random_draw(f->tw.world->options.seed + 2, number);
    const uint64_t machine = 1 + draw % MACHINES;

    if (draw >> 40 & 1)
        nf_crash(f, machine);
    else
        nf_stop(f, machine);
    nf_at(f, f->tw.world->now + 1 + (int64_t)(draw >> 32) * 2, nf_start, machine);
}

static void pause_machine(struct nf *f, uint64_t number)
{
    sim_machine_pause(f->tw.world->machines[number - 1]);
}

static void resume_machine(struct nf *f, uint64_t number)
{
    sim_machine_resume(f->tw.world->machines[number - 1]);
}

static void stop_all(struct nf *f, uint64_t number)
{
    (void)number;
    for (uint64_t i = 1; i <= MACHINES; i++)
        nf_stop(f, i);
}

static void plan(struct nf *f)
{
    for (uint64_t i = 0; i < 20; i++) {
        nf_at(f, 2 * SM_S + (sm_time)i * 12 * SM_S, bad_network, i);
        nf_at(f, 7 * SM_S + (sm_time)i * 13 * SM_S, bad_machine, i);
    }
    nf_at(f, 100 * SM_S, pause_machine, 2);
    nf_at(f, 120 * SM_S, resume_machine, 2);
    nf_at(f, END + 1500 * SM_S, stop_all, 0);
}

static uint64_t storm(uint64_t seed)
{
    const struct sim_options world = {
        .seed = seed, .policy = (enum sim_policy)(seed % 3), .slack_ns = seed % 2 ? SM_MS : 0};
    const struct lo_options options = {
        .link_default = {.set = LO_LINK_LOSS | LO_LINK_REORDER | LO_LINK_DUPLICATE,
                         .loss_ppm = 20000,
                         .reorder_ppm = 20000,
                         .duplicate_ppm = 20000},
        .stream_buffer_bytes = seed % 4 == 3 ? 4096 : 0};

    nf_create_with(&nf, MACHINES, &world, &options);
    for (int i = 0; i < MACHINES; i++)
        nf.bodies[i] = program;
    plan(&nf);
    ck_assert_int_eq(nf_run(&nf, END + 10000 * SM_S), SIM_IDLE);
    const uint64_t digest = sim_world_digest(nf.tw.world);
    nf_finish(&nf);
    return digest;
}

/* A reader gets a prefix, in order; nothing is left behind; most streams come through. */
START_TEST(prefixes)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++)
        storm(seed);
    ck_assert_uint_gt(streams_ended_well, SEEDS * 200);
    ck_assert_uint_gt(streams_broken, SEEDS);
    ck_assert_uint_gt(bytes_read, SEEDS << 20);
}
END_TEST

/* A storm is repeated to the bit. */
START_TEST(repeatable)
{
    for (uint64_t seed = 0; seed < 2; seed++)
        ck_assert_uint_eq(storm(seed), storm(seed));
}
END_TEST

SUITE_MAIN("storm", prefixes, repeatable)
