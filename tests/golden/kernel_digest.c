/* SPDX-License-Identifier: MIT */
/*
 * The kernel and its network, without a plugin: the digests of a lively run are the same for every
 * compiler, optimization and architecture. They stand in kernel.txt.
 *
 * Environment: UPDATE_GOLDEN: writes the file instead of comparing with it.
 */
#include "tests/net/fixture.h"

#include <inttypes.h>
#include <stdio.h>

#define MACHINES   5
#define PORT       7000
#define BUSY_UNTIL (20 * SM_S)
#define SEEDS      3

static struct nf nf;

/* ---- the program of each machine ---- */

struct peer {
    struct sm_net *net;
    struct sm_channel *channel; /* between the machine's own tasks */
};

static struct sm_address random_peer(void)
{
    return nf_address(1 + (uint32_t)sm_random_below(NULL, MACHINES), PORT);
}

/* Datagrams to and fro, of random sizes. */
static int gossips(void *arg)
{
    struct peer *peer = arg;
    struct sm_datagram *socket;
    unsigned char bytes[200];

    if (sm_datagram_open(peer->net, &socket, PORT))
        return -EADDRINUSE;
    while (sm_now() < BUSY_UNTIL) {
        const struct sm_address to = random_peer();
        const size_t size = (size_t)sm_random_below(NULL, sizeof bytes);
        sm_random_bytes(NULL, bytes, size);
        (void)sm_datagram_send(socket, &to, bytes, size);
        const int got =
            sm_datagram_receive(socket, bytes, sizeof bytes, NULL, sm_now() + 20 * SM_MS);
        if (got > 0)
            (void)sm_channel_send(peer->channel, bytes, sm_now() + SM_MS);
    }
    sm_datagram_close(socket);
    return 0;
}

/* Takes what the others of its machine hand over, now and then slowly. */
static int digests(void *arg)
{
    struct peer *peer = arg;
    unsigned char first;

    while (sm_channel_receive(peer->channel, &first, BUSY_UNTIL) == 0) {
        if (sm_random_chance(NULL, 100000 + first))
            sm_sleep(sm_random_range(NULL, 0, 30 * SM_MS));
        sm_yield();
    }
    return 0;
}

static int echoes(void *arg)
{
    struct sm_stream *stream = arg;
    unsigned char bytes[3000];
    int got;

    while ((got = sm_stream_read(stream, bytes, sizeof bytes, sm_now() + 5 * SM_S)) > 0) {
        if (sm_stream_write_all(stream, bytes, (size_t)got, NULL, sm_now() + 5 * SM_S))
            break;
    }
    sm_stream_close(stream);
    return 0;
}

static int listens(void *arg)
{
    struct peer *peer = arg;
    struct sm_listener *listener;
    struct sm_stream *stream;

    if (sm_listener_open(peer->net, &listener, PORT, 2))
        return -EADDRINUSE;
    while (sm_listener_accept(listener, &stream, NULL, BUSY_UNTIL) == 0) {
        if (sm_task_spawn(NULL, "echo", echoes, stream))
            sm_stream_abort(stream);
    }
    sm_listener_close(listener);
    return 0;
}

/* Sends some bytes over a stream and waits for them to come back. */
static int calls(void *arg)
{
    struct peer *peer = arg;
    unsigned char bytes[5000];

    while (sm_now() < BUSY_UNTIL) {
        const struct sm_address to = random_peer();
        const size_t size = 1 + (size_t)sm_random_below(NULL, sizeof bytes);
        const sm_time deadline = sm_now() + 3 * SM_S;
        struct sm_stream *stream;
        if (sm_stream_connect(peer->net, &stream, &to, deadline) == 0) {
            sm_random_bytes(NULL, bytes, size);
            if (sm_stream_write_all(stream, bytes, size, NULL, deadline) == 0)
                (void)sm_stream_read_exact(stream, bytes, size, NULL, deadline);
            sm_stream_close(stream);
        }
        sm_sleep(sm_random_range(NULL, 0, 300 * SM_MS));
    }
    return 0;
}

static int program(struct nf *f, struct sm_net *net)
{
    static const struct {
        const char *name;
        sm_task_fn fn;
    } tasks[] = {{"gossip", gossips},
                 {"digest", digests},
                 {"listen", listens},
                 {"call", calls},
                 {"call", calls}};
    struct peer *peer = malloc(sizeof *peer);

    (void)f;
    peer->net = net;
    if (sm_channel_create(&peer->channel, 4, 1))
        return -ENOMEM;
    for (size_t i = 0; i < sizeof tasks / sizeof tasks[0]; i++) {
        if (sm_task_spawn(NULL, tasks[i].name, tasks[i].fn, peer))
            return -ENOMEM;
    }
    return 0;
}

