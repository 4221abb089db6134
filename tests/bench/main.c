/* SPDX-License-Identifier: MIT */
/*
 * ./mill bench: steelmill's kernel beside a bare C loop that does the same work, in one run. It
 * prints each aim as met or not; above ten times the bare loop it fails.
 */
#include "tests/bench/bench.h"

#include <stdio.h>
#include <time.h>

#define RATIO_MAX 10.0

static bool failed;

double bench_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

void bench_row(const char *what, double ours_ns, double bare_ns, double aim_ns)
{
    printf("%-44s %9.1f ns", what, ours_ns);
    if (bare_ns > 0)
        printf(" %9.1f ns %6.1fx", bare_ns, ours_ns / bare_ns);
    else
        printf(" %12s %7s", "", "");
    if (aim_ns > 0)
        printf("   aim %6.0f ns: %s", aim_ns, ours_ns <= aim_ns ? "met" : "MISSED");
    printf("\n");
    fflush(stdout);
    failed |= bare_ns > 0 && ours_ns > RATIO_MAX * bare_ns;
}

bool bench_failed(void)
{
    return failed;
}

int main(void)
{
    printf("%-44s %12s %12s %7s\n", "", "steelmill", "bare C", "ratio");
    bench_row("message of 64 bytes, 2 machines", kernel_messages(2, 5000000),
              bare_messages(2, 5000000, true), 100);
    bench_row("message of 64 bytes, 1,000 machines", kernel_messages(1000, 5000000),
              bare_messages(1000, 5000000, true), 150);
    bench_row("message of 64 bytes, 100,000 machines", kernel_messages(100000, 2000000),
              bare_messages(100000, 2000000, true), 1500);
    bench_row("the bare loop's digest, 1,000 nodes", bare_messages(1000, 5000000, true),
              bare_messages(1000, 5000000, false), 0);
    bench_row("timer, 1,000 pending", kernel_timers(1000, 5000000), bare_timers(1000, 5000000), 0);
    bench_row("timer, 100,000 pending", kernel_timers(100000, 3000000),
              bare_timers(100000, 3000000), 80);
    bench_row("timer re-armed at each message", kernel_rearms(3000000), 0, 0);
    bench_row("item through a channel, no switch", kernel_channel(10000000), bare_ring(10000000),
              0);
    bench_row("switch by yield", kernel_yields(10000000), bare_switches(10000000), 0);
    bench_row("spawn and end of a task", kernel_spawns(5000000), 0, 100);
    if (bench_failed())
        printf("failed: more than ten times the bare loop\n");
    return bench_failed();
}
