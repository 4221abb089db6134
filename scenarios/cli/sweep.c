/* SPDX-License-Identifier: MIT */
#include "scenarios/cli/sweep.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scenarios/cli/locate.h"
#include "scenarios/cli/runner.h"
#include "scenarios/cli/signals.h"
#include "scenarios/cli/worker.h"

#define TICK_NS           INT64_C(200000000)
#define FAILED_STARTS_MAX 3 /* in a row */

/* The state of a sweep that goes on. */
struct pool {
    struct cli_sweep *sweep;
    struct cli_worker *workers;
    struct pollfd *fds;
    struct cli_worker_setup setup;
    struct cli_outcome outcome;
    uint64_t next;          /* seed */
    bool exhausted;         /* no seed is left, or no time */
    int64_t end_ns;         /* on cli_real_ns */
    uint32_t failed_starts; /* in a row */
};

uint32_t cli_default_jobs(void)
{
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set)
                                                            : (int)sysconf(_SC_NPROCESSORS_ONLN);
    return count > 0 ? (uint32_t)count : 1;
}

uint64_t cli_sweep_size(const struct cli_sweep *sweep)
{
    if (sweep->first > sweep->last)
        return 0;
    uint64_t steps = (sweep->last - sweep->first) / sweep->stride;
    return steps == UINT64_MAX ? UINT64_MAX : steps + 1;
}

static void stop(struct pool *pool, int exit, const char *why)
{
    pool->exhausted = true;
    pool->sweep->stopped = exit;
    snprintf(pool->sweep->why, sizeof pool->sweep->why, "%s", why);
}

/* True while seeds are to be handed out. */
static bool more(struct pool *pool)
{
    if (!pool->exhausted && cli_real_ns() >= pool->end_ns)
        pool->exhausted = true;
    return !pool->exhausted;
}

static void hand_out(struct pool *pool, struct cli_worker *worker)
{
    const struct cli_sweep *sweep = pool->sweep;
    struct job_command command = cli_runner_command(sweep->args, &pool->setup, pool->next);
    if (!cli_given(sweep->args, CLI_OPT_FRESH))
        command.flags |= JOB_SERIES;
    cli_worker_command(worker, &command);
    if (pool->next > sweep->last - sweep->stride || sweep->last < sweep->stride)
        pool->exhausted = true;
    else
        pool->next += sweep->stride;
}

static void note_failed_start(struct pool *pool, int exit, const char *why)
{
    if (exit == CLI_USAGE || ++pool->failed_starts >= FAILED_STARTS_MAX)
        stop(pool, exit, why);
}

static void start(struct pool *pool, struct cli_worker *worker)
{
    int error = cli_worker_start(worker, &pool->setup);
    if (error != 0)
        note_failed_start(pool, CLI_NOT_JUDGED, strerror(-error));
}

static void finish_run(struct pool *pool)
{
    struct cli_outcome *outcome = &pool->outcome;
    if (outcome->exit == CLI_USAGE)
        stop(pool, CLI_USAGE, outcome->text);
    pool->sweep->on_outcome(pool->sweep->arg, outcome);
}

static void look(struct pool *pool, struct cli_worker *worker)
{
    enum cli_worker_state before = worker->state;
    struct cli_outcome *outcome = &pool->outcome;
    enum cli_worker_news news = cli_worker_look(worker);
    if (news == CLI_WORKER_NOTHING)
        return;
    if (before == CLI_WORKER_BUSY) {
        if (news == CLI_WORKER_REPLIED)
            cli_outcome_of_run(outcome, worker);
        else
            cli_outcome_not_judged(outcome, worker->seed, worker->death);
        finish_run(pool);
    } else if (before == CLI_WORKER_STARTING) {
        if (news == CLI_WORKER_LOST) {
            note_failed_start(pool, CLI_NOT_JUDGED, worker->death);
        } else if (cli_outcome_of_start(outcome, worker)) {
            pool->failed_starts = 0;
        } else {
            cli_worker_kill(worker, "not ready");
            note_failed_start(pool, outcome->exit, outcome->text);
        }
    }
}

