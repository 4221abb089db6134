/* SPDX-License-Identifier: MIT */
/* What belongs to the process as a whole: where log lines go, and what was said about properties.
 */
#ifndef STEELMILL_CORE_OS_PROCESS_H
#define STEELMILL_CORE_OS_PROCESS_H

#include <steelmill/base.h>

struct os_log_options {
    int level; /* enum sm_log_level, or -1: nothing */
    bool json;
    int fd; /* lines are written at once; a pipe that nobody reads stops the writer */
};

/* Before the first worker runs. Without it, warnings and errors go to stderr as text. */
void os_log_set_up(const struct os_log_options *options);

/*
 * The operations of histories (<steelmill/history.h>) are appended to a file, which is made if need
 * be; without it they are not recorded. history.c has its form. Before the first worker runs.
 * Returns 0, or what the system says.
 */
int os_history_open(const char *path);

/* Violations of properties end the process with SIGABRT once they are logged; by default they do
 * not. Before the first worker runs. */
void os_property_abort(bool aborts);
/* How often `always` did not hold or `unreachable` was reached, in all workers together. */
uint64_t os_property_violations(void);

#endif
