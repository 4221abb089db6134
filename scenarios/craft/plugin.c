/* SPDX-License-Identifier: MIT */
#include <steelmill/plugin.h>

#include "client.h"
#include "judge.h"
#include "node.h"
#include "operator.h"

SM_PLUGIN("Debian's libraft under simulation: a replicated counter, its clients, and a judge.",
          &raft_node_daemon, &counter_client_daemon, &raft_judge_daemon, &raft_operator_daemon)
