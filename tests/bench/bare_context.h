/* SPDX-License-Identifier: MIT */
/*
 * Contexts as a bare C loop has them: stacks of one mapping, a ring of those that are ready, and a
 * scheduler that writes a record for each that it switches to.
 */
#ifndef STEELMILL_TESTS_BENCH_BARE_CONTEXT_H
#define STEELMILL_TESTS_BENCH_BARE_CONTEXT_H

#include "core/fiber.h"
#include "sim/queue.h"
#include "tests/bench/bench.h"

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

struct bare_tasks *bare_create(uint32_t size, uint64_t count);
void bare_destroy(struct bare_tasks *tasks);
/* Makes context `number` anew: it will run body. */
void bare_start(struct bare_tasks *tasks, uint32_t number, void (*body)(struct context *self));
/* Until nobody is ready. */
void bare_schedule(struct bare_tasks *tasks);

static inline void bare_make_ready(struct bare_tasks *tasks, uint32_t number)
{
    tasks->ready[tasks->tail++ & tasks->ready_mask] = number;
}

static inline void bare_park(struct context *self)
{
    sm__fiber_switch(&self->fiber, &self->tasks->scheduler, false);
}

static inline void bare_switch(struct bare_tasks *tasks, uint32_t number)
{
    sm__fiber_switch(&tasks->scheduler, &tasks->contexts[number].fiber, false);
}

/* With its record. */
static inline void bare_enter(struct bare_tasks *tasks, uint32_t number)
{
    const struct sim_record partial = {.time_ns = tasks->now, .task = number, .kind = SIM_TASK_RUN};

    bare_book_record(&tasks->book, &partial);
    bare_switch(tasks, number);
}

#endif
