/* SPDX-License-Identifier: MIT */
/* The seam: clocks and randomness. */
#include "core/os/clock.h"

#include "core/os/worker.h"
#include "core/random.h"

#include <sys/random.h>

/* A struct sm_random that was never initialised has epoch 0, and is not taken for a stream. */
#define EPOCH 1u

static struct {
    pthread_once_t once;
    sm_time start_ns;
    uint64_t seed;
} process = {.once = PTHREAD_ONCE_INIT};

static sm_time read_clock(clockid_t clock)
{
    struct timespec now;

    SM_ASSERT(clock_gettime(clock, &now) == 0);
    return (sm_time)now.tv_sec * SM_S + now.tv_nsec;
}

static void init_process(void)
{
    process.start_ns = read_clock(OS_CLOCK);
    SM_ASSERT(getrandom(&process.seed, sizeof process.seed, 0) == sizeof process.seed);
}

sm_time sm__clock_monotonic(struct sm__home *home)
{
    (void)home;
    pthread_once(&process.once, init_process);
    return read_clock(OS_CLOCK) - process.start_ns;
}

sm_time sm__clock_wall(struct sm__home *home)
{
    (void)home;
    return read_clock(CLOCK_REALTIME);
}

struct timespec os_clock_absolute(sm_time time)
{
    pthread_once(&process.once, init_process);
    const sm_time at = time > SM_FOREVER - process.start_ns ? SM_FOREVER : time + process.start_ns;
    /* A zero would disarm the timer. */
    const sm_time ns = at > 0 ? at : 1;
    return (struct timespec){.tv_sec = ns / SM_S, .tv_nsec = ns % SM_S};
}

void sm__random_rekey(struct sm__home *home, struct sm_random *random)
{
    pthread_once(&process.once, init_process);
    random->epoch = EPOCH;
    /* The workers of a machine must not draw the same. */
    const uint64_t seed = process.seed + (home ? os_worker_of(home)->number : 0);
    random->key = sm__random_key(seed, EPOCH, random->name, home ? home->index : 0);
}

bool sm__random_current(struct sm__home *home, const struct sm_random *random)
{
    (void)home;
    return random->epoch == EPOCH;
}

struct sm_random *sm__random_home(struct sm__home *home)
{
    SM_ASSERT_MSG(home, "the random stream \"daemon\" is used outside of any task");
    return &os_worker_of(home)->random;
}
