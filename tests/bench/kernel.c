/* SPDX-License-Identifier: MIT */
/* Events on steelmill: machines, tasks, the network, records and the digest. */
#include "tests/bench/kernel.h"

#include "core/random.h"
#include "tests/bench/bench.h"

#include <steelmill/steelmill.h>

#include <stdio.h>
#include <stdlib.h>

#define TIMER_NS 1000000u

static int start(void *arg, struct sim_machine *machine)
{
    struct kernel *kernel = arg;
    return kernel->body ? kernel->body(kernel, machine) : 0;
}

static void failed(void *arg, struct sim_world *world, const struct sim_failure *failure)
{
    (void)arg, (void)world;
    fprintf(stderr, "bench: %s\n", failure->text);
    exit(1);
}

void kernel_create(struct kernel *kernel, bool undigested)
{
    const struct sim_options options = {
        .seed = 1,
        .machine_count_max = kernel->machines,
        .heap_limit_bytes = (size_t)8 << 20,
        .instant_events_max = UINT64_MAX / 2,
        .stack_bytes = 65536,
        .undigested = undigested,
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
    kernel->world->program = (struct sim_program){.arg = kernel, .start = start};
    for (uint32_t i = 0; i < kernel->machines; i++) {
        char name[32];
        snprintf(name, sizeof name, "m%u", i);
        sim_machine_add(kernel->world, name, 0);
    }
    if (lo_net_create(&kernel->net, kernel->world, &net_options))
        exit(1);
    for (uint32_t i = 0; i < kernel->machines; i++)
        sim_machine_start(kernel->world->machines[i]);
}

void kernel_destroy(struct kernel *kernel)
{
    sim_world_destroy(kernel->world);
    lo_net_destroy(kernel->net);
}

double kernel_measure(int (*body)(struct kernel *, struct sim_machine *), uint32_t size,
                      uint64_t count)
{
    struct kernel kernel = {.body = body, .machines = 1, .size = size, .count = count};

    kernel_create(&kernel, false);
    sim_world_run(kernel.world, SM_FOREVER - 1);
    kernel_destroy(&kernel);
    if (kernel.ns <= 0)
        abort(); /* nothing was measured */
    return kernel.ns;
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

static double messages(uint32_t machines, uint64_t count, bool undigested)
{
    struct kernel kernel = {.body = echo, .machines = machines};

    kernel_create(&kernel, undigested);
    sim_world_run(kernel.world, 20 * SM_MS); /* warm: every machine has sent and received */
    const uint64_t before = kernel.done;
    const double begin = bench_now_ns();
    sm_time until = kernel.world->now;
    while (kernel.done - before < count) {
        until += 10 * SM_MS;
        sim_world_run(kernel.world, until);
    }
    const double ns = (bench_now_ns() - begin) / (double)(kernel.done - before);
    kernel_destroy(&kernel);
    return ns;
}

double kernel_messages(uint32_t size, uint64_t count)
{
    return messages(size, count, false);
}

double kernel_messages_undigested(uint32_t size, uint64_t count)
{
    return messages(size, count, true);
}

/* ---- timers ---- */

static void timer_again(struct sim_world *world, struct sim_event *event)
{
    struct kernel *kernel = event->object;
    const uint64_t draw = sm__random_draw(2, kernel->done++);
    struct sim_event *next =
        sim_event_at(world, world->now + 1 + (int64_t)sm__random_scale(draw, TIMER_NS),
                     SIM_CALLBACK, 0, timer_again);

    next->object = kernel;
}

double kernel_timers(uint32_t size, uint64_t count)
{
    struct kernel kernel = {.machines = 1};

    kernel_create(&kernel, false);
    for (uint32_t i = 0; i < size; i++) {
        const int64_t at = (int64_t)sm__random_scale(sm__random_draw(1, i), TIMER_NS);
        sim_event_at(kernel.world, at, SIM_CALLBACK, 0, timer_again)->object = &kernel;
    }
    sim_world_run(kernel.world, TIMER_NS);
    const uint64_t before = kernel.done;
    const double begin = bench_now_ns();
    while (kernel.done - before < count)
        sim_world_run(kernel.world, kernel.world->now + TIMER_NS / 10);
    const double ns = (bench_now_ns() - begin) / (double)(kernel.done - before);
    kernel_destroy(&kernel);
    return ns;
}
