/* SPDX-License-Identifier: MIT */
#include "kept.h"

#include <stdlib.h>
#include <string.h>

static char *first;
static int count;
static _Thread_local int thread_count = 40;

__attribute__((constructor)) static void construct(void)
{
    first = strdup("constructed");
}

__attribute__((destructor)) static void destruct(void)
{
    if (count > 0)
        abort(); /* a machine's: nobody may call it */
}

void kept_add(const char *name)
{
    if (count++ == 0) {
        free(first);
        first = strdup(name);
    }
    thread_count++;
}

int kept_count(void)
{
    return count;
}

const char *kept_first(void)
{
    return first;
}

int *kept_thread_count(void)
{
    return &thread_count;
}
