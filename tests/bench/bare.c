/* SPDX-License-Identifier: MIT */
#include "tests/bench/bench.h"

#include "core/fiber.h"
#include "core/random.h"
#include "sim/queue.h"
#include "sim/record.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define LATENCY_NS 4000000u

/* ---- messages ---- */

struct message {
    uint32_t to, from;
    uint64_t id, sent;
    unsigned char data[64];
};

struct bare {
    struct sim_queue queue;
    struct message *messages; /* one per node: its slot in the queue */
    struct sim_record block[64];
    uint32_t block_count;
    uint64_t digest, events, draws;
    int64_t now;
};

static void record(struct bare *bare, const struct message *message)
{
    bare->block[bare->block_count++] =
        (struct sim_record){.time_ns = bare->now,
                            .seq = ++bare->events,
                            .cause = message->id,
                            .hash = XXH3_64bits(message->data, sizeof message->data),
                            .machine = message->to,
                            .kind = SIM_DATAGRAM,
                            .size = sizeof message->data};
    if (bare->block_count == 64) {
        bare->digest = XXH3_64bits_withSeed(bare->block, sizeof bare->block, bare->digest);
        bare->block_count = 0;
    }
}

static void send_back(struct bare *bare, uint32_t slot)
{
    struct message *message = &bare->messages[slot];
    const uint32_t to = message->from;
    const uint64_t draw = sm__random_draw(message->from, message->sent++);

    message->from = message->to;
    message->to = to;
    message->id = bare->events;
    memset(message->data, (int)draw, 8);
    sim_queue_push(&bare->queue, bare->now + 1000000 + (int64_t)sm__random_scale(draw, LATENCY_NS),
                   slot);
}

double bare_messages(uint32_t nodes, uint64_t messages, bool digest)
{
    struct bare *bare = calloc(1, sizeof *bare);

    sim_queue_init(&bare->queue);
    bare->messages = calloc(nodes, sizeof *bare->messages);
    for (uint32_t i = 0; i < nodes; i++) {
        bare->messages[i].from = i;
        bare->messages[i].to = i ^ 1;
        send_back(bare, i);
    }
    const double start = bench_now_ns();
    for (uint64_t i = 0; i < messages; i++) {
        bare->now = sim_queue_time(&bare->queue);
        const uint32_t slot = sim_queue_pop(&bare->queue);
        if (digest)
            record(bare, &bare->messages[slot]);
        send_back(bare, slot);
    }
    const double ns = (bench_now_ns() - start) / (double)messages;
    sim_queue_finish(&bare->queue);
    free(bare->messages);
    free(bare);
    return ns;
}

/* ---- timers ---- */

double bare_timers(uint32_t pending, uint64_t count)
{
    struct sim_queue queue;

    sim_queue_init(&queue);
    for (uint32_t i = 0; i < pending; i++)
        sim_queue_push(&queue, (int64_t)sm__random_scale(sm__random_draw(1, i), 1000000), i);
    const double start = bench_now_ns();
    for (uint64_t i = 0; i < count; i++) {
        const int64_t now = sim_queue_time(&queue);
        const uint32_t slot = sim_queue_pop(&queue);
        sim_queue_push(&queue, now + 1 + (int64_t)sm__random_scale(sm__random_draw(2, i), 1000000),
                       slot);
    }
    const double ns = (bench_now_ns() - start) / (double)count;
    sim_queue_finish(&queue);
    return ns;
}

/* ---- a ring ---- */

double bare_ring(uint64_t count)
{
    static volatile uint64_t ring[64];
    uint64_t head = 0, tail = 0, sum = 0;

    const double start = bench_now_ns();
    for (uint64_t i = 0; i < count; i++) {
        ring[head++ % 64] = i;
        sum += ring[tail++ % 64];
    }
    const double ns = (bench_now_ns() - start) / (double)count;
    ring[0] = sum;
    return ns;
}

/* ---- switches ---- */

static struct sm__fiber here, there;

static void bounce(void *arg)
{
    (void)arg;
    sm__fiber_arrived(&there);
    for (;;)
        sm__fiber_switch(&there, &here, false);
}

double bare_switches(uint64_t count)
{
    static char stack[65536] __attribute__((aligned(64)));

    sm__fiber_adopt_thread(&here);
    sm__fiber_init(&there, stack, stack + sizeof stack, bounce, NULL);
    const double start = bench_now_ns();
    for (uint64_t i = 0; i < count; i++)
        sm__fiber_switch(&here, &there, false);
    return (bench_now_ns() - start) / (double)count / 2;
}
