/* SPDX-License-Identifier: MIT */
/*
 * Contexts as a bare C loop has them: stacks of one mapping, a ring of those that are ready, and a
 * scheduler that writes a record for each that it switches to.
 */
#include "tests/bench/bench.h"

#include "core/fiber.h"
#include "core/random.h"
#include "sim/queue.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define STACK_BYTES ((size_t)16384)
#define TIMER_NS    1000000u
#define COLOURS     32u /* stack tops do not share a set of the cache */

struct bare_tasks;

struct context {
    struct sm__fiber fiber;
    struct bare_tasks *tasks;
    void (*body)(struct context *self);
    int64_t deadline;
    uint32_t number;
    bool ended;
};

struct bare_tasks {
    struct sm__fiber scheduler;
    struct context *contexts;
    char *stacks;
    uint32_t size;
    uint32_t *ready; /* a ring; a power of two */
    uint32_t ready_mask, head, tail;
    struct sim_queue queue;
    struct bare_book book;
    struct { /* a bounded ring of one word, each way */
        uint64_t item;
        bool full;
    } cells[2];
    int64_t now;
    uint64_t left; /* operations */
};

static void entry(void *arg)
{
    struct context *self = arg;

    sm__fiber_arrived(&self->fiber);
    self->body(self);
    self->ended = true;
    sm__fiber_switch(&self->fiber, &self->tasks->scheduler, true);
    __builtin_unreachable();
}

static void start(struct bare_tasks *tasks, uint32_t number, void (*body)(struct context *self))
{
    struct context *self = &tasks->contexts[number];
    char *low = tasks->stacks + number * STACK_BYTES;

    *self = (struct context){.tasks = tasks, .body = body, .number = number};
    sm__fiber_init(&self->fiber, low, low + STACK_BYTES - number % COLOURS * 64, entry, self);
}

static struct bare_tasks *create(uint32_t size, uint64_t count)
{
    struct bare_tasks *tasks = calloc(1, sizeof *tasks);

    tasks->size = size;
    tasks->left = count;
    tasks->contexts = calloc(size, sizeof *tasks->contexts);
    tasks->stacks = mmap(NULL, size * STACK_BYTES, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    tasks->ready_mask = 1;
    while (tasks->ready_mask < size)
        tasks->ready_mask = tasks->ready_mask * 2 + 1;
    tasks->ready = calloc(tasks->ready_mask + 1, sizeof *tasks->ready);
    if (tasks->stacks == MAP_FAILED)
        abort();
    sm__fiber_adopt_thread(&tasks->scheduler);
    sim_queue_init(&tasks->queue);
    return tasks;
}

static void destroy(struct bare_tasks *tasks)
{
    sim_queue_finish(&tasks->queue);
    munmap(tasks->stacks, tasks->size * STACK_BYTES);
    free(tasks->contexts);
    free(tasks->ready);
    free(tasks);
}

static void make_ready(struct bare_tasks *tasks, uint32_t number)
{
    tasks->ready[tasks->tail++ & tasks->ready_mask] = number;
}

static void park(struct context *self)
{
    sm__fiber_switch(&self->fiber, &self->tasks->scheduler, false);
}

static void enter(struct bare_tasks *tasks, uint32_t number)
{
    const struct sim_record partial = {.time_ns = tasks->now, .task = number, .kind = SIM_TASK_RUN};

    bare_book_record(&tasks->book, &partial);
    sm__fiber_switch(&tasks->scheduler, &tasks->contexts[number].fiber, false);
}

/* Until nobody is ready. */
static void schedule(struct bare_tasks *tasks)
{
    while (tasks->head != tasks->tail)
        enter(tasks, tasks->ready[tasks->head++ & tasks->ready_mask]);
}

static double measure(struct bare_tasks *tasks, uint64_t count)
{
    const double start = bench_now_ns();
    schedule(tasks);
    const double ns = (bench_now_ns() - start) / (double)count;
    destroy(tasks);
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
        park(self);
        tasks->left--;
    }
}

double bare_sleeps(uint32_t size, uint64_t count)
{
    struct bare_tasks *tasks = create(size, count);

    for (uint32_t i = 0; i < size; i++) {
        start(tasks, i, sleeper);
        enter(tasks, i);
    }
    const double begin = bench_now_ns();
    while (tasks->left > 0) {
        tasks->now = sim_queue_time(&tasks->queue);
        enter(tasks, sim_queue_pop(&tasks->queue));
    }
    const double ns = (bench_now_ns() - begin) / (double)count;
    destroy(tasks);
    return ns;
}

/* ---- hand-over ---- */

static void put(struct context *self, unsigned cell, uint64_t item, int64_t deadline)
{
    struct bare_tasks *tasks = self->tasks;

    self->deadline = deadline;
    while (tasks->cells[cell].full)
        park(self);
    memcpy(&tasks->cells[cell].item, &item, sizeof item);
    tasks->cells[cell].full = true;
    make_ready(tasks, self->number ^ 1);
}

static uint64_t take(struct context *self, unsigned cell, int64_t deadline)
{
    struct bare_tasks *tasks = self->tasks;
    uint64_t item;

    self->deadline = deadline;
    while (!tasks->cells[cell].full)
        park(self);
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
    struct bare_tasks *tasks = create(2, count);

    (void)size; /* one fits */
    start(tasks, 0, pinger);
    start(tasks, 1, ponger);
    make_ready(tasks, 0);
    make_ready(tasks, 1);
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
        make_ready(self->tasks, self->number);
        park(self);
    }
}

double bare_yields(uint32_t size, uint64_t count)
{
    struct bare_tasks *tasks = create(size, count);

    for (uint32_t i = 0; i < size; i++) {
        start(tasks, i, yielder);
        make_ready(tasks, i);
    }
    return measure(tasks, count);
}

static void nothing(struct context *self)
{
    self->tasks->left--;
}

double bare_spawns(uint32_t size, uint64_t count)
{
    struct bare_tasks *tasks = create(size, count);

    const double begin = bench_now_ns();
    for (uint64_t i = 0; i < count; i += size) {
        for (uint32_t number = 0; number < size; number++) {
            start(tasks, number, nothing);
            make_ready(tasks, number);
        }
        schedule(tasks);
    }
    const double ns = (bench_now_ns() - begin) / (double)count;
    destroy(tasks);
    return ns;
}
