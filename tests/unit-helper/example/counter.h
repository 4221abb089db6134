/* SPDX-License-Identifier: MIT */
/*
 * A counter that outlives power cuts: a server, and calls for its clients.
 *
 * Configuration of counter_server:
 *   careless   true answers before the new value is on disk: the bug that test_planted.c finds
 */
#ifndef COUNTER_H
#define COUNTER_H

#include <steelmill/steelmill.h>

extern const struct sm_daemon_type counter_server_daemon;

/*
 * Adds to the counter that a machine serves.
 *   amount: 0 only reads
 *   value: the sum afterwards
 * Blocks? until the answer or the deadline.
 * Returns: 0; else a negative error, and the amount may have been added or not.
 */
int counter_add(struct sm_net *net, const char *machine, uint64_t amount, uint64_t *value,
                sm_time deadline);

#endif
