/* SPDX-License-Identifier: MIT */
#include "scenarios/cli/verify_lanes.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "scenarios/cli/signals.h"
#include "scenarios/cli/verify_chunk.h"

struct lanes {
    const struct cli_verify *verify;
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t told;
    uint64_t next;    /* seed to be taken */
    bool none_left;   /* no seed is to be taken */
    uint64_t turn;    /* seed to be told */
    atomic_bool over; /* nothing is to be told any more */
    int exit;
    pthread_t *threads;
    uint32_t thread_count;
};

/* Small ones at first, so that a result is told soon, and at last, so that all lanes end together.
 */
static uint32_t chunk_size(const struct lanes *lanes)
{
    const uint64_t taken = lanes->next - lanes->verify->first;
    const uint64_t left_more = lanes->verify->last - lanes->next; /* seeds besides the next */
    uint64_t size = 1 + taken / 4;
    if (size > 1 + left_more / 2 / lanes->verify->lane_count)
        size = 1 + left_more / 2 / lanes->verify->lane_count;
    return size < CLI_CHUNK_SEEDS_MAX ? (uint32_t)size : CLI_CHUNK_SEEDS_MAX;
}

static bool take_chunk(struct lanes *lanes, struct cli_verify_chunk *chunk)
{
    pthread_mutex_lock(&lanes->mutex);
    const bool taken = !lanes->none_left && !atomic_load(&lanes->over);
    if (taken) {
        chunk->first = lanes->next;
        chunk->count = chunk_size(lanes);
        lanes->none_left = lanes->verify->last - chunk->first < chunk->count;
        lanes->next += chunk->count;
    }
    pthread_mutex_unlock(&lanes->mutex);
    return taken;
}

static void end(struct lanes *lanes, int exit)
{
    lanes->exit = exit;
    atomic_store(&lanes->over, true);
}

/* A signal reaches one thread, and the others may be waiting for a run to end. */
static void wake_others(const struct lanes *lanes)
{
    for (uint32_t i = 0; i < lanes->thread_count; i++) {
        if (pthread_equal(lanes->threads[i], pthread_self()))
            continue;
        pthread_kill(lanes->threads[i], SIGINT);
        pthread_kill(lanes->threads[i], SIGTERM);
    }
}

/* Waits until all seeds before this one are told, and tells it. */
static void tell_in_turn(struct lanes *lanes, const struct cli_verified *verified)
{
    pthread_mutex_lock(&lanes->mutex);
    if (cli_interrupted())
        wake_others(lanes);
    while (lanes->turn != verified->seed && !atomic_load(&lanes->over))
        pthread_cond_wait(&lanes->told, &lanes->mutex);
    if (!atomic_load(&lanes->over)) {
        lanes->verify->tell(lanes->verify->arg, verified);
        lanes->turn++;
        if (verified->exit != CLI_PASSED)
            end(lanes, verified->exit);
    }
    pthread_cond_broadcast(&lanes->told);
    pthread_mutex_unlock(&lanes->mutex);
}

/* One lane at a time; the first that cannot begin says why, and ends all. NULL: it cannot. */
static struct cli_verify_lane *begin(struct lanes *lanes)
{
    const struct cli_verify *verify = lanes->verify;
    struct cli_verify_lane *lane = NULL;
    pthread_mutex_lock(&lanes->mutex);
    if (!atomic_load(&lanes->over)) {
        int failed = CLI_NOT_JUDGED;
        lane = calloc(1, sizeof *lane);
        if (lane == NULL)
            cli_error("out of memory");
        else
            failed = cli_verify_lane_init(lane, verify->scenario, verify->args, &lanes->over);
        if (failed != 0)
            end(lanes, failed);
    }
    pthread_cond_broadcast(&lanes->told);
    pthread_mutex_unlock(&lanes->mutex);
    return lane;
}

static void *run_lane(void *arg)
{
    struct lanes *lanes = arg;
    struct cli_verify_lane *lane = begin(lanes);
    struct cli_verify_chunk chunk;
    struct cli_verified verified;
    if (lane == NULL)
        return NULL;
    while (take_chunk(lanes, &chunk)) {
        if (!lanes->verify->one_by_one)
            cli_verify_chunk(lane, &chunk);
        for (uint32_t i = 0; i < chunk.count && !atomic_load(&lanes->over); i++) {
            if (lanes->verify->one_by_one)
                cli_verify_seed(lane, chunk.first + i, &verified);
            else
                cli_verify_chunk_seed(lane, &chunk, i, &verified);
            tell_in_turn(lanes, &verified);
        }
    }
    cli_verify_lane_finish(lane);
    free(lane);
    return NULL;
}

static void start(struct lanes *lanes)
{
    int error = 0;
    /* The threads look for one another. */
    pthread_mutex_lock(&lanes->mutex);
    while (error == 0 && lanes->thread_count < lanes->verify->lane_count) {
        error = pthread_create(&lanes->threads[lanes->thread_count], NULL, run_lane, lanes);
        lanes->thread_count += error == 0;
    }
    pthread_mutex_unlock(&lanes->mutex);
    if (lanes->thread_count > 0)
        return; /* fewer will do */
    cli_error("no thread could be started: %s", strerror(error));
    end(lanes, CLI_NOT_JUDGED);
}

int cli_verify_run(const struct cli_verify *verify)
{
    struct lanes lanes = {
        .verify = verify,
        .mutex = PTHREAD_MUTEX_INITIALIZER,
        .told = PTHREAD_COND_INITIALIZER,
        .next = verify->first,
        .turn = verify->first,
        .threads = calloc(verify->lane_count, sizeof *lanes.threads),
    };
    if (lanes.threads == NULL) {
        cli_error("out of memory");
        return CLI_NOT_JUDGED;
    }
    start(&lanes);
    for (uint32_t i = 0; i < lanes.thread_count; i++)
        pthread_join(lanes.threads[i], NULL);
    free(lanes.threads);
    return lanes.exit;
}
