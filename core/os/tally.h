/* SPDX-License-Identifier: MIT */
/* Numbers by name, for metrics: which properties were violated how often, which roles are held. */
#ifndef STEELMILL_CORE_OS_TALLY_H
#define STEELMILL_CORE_OS_TALLY_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#define OS_TALLY_ROWS_MAX   256 /* further names share the last row */
#define OS_TALLY_NAME_BYTES 128

struct os_tally {
    pthread_mutex_t lock;
    size_t count;
    struct {
        char name[OS_TALLY_NAME_BYTES];
        uint64_t value;
    } rows[OS_TALLY_ROWS_MAX];
};

/* Context of each: any thread. Names are copied, and cut where they are too long. */
void os_tally_add(struct os_tally *tally, const char *name, uint64_t by);
void os_tally_set(struct os_tally *tally, const char *name, uint64_t value);
/* `visit` may not use the tally. */
void os_tally_each(struct os_tally *tally,
                   void (*visit)(void *arg, const char *name, uint64_t value), void *arg);

/* The process's (property.c). */
extern struct os_tally os_tally_violated, os_tally_roles;

#endif
