/* SPDX-License-Identifier: MIT */
/* What tasks and channels do, in bare contexts. */
#include "tests/bench/bare_context.h"

#include "core/random.h"

#include <stdlib.h>
#include <string.h>

#define TIMER_NS 1000000u

static double measure(struct bare_tasks *tasks, uint64_t count)
{
    const double start = bench_now_ns();
    bare_schedule(tasks);
    const double ns = (bench_now_ns() - start) / (double)count;
    bare_destroy(tasks);
    return ns;
}

/* ---- sleeps ---- */

static void sleeper(struct context *self)
{
    struct bare_tasks *tasks = self->tasks;

    for (uint64_t i = 0; tasks->left > 0; i++) {
        const uint64_t draw = sm__random_draw(self->number, i);
        sim_queue_push(&tasks->queue, tasks->now + 1 + (int64_t)sm__random_scale(draw, TIMER_NS),
                       self->number);
        bare_park(self);
        tasks->left--;
    }
}

double bare_sleeps(uint32_t size, uint64_t count)
{
    struct bare_tasks *tasks = bare_create(size, count);

    for (uint32_t i = 0; i < size; i++) {
        bare_start(tasks, i, sleeper);
        bare_enter(tasks, i);
    }
    const double begin = bench_now_ns();
    while (tasks->left > 0) {
        tasks->now = sim_queue_time(&tasks->queue);
        bare_enter(tasks, sim_queue_pop(&tasks->queue));
    }
    const double ns = (bench_now_ns() - begin) / (double)count;
    bare_destroy(tasks);
    return ns;
}

/* ---- hand-over ---- */

static void put(struct context *self, unsigned cell, uint64_t item, int64_t deadline)
{
    struct bare_tasks *tasks = self->tasks;

    self->deadline = deadline;
    while (tasks->cells[cell].full)
        bare_park(self);
    memcpy(&tasks->cells[cell].item, &item, sizeof item);
    tasks->cells[cell].full = true;
    bare_make_ready(tasks, self->number ^ 1);
}

static uint64_t take(struct context *self, unsigned cell, int64_t deadline)
{
    struct bare_tasks *tasks = self->tasks;
    uint64_t item;

    self->deadline = deadline;
    while (!tasks->cells[cell].full)
        bare_park(self);
    memcpy(&item, &tasks->cells[cell].item, sizeof item);
    tasks->cells[cell].full = false;
    return item;
}

static void pinger(struct context *self)
{
    while (self->tasks->left > 0) {
        put(self, 0, self->tasks->left, self->tasks->now + 1000000000);
        take(self, 1, self->tasks->now + 1000000000);
        self->tasks->left -= self->tasks->left > 1 ? 2 : 1;
    }
}

static void ponger(struct context *self)
{
    for (;;)
        put(self, 1, take(self, 0, self->tasks->now + 1000000000), self->tasks->now + 1000000000);
}

double bare_handover(uint32_t size, uint64_t count)
{
    struct bare_tasks *tasks = bare_create(2, count);

    (void)size; /* one fits */
    bare_start(tasks, 0, pinger);
    bare_start(tasks, 1, ponger);
    bare_make_ready(tasks, 0);
    bare_make_ready(tasks, 1);
    return measure(tasks, count);
}

double bare_rearms(uint32_t size, uint64_t count)
{
    return bare_handover(size, count);
}

/* ---- a ring in one context ---- */

struct ring {
    size_t capacity, item_bytes, head, count;
    unsigned char items[];
};

static __attribute__((noinline)) bool ring_put(struct ring *ring, const void *item)
{
    if (ring->count == ring->capacity)
        return false;
    memcpy(ring->items + (ring->head + ring->count) % ring->capacity * ring->item_bytes, item,
           ring->item_bytes);
    ring->count++;
    return true;
}

static __attribute__((noinline)) bool ring_take(struct ring *ring, void *item)
{
    if (ring->count == 0)
        return false;
    memcpy(item, ring->items + ring->head * ring->item_bytes, ring->item_bytes);
    ring->head = (ring->head + 1) % ring->capacity;
    ring->count--;
    return true;
}

double bare_channel(uint32_t size, uint64_t count)
{
    uint64_t item = 0;
    struct ring *ring = calloc(1, sizeof *ring + size * sizeof item);

    ring->capacity = size;
    ring->item_bytes = sizeof item;
    const double start = bench_now_ns();
    for (uint64_t i = 0; i < count; i++) {
        if (!ring_put(ring, &item) || !ring_take(ring, &item))
            abort();
    }
    const double ns = (bench_now_ns() - start) / (double)count;
    free(ring);
    return ns;
}

/* ---- yields, spawns ---- */

static void yielder(struct context *self)
{
    while (self->tasks->left > 0) {
        self->tasks->left--;
        bare_make_ready(self->tasks, self->number);
        bare_park(self);
    }
}

double bare_yields(uint32_t size, uint64_t count)
{
    struct bare_tasks *tasks = bare_create(size, count);

    for (uint32_t i = 0; i < size; i++) {
        bare_start(tasks, i, yielder);
        bare_make_ready(tasks, i);
    }
    return measure(tasks, count);
}

static void nothing(struct context *self)
{
    self->tasks->left--;
}

double bare_spawns(uint32_t size, uint64_t count)
{
    struct bare_tasks *tasks = bare_create(size, count);

    const double begin = bench_now_ns();
    for (uint64_t i = 0; i < count; i += size) {
        for (uint32_t number = 0; number < size; number++) {
            bare_start(tasks, number, nothing);
            bare_make_ready(tasks, number);
        }
        bare_schedule(tasks);
    }
    const double ns = (bench_now_ns() - begin) / (double)count;
    bare_destroy(tasks);
    return ns;
}