/* Gives every worker something to do. Returns how many must be waited for. */
static uint32_t keep_busy(struct pool *pool)
{
    uint32_t busy = 0;
    for (uint32_t i = 0; i < pool->sweep->jobs; i++) {
        struct cli_worker *worker = &pool->workers[i];
        if (worker->state == CLI_WORKER_IDLE && more(pool))
            hand_out(pool, worker);
        if (worker->state == CLI_WORKER_DOWN && more(pool))
            start(pool, worker);
        busy += worker->state == CLI_WORKER_BUSY ||
                (worker->state == CLI_WORKER_STARTING && more(pool));
    }
    return busy;
}

static int64_t wait_at_most(const struct pool *pool)
{
    int64_t now = cli_real_ns(), wait = TICK_NS;
    for (uint32_t i = 0; i < pool->sweep->jobs; i++) {
        int64_t deadline = pool->workers[i].deadline_ns;
        if (deadline != INT64_MAX && deadline - now < wait)
            wait = deadline > now ? deadline - now : 0;
    }
    return wait;
}

static void step(struct pool *pool)
{
    uint32_t jobs = pool->sweep->jobs;
    for (uint32_t i = 0; i < jobs; i++) {
        bool down = pool->workers[i].state == CLI_WORKER_DOWN;
        pool->fds[i] = (struct pollfd){down ? -1 : pool->workers[i].reply_fd, POLLIN, 0};
    }
    cli_poll(pool->fds, jobs, wait_at_most(pool));
    if (cli_interrupted()) {
        pool->sweep->interrupted = true;
        stop(pool, CLI_NOT_JUDGED, "interrupted");
        return;
    }
    int64_t now = cli_real_ns();
    for (uint32_t i = 0; i < jobs; i++)
        if (pool->workers[i].state != CLI_WORKER_DOWN &&
            (pool->fds[i].revents != 0 || now >= pool->workers[i].deadline_ns))
            look(pool, &pool->workers[i]);
}

static void run(struct pool *pool)
{
    struct cli_sweep *sweep = pool->sweep;
    int64_t begin_ns = cli_real_ns();
    pool->end_ns = sweep->for_ns > INT64_MAX - begin_ns ? INT64_MAX : begin_ns + sweep->for_ns;
    pool->next = sweep->first;
    pool->exhausted = sweep->first > sweep->last;
    while (keep_busy(pool) > 0 && !sweep->interrupted && sweep->stopped != CLI_USAGE) {
        step(pool);
        sweep->on_tick(sweep->arg);
    }
    sweep->real_ns = cli_real_ns() - begin_ns;
    for (uint32_t i = 0; i < sweep->jobs; i++)
        cli_worker_finish(&pool->workers[i]);
}

int cli_sweep_run(struct cli_sweep *sweep)
{
    char program[PATH_MAX];
    int failed = cli_locate_worker(program);
    if (failed != 0)
        return failed;
    if (cli_sweep_size(sweep) < sweep->jobs)
        sweep->jobs = (uint32_t)cli_sweep_size(sweep);
    struct pool *pool = calloc(1, sizeof *pool);
    if (pool != NULL) {
        pool->workers = calloc(sweep->jobs + 1, sizeof *pool->workers);
        pool->fds = calloc(sweep->jobs + 1, sizeof *pool->fds);
    }
    if (pool == NULL || pool->workers == NULL || pool->fds == NULL) {
        cli_error("out of memory");
        failed = CLI_NOT_JUDGED;
    } else {
        pool->sweep = sweep;
        pool->setup = cli_runner_setup(sweep->scenario, sweep->args, program);
        pool->setup.quiet = true;
        for (uint32_t i = 0; i < sweep->jobs; i++)
            cli_worker_init(&pool->workers[i]);
        run(pool);
    }
    if (pool != NULL) {
        free(pool->workers);
        free(pool->fds);
    }
    free(pool);
    return failed;
}
