/* SPDX-License-Identifier: MIT */
/*
 * bench-network: what a message, and a byte of a stream, costs the simulating process; without
 * faults, and with some of each kind in force. Each figure is the median of three.
 *
 * Datagrams of 64 bytes go back and forth between the two machines of a pair. With faults as many
 * are lost as are doubled; a machine that has heard nothing for a while sends a new one.
 */
#include "net-loopback/net.h"
#include "sim/world.h"
#include "tests/bench/bench.h"

#include <steelmill/steelmill.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PORT        1000
#define ROUNDS      3
#define WRITE_BYTES (1u << 20)
#define SILENCE_NS  SM_S
#define WARM_NS     (100 * SM_MS)

struct bench {
    struct sim_world *world;
    struct lo_net *net;
    uint32_t machines, window; /* window: datagrams under way, for each machine */
    uint32_t *partner;         /* by index - 1 */
    int (*body)(struct bench *bench, struct sm_net *net, uint32_t index);
};

/* ---- the world ---- */

static int start(void *arg, struct sim_machine *machine)
{
    struct bench *bench = arg;
    return bench->body(bench, lo_net_capability(machine), machine->index);
}

static void failed(void *arg, struct sim_world *world, const struct sim_failure *failure)
{
    (void)arg, (void)world;
    fprintf(stderr, "bench-network: %s\n", failure->text);
    exit(1);
}

/* Random pairs: a random order of the machines, two by two. */
static void pair_up(struct bench *bench)
{
    uint32_t *order = calloc(bench->machines, sizeof *order);
    uint64_t state = 1;

    bench->partner = calloc(bench->machines, sizeof *bench->partner);
    for (uint32_t i = 0; i < bench->machines; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        const uint32_t other = (uint32_t)((state >> 33) % (i + 1));
        order[i] = order[other];
        order[other] = i + 1;
    }
    for (uint32_t i = 0; i + 1 < bench->machines; i += 2) {
        bench->partner[order[i] - 1] = order[i + 1];
        bench->partner[order[i + 1] - 1] = order[i];
    }
    free(order);
}

static void create(struct bench *bench)
{
    const struct sim_options options = {
        .seed = 1,
        .machine_count_max = bench->machines,
        .heap_limit_bytes = (size_t)8 << 20,
        .instant_events_max = UINT64_MAX / 2,
        .stack_bytes = 65536,
        .failed = failed,
        .arg = bench,
        .log_level = -1,
    };

    if (sim_world_create(&bench->world, &options))
        exit(1);
    bench->world->program = (struct sim_program){.arg = bench, .start = start};
    for (uint32_t i = 1; i <= bench->machines; i++) {
        char name[32];
        snprintf(name, sizeof name, "m%u", i);
        sim_machine_add(bench->world, name, 0);
    }
    if (lo_net_create(&bench->net, bench->world, NULL))
        exit(1);
    pair_up(bench);
    for (uint32_t i = 0; i < bench->machines; i++)
        sim_machine_start(bench->world->machines[i]);
}

static void destroy(struct bench *bench)
{
    sim_world_destroy(bench->world);
    lo_net_destroy(bench->net);
    free(bench->partner);
}

/* Some of each kind: every message is looked at by four rules, and changed by two. */
static void add_faults(struct bench *bench)
{
    static const struct lo_link bad = {
        .set =
            LO_LINK_LOSS | LO_LINK_DUPLICATE | LO_LINK_REORDER | LO_LINK_CORRUPT | LO_LINK_JITTER,
        .loss_ppm = 1000,
        .duplicate_ppm = 1000,
        .reorder_ppm = 10000,
        .corrupt_ppm = 1000,
        .jitter = {LO_LATENCY_UNIFORM, 0, 0, SM_MS},
    };
    uint64_t *nobody = calloc(LO_SET_WORDS((size_t)bench->machines), sizeof *nobody);
    const struct lo_rule rules[] = {
        {.effect = LO_EFFECT_LINK, .link = bad},
        {.effect = LO_EFFECT_ADD,
         .link = {.set = LO_LINK_LATENCY, .latency = {LO_LATENCY_EXPONENTIAL, 0, SM_MS, 0}}},
        {.effect = LO_EFFECT_BLOCK, .from = nobody, .to = nobody, .both_ways = true},
        {.effect = LO_EFFECT_REFUSE, .from = nobody},
    };

    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        lo_rule_add(bench->net, &rules[i]);
    free(nobody);
}

