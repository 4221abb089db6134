/* SPDX-License-Identifier: MIT */
/* The same work on steelmill: machines, tasks, the network, records and the digest. */
#include "net-loopback/net.h"
#include "sim/world.h"
#include "tests/bench/bench.h"

#include <steelmill/steelmill.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct kernel {
    struct sim_world *world;
    struct lo_net *net;
    int (*body)(struct kernel *kernel, struct sim_machine *machine);
    uint32_t machines, pending;
    uint64_t count, done;
    double ns;
};

static int start(void *arg, struct sim_machine *machine)
{
    struct kernel *kernel = arg;
    return kernel->body(kernel, machine);
}

static void failed(void *arg, struct sim_world *world, const struct sim_failure *failure)
{
    (void)arg, (void)world;
    fprintf(stderr, "bench: %s\n", failure->text);
    exit(1);
}

static void create(struct kernel *kernel, uint32_t machines)
{
    const struct sim_options options = {
        .seed = 1,
        .machine_count_max = machines,
        .heap_limit_bytes = (size_t)8 << 20,
        .instant_events_max = UINT64_MAX / 2,
        .stack_bytes = 65536,
        .failed = failed,
        .log_level = -1,
    };
    const struct lo_options net_options = {
        .link_default = {.set = LO_LINK_LATENCY,
                         .latency = {.kind = LO_LATENCY_UNIFORM, .a_ns = SM_MS, .b_ns = 5 * SM_MS}},
    };

    if (sim_world_create(&kernel->world, &options)) {
        fprintf(stderr, "bench: the world cannot be made\n");
        exit(1);
    }
    kernel->machines = machines;
    kernel->world->program = (struct sim_program){.arg = kernel, .start = start};
    for (uint32_t i = 0; i < machines; i++) {
        char name[32];
        snprintf(name, sizeof name, "m%u", i);
        sim_machine_add(kernel->world, name, 0);
    }
    if (lo_net_create(&kernel->net, kernel->world, &net_options))
        exit(1);
}

static void destroy(struct kernel *kernel)
{
    sim_world_destroy(kernel->world);
    lo_net_destroy(kernel->net);
}

static void start_all(struct kernel *kernel)
{
    for (uint32_t i = 0; i < kernel->machines; i++)
        sim_machine_start(kernel->world->machines[i]);
}

/* ---- messages ---- */

static int echo(struct kernel *kernel, struct sim_machine *machine)
{
    struct sm_net *net = lo_net_capability(machine);
    struct sm_datagram *socket;
    struct sm_address peer = {.port = 1000};
    unsigned char data[64] = {0};

    sm_datagram_open(net, &socket, 1000);
    peer.ip = sm_net_ip(net) - machine->index + (((machine->index - 1) ^ 1) + 1);
    sm_sleep_until(SM_MS);
    sm_datagram_send(socket, &peer, data, sizeof data);
    while (sm_datagram_receive(socket, data, sizeof data, &peer, SM_FOREVER) > 0) {
        kernel->done++;
        sm_datagram_send(socket, &peer, data, sizeof data);
    }
    return 0;
}

double kernel_messages(uint32_t machines, uint64_t messages)
{
    struct kernel kernel = {.body = echo};

    create(&kernel, machines);
    start_all(&kernel);
    sim_world_run(kernel.world, 20 * SM_MS); /* warm: every machine has sent and received */
    const uint64_t before = kernel.done;
    const double begin = bench_now_ns();
    sm_time until = kernel.world->now;
    while (kernel.done - before < messages) {
        until += 10 * SM_MS;
        sim_world_run(kernel.world, until);
    }
    const double ns = (bench_now_ns() - begin) / (double)(kernel.done - before);
    destroy(&kernel);
    return ns;
}

/* ---- in one machine ---- */

static double measure(int (*body)(struct kernel *, struct sim_machine *), uint32_t pending,
                      uint64_t count)
{
    struct kernel kernel = {.body = body, .pending = pending, .count = count};

    create(&kernel, 1);
    start_all(&kernel);
    sim_world_run(kernel.world, SM_FOREVER - 1);
    const double ns = kernel.ns;
    destroy(&kernel);
    return ns;
}

