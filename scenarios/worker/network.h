/* SPDX-License-Identifier: MIT */
/* The scenario's network, made from its links. */
#ifndef STEELMILL_SCENARIOS_WORKER_NETWORK_H
#define STEELMILL_SCENARIOS_WORKER_NETWORK_H

struct run;

int worker_network_create(struct run *run);
/* Message counts, into the result. */
void worker_network_count(struct run *run);

#endif
