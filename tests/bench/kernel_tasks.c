/* SPDX-License-Identifier: MIT */
/* Tasks on steelmill, in one machine. */
#include "tests/bench/bench.h"
#include "tests/bench/kernel.h"

#include <steelmill/steelmill.h>

#define TIMER_NS 1000000

/* ---- sleeps ---- */

static int sleeper(void *arg)
{
    struct kernel *kernel = arg;
    struct sm_random random;

    sm_random_init(&random, sm_task_name(sm_task_self()));
    random.key += kernel->done; /* each its own times; the stream does not matter here */
    while (kernel->done < kernel->count) {
        sm_sleep(1 + (sm_time)sm_random_below(&random, TIMER_NS));
        kernel->done++;
    }
    return 0;
}

static int sleeps(struct kernel *kernel, struct sim_machine *machine)
{
    (void)machine;
    for (uint32_t i = 0; i < kernel->size; i++) {
        kernel->done = i;
        sm_task_spawn(NULL, NULL, sleeper, kernel);
        sm_yield();
    }
    kernel->done = 0;
    sm_sleep(TIMER_NS); /* all are up */
    const uint64_t before = kernel->done;
    const double begin = bench_now_ns();
    while (kernel->done < kernel->count)
        sm_sleep(TIMER_NS / 10);
    kernel->ns = (bench_now_ns() - begin) / (double)(kernel->done - before);
    return 0;
}

double kernel_sleeps(uint32_t size, uint64_t count)
{
    return kernel_measure(sleeps, size, count + size);
}

/* ---- items from task to task ---- */

struct table {
    struct sm_channel *channels[2];
    sm_time limit_ns; /* of each wait; SM_FOREVER: none */
};

static sm_time deadline(const struct table *table)
{
    return table->limit_ns == SM_FOREVER ? SM_FOREVER : sm_now() + table->limit_ns;
}

static int ponger(void *arg)
{
    const struct table *table = arg;
    uint64_t word;

    while (sm_channel_receive(table->channels[0], &word, deadline(table)) == 0)
        sm_channel_send(table->channels[1], &word, deadline(table));
    return 0;
}

static int hand_over(struct kernel *kernel, sm_time limit_ns)
{
    struct table table = {.limit_ns = limit_ns};
    struct sm_task *task;
    uint64_t word = 0;

    sm_channel_create(&table.channels[0], 1, sizeof word);
    sm_channel_create(&table.channels[1], 1, sizeof word);
    sm_task_spawn(&task, NULL, ponger, &table);
    const double begin = bench_now_ns();
    for (uint64_t i = 0; i < kernel->count; i += 2) {
        sm_channel_send(table.channels[0], &word, deadline(&table));
        sm_channel_receive(table.channels[1], &word, deadline(&table));
        if (i % 1000 == 0)
            sm_sleep(SM_MS); /* deadlines move */
    }
    kernel->ns = (bench_now_ns() - begin) / (double)kernel->count;
    sm_channel_close(table.channels[0]);
    sm_task_join(task, NULL, SM_FOREVER);
    sm_channel_destroy(table.channels[0]);
    sm_channel_destroy(table.channels[1]);
    return 0;
}

static int handover(struct kernel *kernel, struct sim_machine *machine)
{
    (void)machine;
    return hand_over(kernel, SM_FOREVER);
}

double kernel_handover(uint32_t size, uint64_t count)
{
    return kernel_measure(handover, size, count);
}

static int dozer(void *arg)
{
    (void)arg;
    return sm_sleep(3600 * SM_S);
}

/* Every receive has a deadline a second away, and is woken long before. */
static int rearms(struct kernel *kernel, struct sim_machine *machine)
{
    (void)machine;
    for (uint32_t i = 0; i < kernel->size; i++) {
        sm_task_spawn(NULL, NULL, dozer, NULL);
        sm_yield();
    }
    return hand_over(kernel, SM_S);
}

double kernel_rearms(uint32_t size, uint64_t count)
{
    return kernel_measure(rearms, size, count);
}

/* ---- a channel in one task ---- */

static int channel(struct kernel *kernel, struct sim_machine *machine)
{
    struct sm_channel *items;
    uint64_t word = 0;

    (void)machine;
    sm_channel_create(&items, kernel->size, sizeof word);
    const double begin = bench_now_ns();
    for (uint64_t i = 0; i < kernel->count; i++) {
        sm_channel_send(items, &word, SM_FOREVER);
        sm_channel_receive(items, &word, SM_FOREVER);
    }
    kernel->ns = (bench_now_ns() - begin) / (double)kernel->count;
    sm_channel_destroy(items);
    return 0;
}

double kernel_channel(uint32_t size, uint64_t count)
{
    return kernel_measure(channel, size, count);
}

/* ---- yields, spawns ---- */

static int yielder(void *arg)
{
    struct kernel *kernel = arg;

    while (kernel->done < kernel->count) {
        kernel->done++;
        sm_yield();
    }
    return 0;
}

static int yields(struct kernel *kernel, struct sim_machine *machine)
{
    (void)machine;
    for (uint32_t i = 1; i < kernel->size; i++)
        sm_task_spawn(NULL, NULL, yielder, kernel);
    sm_yield();
    const uint64_t before = kernel->done;
    const double begin = bench_now_ns();
    yielder(kernel);
    kernel->ns = (bench_now_ns() - begin) / (double)(kernel->done - before);
    return 0;
}

double kernel_yields(uint32_t size, uint64_t count)
{
    return kernel_measure(yields, size, count);
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
    for (uint64_t i = 1; i <= kernel->count; i++) {
        sm_task_spawn(NULL, NULL, nothing, NULL);
        if (i % kernel->size == 0)
            sm_yield();
    }
    kernel->ns = (bench_now_ns() - begin) / (double)kernel->count;
    return 0;
}

double kernel_spawns(uint32_t size, uint64_t count)
{
    return kernel_measure(spawns, size, count);
}
