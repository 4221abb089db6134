/* SPDX-License-Identifier: MIT */
/*
 * What the benchmarks share: a clock, and the two sides of each row. Each figure of steelmill's
 * (kernel.c, kernel_tasks.c) stands beside a bare C loop that does the same work without machines,
 * addresses, rights to be cancelled or faults (bare*.c), measured in the same run: the
 * ratio is what counts. The bare loops use the kernel's queue and its switch of stacks.
 *
 * All are called with a size (what is there at once) and a count of operations, and return ns per
 * operation.
 */
#ifndef STEELMILL_TESTS_BENCH_BENCH_H
#define STEELMILL_TESTS_BENCH_BENCH_H

#include "sim/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The real time. Also inside a task, where libc's clock is the simulated one. */
double bench_now_ns(void);

/* ---- the books that the bare loops keep, too: records, and a digest over blocks of them ---- */
struct bare_book {
    struct sim_record block[64];
    uint32_t block_count;
    bool undigested;
    uint64_t digest, events;
};
void bare_book_record(struct bare_book *book, const struct sim_record *partial);

/* ---- messages of 64 bytes among `size` nodes, one in flight per node, random latency ---- */
double kernel_messages(uint32_t size, uint64_t count);
double kernel_messages_undigested(uint32_t size, uint64_t count);
double bare_messages(uint32_t size, uint64_t count);
double bare_messages_undigested(uint32_t size, uint64_t count);

/* ---- timers: `size` are pending; the earliest comes up and is set anew, at a random time ---- */
double kernel_timers(uint32_t size, uint64_t count); /* as host code has them: a callback */
double kernel_sleeps(uint32_t size, uint64_t count); /* as daemons have them: a task that sleeps */
double bare_timers(uint32_t size, uint64_t count);
double bare_sleeps(uint32_t size, uint64_t count); /* each is a stack that is switched to */

/* ---- deadlines: `size` tasks sleep, two hand an item over with a deadline that never passes ----
 */
double kernel_rearms(uint32_t size, uint64_t count);
/* Writes the deadline down, hands the item over. */
double bare_rearms(uint32_t size, uint64_t count);

/* ---- channels ---- */
double kernel_channel(uint32_t size, uint64_t count); /* `size` items fit; in and out in one task */
double bare_channel(uint32_t size, uint64_t count);
double kernel_handover(uint32_t size, uint64_t count); /* from task to task, one fits */
/* Bounded rings, a line of contexts that are ready, records, a switch through the scheduler. */
double bare_handover(uint32_t size, uint64_t count);

/* ---- tasks ---- */
double kernel_yields(uint32_t size, uint64_t count); /* among `size` tasks */
double bare_yields(uint32_t size, uint64_t count);
double kernel_spawns(uint32_t size, uint64_t count); /* `size` at once, each just ends */
double bare_spawns(uint32_t size, uint64_t count);

#endif
