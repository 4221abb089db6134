/* SPDX-License-Identifier: MIT */
/* The daemon raft_operator: see operator.c. */
#ifndef CRAFT_OPERATOR_H
#define CRAFT_OPERATOR_H

#include "caller.h"
#include "wire.h"

#include <steelmill/factory.h>

struct raft_operator {
    struct craft_caller caller;
    sm_time interval_ns, quiet_after_ns;
    int64_t voters_min;
    bool votes[CRAFT_NODES_MAX + 1]; /* by the node's number, as far as it was told */
};

SM_DAEMON_DECLARE(raft_operator)

#endif
