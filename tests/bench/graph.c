/* SPDX-License-Identifier: MIT */
/*
 * bench-graph: what a look-up in the graph of factories costs, beside a plain pointer load and
 * beside the ways in which others keep readers and writers apart; by one thread and by two at once.
 * In thread CPU time, the median of several rounds. It fails where an aim of the project is missed.
 */
#include "core/os/graph.h"
#define _LGPL_SOURCE /* liburcu's read sides inline: at their best */
#include "core/factory.h"

#include <steelmill/read.h>

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <urcu/urcu-bp.h>
#include <urcu/urcu-mb.h>
#include <urcu/urcu-memb.h>
#include <urcu/urcu-qsbr.h>

#define OPERATIONS         4000000u
#define ROUNDS             7
#define ABOVE_PLAIN_NS_MAX 2.0
/* A second thread may not slow a look-up down; what is above that is noise. */
#define SECOND_THREAD_MAX 1.25

struct thing {
    uint64_t value;
};

static const struct sm_daemon_type thing_daemon = {SM_DAEMON_HEAD(thing)};
static struct sm_factory *root, *leaf;
static struct thing *plain;
static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static uint64_t references;

/* ---- what is measured: each does its work `count` times, and returns what it read ---- */

static uint64_t plain_load(uint32_t count)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < count; i++)
        sum += __atomic_load_n(&plain, __ATOMIC_RELAXED)->value;
    return sum;
}

static uint64_t look_up(uint32_t count)
{
    uint64_t sum = 0;
    void *thing;

    sm_read_begin();
    for (uint32_t i = 0; i < count; i++) {
        sm_factory_get(leaf, &thing_daemon, &thing);
        sum += ((struct thing *)thing)->value;
    }
    sm_read_end();
    return sum;
}

static uint64_t look_up_in_sections(uint32_t count)
{
    uint64_t sum = 0;
    void *thing;

    for (uint32_t i = 0; i < count; i++) {
        sm_read_begin();
        sm_factory_get(leaf, &thing_daemon, &thing);
        sum += ((struct thing *)thing)->value;
        sm_read_end();
    }
    return sum;
}

static uint64_t look_up_by_name(uint32_t count)
{
    uint64_t sum = 0;

    sm_read_begin();
    for (uint32_t i = 0; i < count; i++)
        sum += ((struct thing *)sm_factory_find(leaf, "thing"))->value;
    sm_read_end();
    return sum;
}

static uint64_t with_rwlock(uint32_t count)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < count; i++) {
        pthread_rwlock_rdlock(&lock);
        sum += plain->value;
        pthread_rwlock_unlock(&lock);
    }
    return sum;
}

static uint64_t with_references(uint32_t count)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < count; i++) {
        __atomic_add_fetch(&references, 1, __ATOMIC_ACQ_REL);
        sum += plain->value;
        __atomic_sub_fetch(&references, 1, __ATOMIC_ACQ_REL);
    }
    return sum;
}

/* The read sides of liburcu's flavours. */
#define FLAVOUR(name_)                              \
    static uint64_t flavour_##name_(uint32_t count) \
    {                                               \
        uint64_t sum = 0;                           \
        urcu_##name_##_register_thread();           \
        for (uint32_t i = 0; i < count; i++) {      \
            urcu_##name_##_read_lock();             \
            sum += rcu_dereference(plain)->value;   \
            urcu_##name_##_read_unlock();           \
        }                                           \
        urcu_##name_##_unregister_thread();         \
        return sum;                                 \
    }
FLAVOUR(memb)
FLAVOUR(mb)
FLAVOUR(bp)

static uint64_t flavour_qsbr(uint32_t count) /* the worker's thread is registered */
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < count; i++) {
        urcu_qsbr_read_lock();
        sum += rcu_dereference(plain)->value;
        urcu_qsbr_read_unlock();
    }
    return sum;
}

/* ---- measuring ---- */

struct run {
    uint64_t (*fn)(uint32_t count);
    pthread_barrier_t *begin;
    unsigned cpu;
    double ns;
};

