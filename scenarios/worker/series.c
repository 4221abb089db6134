/* SPDX-License-Identifier: MIT */
/*
 * One child for many runs, as long as they pass: a fork for each would take longer than many a run.
 *
 *   worker   forks --> waits, limits the time ------------------> gone: see `state`
 *   child                RUNS --passed--> replies: WAITS --command--> RUNS
 *                          |                 +--> OVER          no command is left
 *                          |                 +--> HANDS_BACK    it is for a fresh child
 *                          +--> gone: a finding, or lost
 *
 *   1. Who replies: the child for runs that pass, the worker for all others.
 *   2. A run that does not pass is reported from a fresh child: what earlier runs have left behind,
 *      if anything, has no part in a finding.
 *   3. A world is made anew for each run, and its memory is as in a fresh process.
 */
#include "scenarios/worker/series.h"

#include "core/sanitize.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#define RUNS_MAX 2000u /* of one child: what a run leaks does not add up forever */

enum state { RUNS, WAITS, HANDS_BACK, OVER };

/* Shared with the child. */
struct shared {
    struct job_command command;
    _Atomic enum state state;
    _Atomic int64_t started_ns; /* the run; real time */
    uint32_t runs;              /* that have passed in this child */
};

struct series {
    struct worker *worker;
    struct shared *shared;
};

int series_create(struct series **out, struct worker *worker)
{
    static struct series only;

    only.worker = worker;
    only.shared =
        mmap(NULL, sizeof *only.shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    *out = &only;
    return only.shared == MAP_FAILED ? -ENOMEM : 0;
}

/* ---- the child ---- */

static void run_once(const struct series *series)
{
    struct run run = worker_run_of(series->worker, &series->shared->command);

    run.result->verdict = JOB_NOT_JUDGED; /* not that of the run before */
    series->shared->started_ns = worker_real_ns();
    series->shared->state = RUNS;
    worker_run(&run);
    fflush(stdout);
    if (run.result->verdict != JOB_PASSED)
        _exit(0);
    worker_run_free(&run);
}

static void run_series(void *arg)
{
    const struct series *series = arg;
    struct shared *shared = series->shared;

    for (;;) {
        run_once(series);
        shared->runs++;
        shared->state = WAITS;
        worker_reply(series->worker, 0, "");
        if (!worker_read_command(series->worker, &shared->command)) {
            shared->state = OVER;
            return;
        }
        if (!series_takes(&shared->command) || shared->runs == RUNS_MAX) {
            shared->state = HANDS_BACK;
            return;
        }
    }
}

/* ---- the worker ---- */

bool series_takes(const struct job_command *command)
{
    if (SM__ASAN) /* its allocator remembers what was there before */
        return false;
    return command->version == JOB_VERSION && command->flags & JOB_SERIES &&
           !(command->flags & (JOB_FOREGROUND | JOB_KEEP_OUTPUT));
}

/* Told now and then: real time until the run has had its time. */
static int64_t time_left(void *arg)
{
    const struct shared *shared = ((const struct series *)arg)->shared;
    const int64_t limit_ns = shared->command.wall_limit_ns;

    if (limit_ns <= 0)
        return INT64_MAX;
    if (shared->state != RUNS)
        return limit_ns; /* the next one may begin at once */
    return limit_ns - (worker_real_ns() - shared->started_ns);
}

/* Carries out the command that is in `shared`. False: the run was given up. */
static bool fork_series(struct series *series)
{
    struct shared *shared = series->shared;

    shared->runs = 0;
    shared->started_ns = worker_real_ns();
    shared->state = RUNS;
    return worker_in_child(&shared->command, series->worker->result, run_series, series, time_left);
}

enum series_end series_run(struct series *series, struct job_command *command)
{
    struct shared *shared = series->shared;

    shared->command = *command;
    for (;;) {
        const bool in_time = fork_series(series);
        if (shared->state == OVER)
            return SERIES_OVER;
        if (shared->state == WAITS) /* gone between two runs */
            return SERIES_NEXT;
        const bool is_own = shared->state == HANDS_BACK;
        *command = shared->command;
        if (is_own && !series_takes(command))
            return SERIES_COMMAND;
        if (is_own ||
            (in_time && shared->runs > 0 && series->worker->result->verdict != JOB_PASSED))
            continue;
        worker_reply(series->worker, 0, "");
        return SERIES_NEXT;
    }
}
