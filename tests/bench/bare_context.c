/* SPDX-License-Identifier: MIT */
#include "tests/bench/bare_context.h"

#include <stdlib.h>
#include <sys/mman.h>

#define STACK_BYTES ((size_t)16384)
#define COLOURS     32u /* stack tops do not share a set of the cache */

static void entry(void *arg)
{
    struct context *self = arg;

    sm__fiber_arrived(&self->fiber);
    self->body(self);
    self->ended = true;
    sm__fiber_switch(&self->fiber, &self->tasks->scheduler, true);
    __builtin_unreachable();
}

void bare_start(struct bare_tasks *tasks, uint32_t number, void (*body)(struct context *self))
{
    struct context *self = &tasks->contexts[number];
    char *low = tasks->stacks + number * STACK_BYTES;

    *self = (struct context){.tasks = tasks, .body = body, .number = number};
    sm__fiber_init(&self->fiber, low, low + STACK_BYTES - number % COLOURS * 64, entry, self);
}

struct bare_tasks *bare_create(uint32_t size, uint64_t count)
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

void bare_destroy(struct bare_tasks *tasks)
{
    sim_queue_finish(&tasks->queue);
    munmap(tasks->stacks, tasks->size * STACK_BYTES);
    free(tasks->contexts);
    free(tasks->ready);
    free(tasks);
}

void bare_schedule(struct bare_tasks *tasks)
{
    while (tasks->head != tasks->tail)
        bare_enter(tasks, tasks->ready[tasks->head++ & tasks->ready_mask]);
}