static double cpu_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void *run_main(void *arg)
{
    struct run *run = arg;
    cpu_set_t cpus;

    CPU_ZERO(&cpus);
    CPU_SET(run->cpu, &cpus);
    sched_setaffinity(0, sizeof cpus, &cpus); /* if it fails, two may take turns: no contention */
    os_graph_join();
    pthread_barrier_wait(run->begin);
    const double before = cpu_ns();
    if (run->fn(OPERATIONS) != OPERATIONS * 3ull)
        abort();
    run->ns = (cpu_ns() - before) / OPERATIONS;
    os_graph_leave();
    return NULL;
}

static int by_size(const void *a, const void *b)
{
    const double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* The slowest of the threads, in the median round. */
static double measure(uint64_t (*fn)(uint32_t), unsigned threads)
{
    double worsts[ROUNDS];

    for (int round = 0; round < ROUNDS; round++) {
        pthread_barrier_t begin;
        struct run runs[2];
        pthread_t ids[2];
        double worst = 0;

        pthread_barrier_init(&begin, NULL, threads);
        for (unsigned i = 0; i < threads; i++) {
            runs[i] = (struct run){fn, &begin, i, 0};
            if (pthread_create(&ids[i], NULL, run_main, &runs[i]))
                abort();
        }
        for (unsigned i = 0; i < threads; i++) {
            pthread_join(ids[i], NULL);
            worst = runs[i].ns > worst ? runs[i].ns : worst;
        }
        pthread_barrier_destroy(&begin);
        worsts[round] = worst;
    }
    qsort(worsts, ROUNDS, sizeof worsts[0], by_size);
    return worsts[ROUNDS / 2];
}

static double rows(const char *what, uint64_t (*fn)(uint32_t), double *two)
{
    const double one = measure(fn, 1);

    *two = measure(fn, 2);
    printf("%-44s %9.2f ns %9.2f ns\n", what, one, *two);
    fflush(stdout);
    return one;
}

static void make_graph(void)
{
    struct sm_factory *middle;
    void *thing;

    plain = calloc(1, sizeof *plain);
    if (!plain || sm_factory_create(&root, NULL, "root") ||
        sm_factory_get(root, &thing_daemon, &thing))
        abort();
    sm_factory_seal(root);
    ((struct thing *)thing)->value = plain->value = 3;
    if (sm_factory_create(&middle, root, "middle"))
        abort();
    sm_factory_seal(middle);
    if (sm_factory_create(&leaf, middle, "leaf") || sm_factory_get(leaf, &thing_daemon, &thing))
        abort();
    sm_factory_seal(leaf);
}

int main(void)
{
    double plain2, get2, unused;

    make_graph();
    printf("%-44s %12s %12s\n", "", "1 thread", "2 threads");
    const double plain1 = rows("plain pointer load", plain_load, &plain2);
    const double get1 = rows("look-up of a grandparent's daemon", look_up, &get2);
    rows("the same, each in a section of its own", look_up_in_sections, &unused);
    rows("the same, by name", look_up_by_name, &unused);
    rows("pthread_rwlock", with_rwlock, &unused);
    rows("atomic reference count", with_references, &unused);
    rows("liburcu QSBR: the read side alone", flavour_qsbr, &unused);
    rows("liburcu memb", flavour_memb, &unused);
    rows("liburcu bp", flavour_bp, &unused);
    rows("liburcu mb", flavour_mb, &unused);
    const bool near = get1 - plain1 <= ABOVE_PLAIN_NS_MAX;
    const bool even = get2 <= get1 * SECOND_THREAD_MAX;
    printf("a look-up takes %.2f ns more than a load; aim %.0f ns: %s\n", get1 - plain1,
           ABOVE_PLAIN_NS_MAX, near ? "met" : "MISSED");
    printf("a second thread makes it %.2f times as slow: %s\n", get2 / get1,
           even ? "no slow-down, met" : "MISSED");
    sm_factory_destroy(root);
    os_graph_settle();
    free(plain);
    return near && even ? 0 : 1;
}
