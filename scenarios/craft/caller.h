/* SPDX-License-Identifier: MIT */
/*
 * How a client talks to the cluster: one connection, to the node that it believes to lead, one
 * question at a time.
 *
 * Context of every call: a task.
 */
#ifndef CRAFT_CALLER_H
#define CRAFT_CALLER_H

#include "counter.h"

#include <steelmill/net.h>

struct sm_factory;

struct craft_caller {
    struct sm_net *net;
    const char *cluster; /* what the nodes' names begin with */
    int64_t nodes;
    sm_time timeout_ns; /* for an answer */
    uint64_t node;      /* that it talks to, from 1 */
    struct sm_stream *stream;
};

/*
 * Reads the configuration: nodes (5), cluster (raft), answer_timeout (1s).
 * Returns 0, -ENODEV (no network), -SM_ECONFIG; the detail is the factory's.
 */
int craft_caller_construct(struct craft_caller *caller, struct sm_factory *factory);
/* Draws the node that is asked first. */
void craft_caller_begin(struct craft_caller *caller);
/* Asks once. An error, or another status than CRAFT_OK, leaves the caller where it is. */
int craft_caller_ask(struct craft_caller *caller, const struct craft_command *command,
                     struct craft_answer *answer);
/* Turns to the leader that the answer names, at once, or else to the next node, after a pause. */
int craft_caller_turn(struct craft_caller *caller, const struct craft_answer *answer);
/* Closes the connection. Never blocks. */
void craft_caller_finish(struct craft_caller *caller);

#endif