/* ---- the world around them ---- */

static void pauses(struct nf *f, uint64_t number)
{
    sim_machine_pause(f->tw.world->machines[number - 1]);
}

static void resumes(struct nf *f, uint64_t number)
{
    sim_machine_resume(f->tw.world->machines[number - 1]);
}

/* Every kind of latency, and everything that can happen to a message on its way. */
static void make_world(uint64_t seed, enum sim_policy policy)
{
    const struct sim_options world = {
        .seed = seed, .policy = policy, .slack_ns = seed == SEEDS ? SM_US : 0, .buggify = true};
    static const uint64_t one = 1, two = 2, four = 4;
    const struct lo_link_rule rules[] = {
        {.from = &one,
         .link = {LO_LINK_LATENCY, .latency = {.kind = LO_LATENCY_EXPONENTIAL, .a_ns = 3 * SM_MS}}},
        {.from = &two,
         .link = {LO_LINK_LATENCY,
                  .latency = {LO_LATENCY_LOGNORMAL, .shape_ppm = 800000, .a_ns = 2 * SM_MS}}},
        {.to = &four,
         .link = {LO_LINK_LATENCY | LO_LINK_BANDWIDTH,
                  .latency = {LO_LATENCY_BIMODAL, 50000, SM_MS, 40 * SM_MS},
                  .bandwidth_bytes_per_s = 100000}}};
    const struct lo_options network = {
        .link_default = {LO_LINK_LATENCY | LO_LINK_LOSS | LO_LINK_DUPLICATE | LO_LINK_REORDER,
                         .loss_ppm = 10000, .duplicate_ppm = 10000, .reorder_ppm = 20000,
                         .latency = {.a_ns = SM_MS, .b_ns = 8 * SM_MS}},
        .rules = rules,
        .rule_count = sizeof rules / sizeof rules[0]};

    nf_create_with(&nf, MACHINES, &world, &network);
    for (int i = 0; i < MACHINES; i++)
        nf.bodies[i] = program;
    nf_at(&nf, 4 * SM_S, nf_crash, 3);
    nf_at(&nf, 5 * SM_S, nf_start, 3);
    nf_at(&nf, 8 * SM_S, pauses, 4);
    nf_at(&nf, 10 * SM_S, resumes, 4);
    nf_at(&nf, 12 * SM_S, nf_crash, 1);
    nf_at(&nf, 13 * SM_S, nf_start, 1);
}

/* "fifo 1 0123456789abcdef 12345": policy, seed, digest, events. */
static void run_once(uint64_t seed, enum sim_policy policy, char *line, size_t size)
{
    static const char *const names[] = {
        [SIM_POLICY_RANDOM] = "random", [SIM_POLICY_FIFO] = "fifo", [SIM_POLICY_PCT] = "pct"};

    make_world(seed, policy);
    nf_run(&nf, 40 * SM_S);
    snprintf(line, size, "%s %" PRIu64 " %016" PRIx64 " %" PRIu64 "\n", names[policy], seed,
             sim_world_digest(nf.tw.world), nf.tw.world->seq);
    tw_destroy(&nf.tw);
    lo_net_destroy(nf.net);
}

static void run_all(char *text, size_t size)
{
    text[0] = '\0';
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        for (int policy = 0; policy < 3; policy++) {
            const size_t used = strlen(text);
            run_once(seed, (enum sim_policy)policy, text + used, size - used);
        }
    }
}

/* The kernel's digests are the golden ones; a second time in the same process, too. */
START_TEST(digests_are_golden)
{
    char text[2][1024], golden[1024] = "";

    run_all(text[0], sizeof text[0]);
    run_all(text[1], sizeof text[1]);
    ck_assert_str_eq(text[0], text[1]);
    FILE *file = fopen(GOLDEN, getenv("UPDATE_GOLDEN") ? "w" : "r");
    ck_assert_ptr_nonnull(file);
    if (getenv("UPDATE_GOLDEN")) {
        fputs(text[0], file);
    } else {
        golden[fread(golden, 1, sizeof golden - 1, file)] = '\0';
        ck_assert_str_eq(text[0], golden);
    }
    fclose(file);
}
END_TEST

SUITE_MAIN("kernel_digest", digests_are_golden)