/* ---- datagrams ---- */

static int echoes(struct bench *bench, struct sm_net *net, uint32_t index)
{
    struct sm_datagram *socket;
    struct sm_address to = {.ip = sm_net_ip(net) - index + bench->partner[index - 1], .port = PORT};
    unsigned char data[64] = {0};

    sm_datagram_open(net, &socket, PORT);
    sm_sleep_until(SM_MS);
    for (uint32_t i = 0; i < bench->window; i++)
        sm_datagram_send(socket, &to, data, sizeof data);
    while (sm_datagram_receive(socket, data, sizeof data, NULL, sm_now() + SILENCE_NS) !=
           -ECANCELED)
        sm_datagram_send(socket, &to, data, sizeof data);
    return 0;
}

/* ---- streams ---- */

static int writes(struct sm_net *net, uint32_t ip)
{
    static char data[WRITE_BYTES];
    const struct sm_address to = {.ip = ip, .port = PORT};
    struct sm_stream *stream;

    sm_sleep_until(SM_MS);
    int error = sm_stream_connect(net, &stream, &to, SM_FOREVER);
    while (!error)
        error = sm_stream_write_all(stream, data, sizeof data, NULL, SM_FOREVER);
    return error;
}

static int reads(struct sm_net *net)
{
    static char data[WRITE_BYTES];
    struct sm_listener *listener;
    struct sm_stream *stream;
    int result = sm_listener_open(net, &listener, PORT, 1);

    if (!result)
        result = sm_listener_accept(listener, &stream, NULL, SM_FOREVER);
    while (result >= 0)
        result = sm_stream_read(stream, data, sizeof data, SM_FOREVER);
    return result;
}

/* The one with the lower number writes. */
static int streams(struct bench *bench, struct sm_net *net, uint32_t index)
{
    const uint32_t partner = bench->partner[index - 1];
    return index < partner ? writes(net, sm_net_ip(net) - index + partner) : reads(net);
}

/* ---- measuring ---- */

struct row {
    const char *what;
    int (*body)(struct bench *bench, struct sm_net *net, uint32_t index);
    uint32_t machines, window;
    uint64_t count; /* datagrams, or bytes */
};

static const struct row rows[] = {
    {"datagrams, 2 machines", echoes, 2, 1, 2000000},
    {"datagrams, 1,000 machines in random pairs", echoes, 1000, 1, 2000000},
    {"datagrams, 10,000 under way among 1,000", echoes, 1000, 10, 2000000},
    {"stream, writes of 1 MiB, 2 machines", streams, 2, 0, (uint64_t)4 << 30},
};

static uint64_t done(const struct bench *bench, const struct row *row)
{
    const struct lo_counters *counters = lo_net_counters(bench->net);
    return row->body == streams ? counters->delivered_bytes : counters->delivered;
}

/* Operations per second of real time. */
static double measure(const struct row *row, bool with_faults)
{
    struct bench bench = {.machines = row->machines, .window = row->window, .body = row->body};

    create(&bench);
    if (with_faults)
        add_faults(&bench);
    sim_world_run(bench.world, WARM_NS);
    const uint64_t before = done(&bench, row);
    const double begin = bench_now_ns();
    for (sm_time until = WARM_NS; done(&bench, row) - before < row->count;) {
        until += 10 * SM_MS;
        sim_world_run(bench.world, until);
    }
    const double seconds = (bench_now_ns() - begin) / 1e9;
    const double per_second = (double)(done(&bench, row) - before) / seconds;
    destroy(&bench);
    return per_second;
}

static double median(const struct row *row, bool with_faults)
{
    double r[ROUNDS];

    for (int i = 0; i < ROUNDS; i++)
        r[i] = measure(row, with_faults);
    const double low = r[0] < r[1] ? r[0] : r[1], high = r[0] < r[1] ? r[1] : r[0];
    return r[2] < low ? low : r[2] > high ? high : r[2];
}

int main(void)
{
    bench_now_ns(); /* finds the clock, outside of any task */
    printf("%-44s %16s %16s\n", "", "without faults", "with faults");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const bool bytes = rows[i].body == streams;
        const double unit = bytes ? 1 << 20 : 1000;
        printf("%-44s", rows[i].what);
        for (int faults = 0; faults < 2; faults++) {
            printf(" %12.0f %s/s", median(&rows[i], faults) / unit, bytes ? "MiB" : "k");
            fflush(stdout);
        }
        printf("\n");
    }
    return 0;
}
