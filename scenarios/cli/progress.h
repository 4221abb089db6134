/* SPDX-License-Identifier: MIT */
/* A line on the terminal that says how far a sweep is. Nothing where stderr is no terminal. */
#ifndef STEELMILL_SCENARIOS_CLI_PROGRESS_H
#define STEELMILL_SCENARIOS_CLI_PROGRESS_H

#include <steelmill/base.h>

struct cli_progress {
    bool on;
    bool shown;
    uint64_t seed_total; /* UINT64_MAX: open */
    int64_t begin_ns, next_ns;
};

void cli_progress_init(struct cli_progress *progress, uint64_t seed_total);
/* Draws the line again if it is time to. */
void cli_progress_draw(struct cli_progress *progress, uint64_t done, uint64_t failed,
                       uint64_t not_judged);
/* Takes the line away. */
void cli_progress_clear(struct cli_progress *progress);

#endif
