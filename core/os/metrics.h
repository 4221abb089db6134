/* SPDX-License-Identifier: MIT */
/*
 * Metrics of the process, as Prometheus reads them: what its threads have counted
 * (core/counters.h), which properties were violated, and which roles it holds.
 */
#ifndef STEELMILL_CORE_OS_METRICS_H
#define STEELMILL_CORE_OS_METRICS_H

#include <stddef.h>

/* The calling thread's counters are added up, until it detaches and beyond. Twice is once. */
void os_metrics_attach(void);
void os_metrics_detach(void);

/*
 * Writes the metrics as text.
 *   machine: a label of each of them
 *   size: receives the bytes
 * Ownership: the caller frees the text.
 * Context: any thread.
 * Returns: the text; NULL: no memory.
 */
char *os_metrics_text(const char *machine, size_t *size);

#endif
