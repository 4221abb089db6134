/* SPDX-License-Identifier: MIT */
/* The daemons of this system. Each lives in a file of its own name. */
#ifndef LEASE_LOCK_DAEMONS_H
#define LEASE_LOCK_DAEMONS_H

#include "peer.h"

/* Hands out one lease at a time. */
struct lock_server;
SM_DAEMON_DECLARE(lock_server)

/* Keeps a number, the register, and refuses writes under a lease that is over. */
struct store_server;
SM_DAEMON_DECLARE(store_server)

/* Takes the lease again and again, and renews it while its writer works. */
struct lock_client {
    struct sm_factory *factory;
    struct sm_log *log;
    struct peer server;
    struct sm_lease *lease;    /* what a register_writer lives below */
    struct sm_event work_done; /* set by the register_writer */
    sm_time think_ns;          /* between two leases, on average */
    uint64_t acquired_count;
};
SM_DAEMON_DECLARE(lock_client)

/* Increments the register a few times. One for each lease: it lives below the lock_client. */
struct register_writer;
SM_DAEMON_DECLARE(register_writer)

#endif
