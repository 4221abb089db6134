/* SPDX-License-Identifier: MIT */
/* The daemon asks one question of libc, by the name in its configuration. */
#include "asks.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

struct asks {
    struct sm_factory *factory;
    const char *what;
};

bool is_simulated;

static void nothing(void)
{
}

static const struct question no_questions[] = {{"nothing", nothing}, {NULL, NULL}};

static const struct question *const lists[] = {
    no_questions,     clock_questions,  identity_questions, memory_questions,
    output_questions, thread_questions, escape_questions};

static int asks_construct(void *self, struct sm_factory *factory)
{
    struct asks *asks = self;

    asks->factory = factory;
    asks->what = sm_factory_config(factory, "what");
    const char *world = sm_factory_config(factory, "world");
    is_simulated = !world || strcmp(world, "production") != 0;
    return 0;
}

/* What production is told from outside when it is to stop. */
static void end_process(void)
{
    printf("asked\n");
    fflush(stdout);
    kill(getpid(), SIGTERM);
}

static int asks_run(void *self)
{
    const struct asks *asks = self;

    if (sm_sleep(is_simulated ? 1500 * SM_MS : SM_MS))
        return 0;
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        for (const struct question *q = lists[i]; q->name; q++) {
            if (strcmp(q->name, asks->what) != 0)
                continue;
            q->ask();
            sm_sometimes(true, "asked");
            if (!is_simulated)
                end_process();
            return 0;
        }
    }
    return sm_factory_fail(asks->factory, -EINVAL, "no question '%s'", asks->what);
}

const struct sm_daemon_type asks_daemon = {
    SM_DAEMON_HEAD(asks),
    .about = "asks libc for what its configuration says",
    .construct = asks_construct,
    .run = asks_run,
};

SM_PLUGIN("Asks libc for everything that a machine answers.", &asks_daemon)
