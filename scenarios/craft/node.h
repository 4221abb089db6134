/* SPDX-License-Identifier: MIT */
/*
 * A node of the cluster: the daemon raft_node.
 *
 * Its machines are named with a number at the end, from 1 on: raft1 .. raft5. The number is the
 * node's, the name its address.
 *
 * Configuration: nodes (5), members (nodes): so many form the cluster at first, election_timeout
 * (1s), heartbeat (100ms), snapshot_threshold (256), snapshot_trailing (64), pre_vote (false),
 * judge (judge; "" is none), report_interval (250ms), forget_vote (false), append_error_ppm (0).
 */
#ifndef CRAFT_NODE_H
#define CRAFT_NODE_H

#include "fsm.h"
#include "io.h"
#include "observe.h"
#include "service.h"

#include <steelmill/factory.h>

struct craft_config {
    int64_t nodes, members;
    sm_time election_timeout_ns, heartbeat_ns, report_interval_ns;
    int64_t snapshot_threshold, snapshot_trailing, append_error_ppm;
    bool pre_vote, forget_vote;
    const char *judge;
};

struct raft_node {
    struct sm_factory *factory;
    struct sm_net *net;
    struct sm_disk *disk;
    struct craft_config config;
    raft_id id;
    char address[CRAFT_ADDRESS_BYTES];
    struct raft raft;
    struct craft_loop loop;
    struct craft_storage storage;
    struct craft_transport transport;
    struct craft_io io;
    struct craft_fsm fsm;
    struct craft_service service;
    struct craft_reporter reporter;
    struct craft_observer observer;
    bool prepared; /* raft was initialised */
    bool closed;   /* raft_close is through */
};

SM_DAEMON_DECLARE(raft_node)

/* Reads the configuration. Returns 0 or -SM_ECONFIG, with a detail. */
int craft_config_read(struct sm_factory *factory, struct craft_config *config);

#endif
