/* SPDX-License-Identifier: MIT */
/* The network of a machine in production: what the program that sets it up needs. */
#ifndef STEELMILL_CORE_OS_NET_H
#define STEELMILL_CORE_OS_NET_H

#include <steelmill/net.h>

struct os_worker;

/* Where a machine is. */
struct os_name {
    const char *name;
    uint32_t ip; /* host byte order */
};

/*
 * Makes the network of the machine that a worker, and those in a team with it, run.
 *   ip: the machine's own address; sockets are bound to it before they connect or listen
 *   names: all machines, this one included; the caller's, must outlive the network
 * Returns: 0, -ENOMEM.
 */
int os_net_create(struct sm_net **out, struct os_worker *worker, uint32_t ip,
                  const struct os_name *names, size_t name_count);
/* Closes what was left open. When no worker runs that has used it. NULL allowed. */
void os_net_destroy(struct sm_net *net);

/* Is it an address of this host? Returns 0, -EADDRNOTAVAIL, -errno. */
int os_net_check_address(uint32_t ip);

#endif
