/* SPDX-License-Identifier: MIT */
/*
 * The daemon raft_judge: hears from all nodes and states what must hold for all of them together.
 * It lives on a machine that no fault aims at.
 */
#ifndef CRAFT_JUDGE_H
#define CRAFT_JUDGE_H

#include "logs.h"
#include "wire.h"

#include <steelmill/factory.h>

/* What is known of a node. */
struct craft_witness {
    uint64_t incarnation; /* 0: never heard of */
    uint64_t next;        /* the number of the report that comes next */
    bool leads;
};

struct raft_judge {
    struct sm_net *net;
    struct sm_listener *listener;
    struct craft_witness witnesses[CRAFT_NODES_MAX + 1]; /* by the node's number */
    size_t term_capacity;
    uint64_t *leaders; /* by term; 0: none known */
    struct craft_logs logs;
};

SM_DAEMON_DECLARE(raft_judge)

#endif
