/* SPDX-License-Identifier: MIT */
#include "scenarios/cli/signals.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

static volatile sig_atomic_t interrupted;
static sigset_t mask_at_start;
static int caught[2], caught_count; /* the signals that end us */

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

/* What was ignored at our start (a job in a script's background) stays ignored. */
static void catch_signal(int number, sigset_t *block)
{
    struct sigaction action = {.sa_handler = on_signal}, before;
    if (sigaction(number, NULL, &before) == 0 && before.sa_handler == SIG_IGN)
        return;
    sigaction(number, &action, NULL);
    sigaddset(block, number);
    caught[caught_count++] = number;
}

void cli_signals_init(void)
{
    sigset_t block;
    sigemptyset(&block);
    catch_signal(SIGINT, &block);
    catch_signal(SIGTERM, &block);
    sigprocmask(SIG_BLOCK, &block, &mask_at_start);
    /* Writing to a worker that died, or past a limit, is an error to handle, not the end. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
}

void cli_signals_reset(void)
{
    for (int i = 0; i < caught_count; i++)
        signal(caught[i], SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGXFSZ, SIG_DFL);
    sigprocmask(SIG_SETMASK, &mask_at_start, NULL);
}

bool cli_interrupted(void)
{
    /* A program that never waits would not see the signal: it is blocked. */
    sigset_t pending;
    sigpending(&pending);
    for (int i = 0; i < caught_count; i++)
        if (sigismember(&pending, caught[i]) == 1)
            interrupted = 1;
    return interrupted != 0;
}

int cli_poll(struct pollfd *fds, size_t count, int64_t timeout_ns)
{
    struct timespec timeout = {0, 0}, *wait = NULL;
    if (timeout_ns != INT64_MAX) {
        int64_t ns = timeout_ns > 0 ? timeout_ns : 0;
        timeout.tv_sec = ns / 1000000000;
        timeout.tv_nsec = ns % 1000000000;
        wait = &timeout;
    }
    int ready = ppoll(fds, count, wait, &mask_at_start);
    return ready < 0 ? -errno : ready;
}

int64_t cli_real_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}
