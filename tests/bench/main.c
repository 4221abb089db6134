/* SPDX-License-Identifier: MIT */
/*
 * ./mill bench [WORD]: steelmill's kernel beside bare C loops that do the same work, in one run.
 * With a word, only the rows that have it in their name; exit code 2: there are none. Each figure
 * is the median of three. Aims are printed as met or missed; the program fails where a row is above
 * ten times its bare loop.
 */
#include "tests/bench/bench.h"

#include <stdio.h>
#include <string.h>

#define RATIO_MAX 10.0
#define ROUNDS    3

typedef double (*bench_fn)(uint32_t size, uint64_t count);

struct row {
    const char *what;
    bench_fn ours, bare;
    uint32_t size;
    uint64_t count; /* in all rounds */
    double aim_ns;  /* 0: none */
};

static const struct row rows[] = {
    {"message of 64 bytes, 2 machines", kernel_messages, bare_messages, 2, 6000000, 100},
    {"message of 64 bytes, 1,000 machines", kernel_messages, bare_messages, 1000, 6000000, 150},
    {"message of 64 bytes, 100,000 machines", kernel_messages, bare_messages, 100000, 3000000,
     1500},
    {"message undigested, 2 machines", kernel_messages_undigested, bare_messages_undigested, 2,
     6000000, 0},
    {"message undigested, 1,000 machines", kernel_messages_undigested, bare_messages_undigested,
     1000, 6000000, 0},
    {"timer, 1,000 pending", kernel_timers, bare_timers, 1000, 6000000, 0},
    {"timer, 100,000 pending", kernel_timers, bare_timers, 100000, 6000000, 80},
    {"timer, 1,000,000 pending", kernel_timers, bare_timers, 1000000, 6000000, 0},
    {"task that sleeps, 1,000 pending", kernel_sleeps, bare_sleeps, 1000, 3000000, 0},
    {"task that sleeps, 100,000 pending", kernel_sleeps, bare_sleeps, 100000, 1500000, 0},
    {"deadline re-armed, 1,000 pending", kernel_rearms, bare_rearms, 1000, 6000000, 0},
    {"deadline re-armed, 100,000 pending", kernel_rearms, bare_rearms, 100000, 6000000, 0},
    {"item through a channel, one task", kernel_channel, bare_channel, 64, 30000000, 0},
    {"item through a channel, task to task", kernel_handover, bare_handover, 1, 6000000, 0},
    {"switch by yield, 2 tasks", kernel_yields, bare_yields, 2, 9000000, 0},
    {"switch by yield, 1,000 tasks", kernel_yields, bare_yields, 1000, 9000000, 0},
    {"spawn and end of a task", kernel_spawns, bare_spawns, 16, 6000000, 100},
};

static double median(const double *ns)
{
    const double low = ns[0] < ns[1] ? ns[0] : ns[1], high = ns[0] < ns[1] ? ns[1] : ns[0];
    return ns[2] < low ? low : ns[2] > high ? high : ns[2];
}

/* Both sides in turn, so that what else the host does meets both. False: above the ratio. */
static bool run(const struct row *row)
{
    double ours_ns[ROUNDS], bare_ns[ROUNDS];

    for (int i = 0; i < ROUNDS; i++) {
        ours_ns[i] = row->ours(row->size, row->count / ROUNDS);
        bare_ns[i] = row->bare(row->size, row->count / ROUNDS);
    }
    const double ours = median(ours_ns), bare = median(bare_ns);
    printf("%-40s %9.1f ns %9.1f ns %6.1fx", row->what, ours, bare, ours / bare);
    if (row->aim_ns > 0)
        printf("   aim %5.0f ns: %s", row->aim_ns, ours <= row->aim_ns ? "met" : "MISSED");
    printf("\n");
    fflush(stdout);
    return ours <= RATIO_MAX * bare;
}

int main(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "";
    unsigned count = 0, slow = 0;

    bench_now_ns(); /* finds the clock, outside of any task */
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!strstr(rows[i].what, word))
            continue;
        if (count++ == 0)
            printf("%-40s %12s %12s %7s\n", "", "steelmill", "bare C", "ratio");
        slow += !run(&rows[i]);
    }
    if (count == 0)
        return 2; /* bench.sh may have one */
    if (slow > 0)
        printf("failed: %u above ten times the bare loop\n", slow);
    return slow > 0;
}
