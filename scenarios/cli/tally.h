/* SPDX-License-Identifier: MIT */
/* How often each value occurred, for medians. The order of additions does not matter. */
#ifndef STEELMILL_SCENARIOS_CLI_TALLY_H
#define STEELMILL_SCENARIOS_CLI_TALLY_H

#include <steelmill/base.h>

struct cli_tally_slot {
    uint64_t value, count; /* count 0: free */
};

/* A hash table by value; all zero is empty. */
struct cli_tally {
    struct cli_tally_slot *slots;
    size_t slot_count, used;
    uint64_t total;
};

/* Returns 0, -ENOMEM with nothing changed. */
int cli_tally_add(struct cli_tally *tally, uint64_t value);
void cli_tally_finish(struct cli_tally *tally);

struct cli_tally_range {
    uint64_t min, median, max; /* median: the lower one of an even number; all 0 when empty */
};
struct cli_tally_range cli_tally_range(const struct cli_tally *tally);

#endif
