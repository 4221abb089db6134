/* SPDX-License-Identifier: MIT */
/*
 * What the benchmarks share: a clock, and the table. Each figure of steelmill's stands beside a
 * bare C loop that does the same work (bare.c), measured in the same run; the ratio is what counts.
 */
#ifndef STEELMILL_TESTS_BENCH_BENCH_H
#define STEELMILL_TESTS_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

double bench_now_ns(void);

/*
 * One row. ours, bare: ns per operation (bare 0: there is nothing to compare with); aim: ns, 0 for
 * none. The program fails where ours is above ten times bare.
 */
void bench_row(const char *what, double ours_ns, double bare_ns, double aim_ns);
bool bench_failed(void);

/* ---- bare.c: the same work without machines, tasks, addresses or faults ---- */

/* Messages of 64 bytes among `nodes`, one in flight per node, random latency. ns per message. */
double bare_messages(uint32_t nodes, uint64_t messages, bool digest);
/* Timers in a heap: pops the earliest and sets it anew at a random later time. ns per timer. */
double bare_timers(uint32_t pending, uint64_t count);
/* A ring buffer: one item in, one item out. ns per item. */
double bare_ring(uint64_t count);
/* Two stacks switched by the C library-free minimum. ns per switch. */
double bare_switches(uint64_t count);

/* ---- kernel.c: steelmill's ---- */
double kernel_messages(uint32_t machines, uint64_t messages);
double kernel_timers(uint32_t pending, uint64_t count);
double kernel_rearms(uint64_t count); /* a deadline per message that never passes */
double kernel_channel(uint64_t count);
double kernel_yields(uint64_t count);
double kernel_spawns(uint64_t count);

#endif
