/* SPDX-License-Identifier: MIT */
/*
 * Interruptions. SIGINT and SIGTERM are blocked but for the waits of cli_poll, so that a signal is
 * never lost between looking at the flag and waiting.
 */
#ifndef STEELMILL_SCENARIOS_CLI_SIGNALS_H
#define STEELMILL_SCENARIOS_CLI_SIGNALS_H

#include <poll.h>

#include <steelmill/base.h>

/* Once, at the start of the program. */
void cli_signals_init(void);
/* In a child, before it executes another program: everything as it was when we started. */
void cli_signals_reset(void);
/* True once we were asked to end. */
bool cli_interrupted(void);
/*
 * poll(2) that a signal ends.
 *   timeout_ns: real time; INT64_MAX: none
 * Returns: as poll; -EINTR on a signal.
 */
int cli_poll(struct pollfd *fds, size_t count, int64_t timeout_ns);
/* The monotonic clock of the host, in ns. For limits and speeds only. */
int64_t cli_real_ns(void);

#endif
