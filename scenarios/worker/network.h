/* SPDX-License-Identifier: MIT */
/* The scenario's network, made from its links, and the network faults of its plan. */
#ifndef STEELMILL_SCENARIOS_WORKER_NETWORK_H
#define STEELMILL_SCENARIOS_WORKER_NETWORK_H

#include <stdint.h>

struct run;
struct plan_fault;
struct scn_link;
struct lo_link;

/* The network's words for a link of the scenario. */
struct lo_link worker_network_link(const struct scn_link *link);
int worker_network_create(struct run *run);
/* Message counts, into the result. */
void worker_network_count(struct run *run);
/* Puts a partition, a degradation or a clog in force; returns the rule's number. */
uint32_t worker_network_rule_add(struct run *run, const struct plan_fault *fault);
/* Ends it; returns how many messages it affected. */
uint64_t worker_network_rule_remove(struct run *run, uint32_t rule);

#endif
