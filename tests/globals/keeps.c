/* SPDX-License-Identifier: MIT */
/*
 * A plugin that keeps state everywhere but in its instance: variables with and without initial
 * values, inside functions, thread-local ones, big ones, a block that a constructor allocates,
 * open streams with text in their buffers, and a library's. Each machine must find its own, fresh
 * after each start.
 */
#include "keeps.h"
#include "kept.h"

#include <steelmill/steelmill.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT    __attribute__((visibility("default")))
#define BIG_COUNT 100000

static char owner[64] = "nobody";
static int changes;
static int big[BIG_COUNT];
static int *points_to_changes = &changes;
static _Thread_local int thread_changes;
static _Thread_local char thread_owner[16] = "no thread";
static char *constructed;
static FILE *stream, *buffered, *unwritten;
static char *text; /* what went through `buffered` */
static size_t text_bytes;

__attribute__((constructor)) static void construct(void)
{
    constructed = strdup("by the constructor");
}

static int *inside(void)
{
    static int count = 7;

    return &count;
}

EXPORT keeps_look_fn keeps_look;
EXPORT keeps_change_fn keeps_change;

const char *keeps_look(void)
{
    if (strcmp(owner, "nobody") != 0 || changes != 0)
        return "a variable";
    if (points_to_changes != &changes)
        return "a pointer";
    if (*inside() != 7)
        return "a variable inside a function";
    if (big[0] != 0 || big[BIG_COUNT / 2] != 0 || big[BIG_COUNT - 1] != 0)
        return "a big variable";
    if (thread_changes != 0 || strcmp(thread_owner, "no thread") != 0)
        return "a thread-local variable";
    if (!constructed || strcmp(constructed, "by the constructor") != 0)
        return "what the constructor made";
    if (stream || buffered || text || text_bytes)
        return "a stream";
    if (kept_count() != 0 || *kept_thread_count() != 40)
        return "a variable of the library";
    return strcmp(kept_first(), "constructed") == 0 ? NULL : "what the library's constructor made";
}

static const char *look_after(const char *name, int step)
{
    if (strcmp(owner, name) != 0 || changes != step || *points_to_changes != step)
        return "a variable";
    if (*inside() != 7 + step || big[BIG_COUNT / 2] != step)
        return "a variable inside a function, or a big one";
    if (thread_changes != step || strncmp(thread_owner, name, sizeof thread_owner - 1) != 0)
        return "a thread-local variable";
    if (strcmp(constructed, name) != 0)
        return "what the constructor made";
    if (fflush(buffered) != 0 || text_bytes != (size_t)step * strlen(name) ||
        strncmp(text, name, strlen(name)) != 0)
        return "what was printed to a stream";
    return kept_count() == step && strcmp(kept_first(), name) == 0 &&
                   *kept_thread_count() == 40 + step
               ? NULL
               : "the library's state";
}

static void change(const char *name)
{
    snprintf(owner, sizeof owner, "%s", name);
    snprintf(thread_owner, sizeof thread_owner, "%s", name);
    changes++;
    thread_changes++;
    ++*inside();
    big[0] = big[BIG_COUNT / 2] = big[BIG_COUNT - 1] = changes;
    free(constructed);
    constructed = strdup(name);
    kept_add(name);
    if (!stream) {
        stream = fopen("/etc/hostname", "r");
        buffered = open_memstream(&text, &text_bytes);
        unwritten = fopen("/dev/null", "w");
    }
    (void)fgetc(stream);
    fputs(name, buffered);
    fputs(name, unwritten); /* a crash finds it in the buffer */
}

const char *keeps_change(const char *name, int step)
{
    const char *wrong = step > 1 ? look_after(name, step - 1) : NULL;

    change(name);
    return wrong;
}

/* ---- the daemon ---- */

struct keeps {
    struct sm_factory *factory;
};

static int keeps_construct(void *self, struct sm_factory *factory)
{
    struct keeps *keeps = self;

    keeps->factory = factory;
    return 0;
}

static int keeps_run(void *self)
{
    char name[64];
    const char *wrong = keeps_look();

    (void)self;
    snprintf(name, sizeof name, "%s", sm_machine_name());
    sm_always(!wrong, "a machine starts afresh", sm_str("wrong", wrong));
    printf("never ended");
    for (int step = 1; sm_sleep(sm_random_range(NULL, SM_MS, 5 * SM_MS)) == 0; step++) {
        wrong = keeps_change(name, step);
        sm_always(!wrong, "nobody else changes a machine's variables", sm_str("wrong", wrong));
        sm_sometimes(step > 10, "kept for long");
    }
    return 0;
}

const struct sm_daemon_type keeps_daemon = {
    SM_DAEMON_HEAD(keeps),
    .about = "keeps state in variables",
    .construct = keeps_construct,
    .run = keeps_run,
};

SM_PLUGIN("Keeps state everywhere but in its instance.", &keeps_daemon)
