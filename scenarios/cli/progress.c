/* SPDX-License-Identifier: MIT */
#include "scenarios/cli/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scenarios/cli/number.h"
#include "scenarios/cli/signals.h"

#define DRAW_EVERY_NS INT64_C(200000000)

void cli_progress_init(struct cli_progress *progress, uint64_t seed_total)
{
    const char *term = getenv("TERM");
    *progress = (struct cli_progress){
        .on = isatty(STDERR_FILENO) && (term == NULL || strcmp(term, "dumb") != 0),
        .seed_total = seed_total,
        .begin_ns = cli_real_ns(),
    };
}

void cli_progress_draw(struct cli_progress *progress, uint64_t done, uint64_t failed,
                       uint64_t not_judged)
{
    int64_t now = cli_real_ns();
    if (!progress->on || now < progress->next_ns)
        return;
    progress->next_ns = now + DRAW_EVERY_NS;
    progress->shown = true;
    fprintf(stderr, "\r\033[K%" PRIu64, done);
    if (progress->seed_total != UINT64_MAX)
        fprintf(stderr, "/%" PRIu64, progress->seed_total);
    fprintf(stderr, " seeds, %" PRIu64 " failed", failed);
    if (not_judged > 0)
        fprintf(stderr, ", %" PRIu64 " not judged", not_judged);
    uint64_t rate = cli_per_second(done, now - progress->begin_ns);
    fprintf(stderr, ", %" PRIu64 " seeds/s", rate);
    if (progress->seed_total != UINT64_MAX && rate > 0)
        fprintf(stderr, ", %" PRIu64 " s left", (progress->seed_total - done) / rate);
    fflush(stderr);
}

void cli_progress_clear(struct cli_progress *progress)
{
    if (progress->shown)
        fputs("\r\033[K", stderr);
    progress->shown = false;
    fflush(stderr);
}