static int sleeper(void *arg)
{
    struct kernel *kernel = arg;
    struct sm_random random;

    sm_random_init(&random, sm_task_name(sm_task_self()));
    random.key += kernel->done; /* each its own times; the stream does not matter here */
    while (kernel->done < kernel->count) {
        sm_sleep(1 + (sm_time)sm_random_below(&random, 1000000));
        kernel->done++;
    }
    return 0;
}

static int timers(struct kernel *kernel, struct sim_machine *machine)
{
    (void)machine;
    for (uint32_t i = 0; i < kernel->pending; i++)
        sm_task_spawn(NULL, NULL, sleeper, kernel);
    sm_sleep(1000000); /* all are up */
    const uint64_t before = kernel->done;
    const double begin = bench_now_ns();
    while (kernel->done < kernel->count)
        sm_sleep(1000000);
    kernel->ns = (bench_now_ns() - begin) / (double)(kernel->done - before);
    return 0;
}

double kernel_timers(uint32_t pending, uint64_t count)
{
    return measure(timers, pending, count);
}

static int ponger(void *arg)
{
    struct sm_channel **channels = arg;
    uint64_t word;

    while (sm_channel_receive(channels[0], &word, sm_now() + SM_S) == 0)
        sm_channel_send(channels[1], &word, sm_now() + SM_S);
    return 0;
}

/* Every receive has a deadline a second away, and is woken long before. */
static int rearms(struct kernel *kernel, struct sim_machine *machine)
{
    struct sm_channel *channels[2];
    struct sm_task *task;
    uint64_t word = 0;

    (void)machine;
    sm_channel_create(&channels[0], 1, sizeof word);
    sm_channel_create(&channels[1], 1, sizeof word);
    sm_task_spawn(&task, NULL, ponger, channels);
    const double begin = bench_now_ns();
    for (uint64_t i = 0; i < kernel->count; i++) {
        sm_channel_send(channels[0], &word, sm_now() + SM_S);
        sm_channel_receive(channels[1], &word, sm_now() + SM_S);
        if (i % 1000 == 0)
            sm_sleep(SM_MS);
    }
    kernel->ns = (bench_now_ns() - begin) / (double)kernel->count / 2;
    sm_channel_close(channels[0]);
    sm_task_join(task, NULL, SM_FOREVER);
    return 0;
}

double kernel_rearms(uint64_t count)
{
    return measure(rearms, 0, count);
}

static int channel(struct kernel *kernel, struct sim_machine *machine)
{
    struct sm_channel *items;
    uint64_t word = 0;

    (void)machine;
    sm_channel_create(&items, 64, sizeof word);
    const double begin = bench_now_ns();
    for (uint64_t i = 0; i < kernel->count; i++) {
        sm_channel_send(items, &word, SM_FOREVER);
        sm_channel_receive(items, &word, SM_FOREVER);
    }
    kernel->ns = (bench_now_ns() - begin) / (double)kernel->count;
    sm_channel_destroy(items);
    return 0;
}

double kernel_channel(uint64_t count)
{
    return measure(channel, 0, count);
}

static int yields(struct kernel *kernel, struct sim_machine *machine)
{
    (void)machine;
    const double begin = bench_now_ns();
    for (uint64_t i = 0; i < kernel->count; i++)
        sm_yield();
    kernel->ns = (bench_now_ns() - begin) / (double)kernel->count;
    return 0;
}

double kernel_yields(uint64_t count)
{
    return measure(yields, 0, count);
}

static int nothing(void *arg)
{
    (void)arg;
    return 0;
}

static int spawns(struct kernel *kernel, struct sim_machine *machine)
{
    (void)machine;
    const double begin = bench_now_ns();
    for (uint64_t i = 0; i < kernel->count; i++) {
        sm_task_spawn(NULL, NULL, nothing, NULL);
        if (i % 16 == 15)
            sm_yield();
    }
    kernel->ns = (bench_now_ns() - begin) / (double)kernel->count;
    return 0;
}

double kernel_spawns(uint64_t count)
{
    return measure(spawns, 0, count);
}
