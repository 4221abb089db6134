/* SPDX-License-Identifier: MIT */
/* The scenario's network, made from its links. Its faults: network_fault.h. */
#ifndef STEELMILL_SCENARIOS_WORKER_NETWORK_H
#define STEELMILL_SCENARIOS_WORKER_NETWORK_H

#include <stdint.h>

struct run;
struct scn;
struct scn_end;
struct scn_link;
struct lo_link;

/* The network's words for a link of the scenario. */
struct lo_link worker_network_link(const struct scn_link *link);
int worker_network_create(struct run *run);
/* Message counts, into the result. */
void worker_network_count(struct run *run);
/* Adds the machines that an end names, if not by a role, to a set as of net-loopback/net.h. */
void worker_network_set_add(const struct scn *scn, const struct scn_end *end, uint64_t *set);

#endif
