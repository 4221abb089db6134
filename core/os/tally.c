/* SPDX-License-Identifier: MIT */
#include "core/os/tally.h"

#include <stdio.h>
#include <string.h>

/* Locked. */
static uint64_t *value_of(struct os_tally *tally, const char *name)
{
    size_t i = 0;

    while (i < tally->count && strncmp(tally->rows[i].name, name, OS_TALLY_NAME_BYTES - 1) != 0)
        i++;
    if (i == OS_TALLY_ROWS_MAX)
        i--;
    if (i == tally->count)
        snprintf(tally->rows[tally->count++].name, OS_TALLY_NAME_BYTES, "%s",
                 i < OS_TALLY_ROWS_MAX - 1 ? name : "others");
    return &tally->rows[i].value;
}

void os_tally_add(struct os_tally *tally, const char *name, uint64_t by)
{
    pthread_mutex_lock(&tally->lock);
    *value_of(tally, name) += by;
    pthread_mutex_unlock(&tally->lock);
}

void os_tally_set(struct os_tally *tally, const char *name, uint64_t value)
{
    pthread_mutex_lock(&tally->lock);
    *value_of(tally, name) = value;
    pthread_mutex_unlock(&tally->lock);
}

void os_tally_each(struct os_tally *tally,
                   void (*visit)(void *arg, const char *name, uint64_t value), void *arg)
{
    pthread_mutex_lock(&tally->lock);
    for (size_t i = 0; i < tally->count; i++)
        visit(arg, tally->rows[i].name, tally->rows[i].value);
    pthread_mutex_unlock(&tally->lock);
}
