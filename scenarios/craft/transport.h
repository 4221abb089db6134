/* SPDX-License-Identifier: MIT */
/*
 * Messages between nodes: a connection for each direction of each pair, opened by the sender, which
 * says who it is and then writes frames (wire.h).
 *
 *   queue of a peer --sender task--> stream ...... stream --reader task--> inbox
 *
 *   1. The bytes of a message are copied while it is sent; its callback fires when they were
 * written to the stream, or dropped.
 *   2. A peer's queue is bounded. When it is full the oldest message is dropped: raft sends again.
 *   3. Of each peer only the newest connection is read.
 */
#ifndef CRAFT_TRANSPORT_H
#define CRAFT_TRANSPORT_H

#include "loop.h"
#include "wire.h"

#include <raft.h>

struct craft_frame;
struct craft_transport;

struct craft_peer {
    struct craft_transport *transport;
    raft_id id;
    char address[CRAFT_ADDRESS_BYTES]; /* the machine's name */
    struct craft_frame *first, **last;
    size_t count;
    struct sm_event ready;    /* something is queued */
    struct sm_stream *stream; /* to the peer; NULL: not connected */
    struct sm_task *reader;   /* of the connection from the peer */
};

struct craft_transport {
    struct sm_net *net;
    struct craft_loop *loop;
    raft_id self;
    struct sm_listener *listener;
    size_t peer_count;
    struct craft_peer peers[CRAFT_NODES_MAX];
};

void craft_transport_init(struct craft_transport *transport, struct sm_net *net,
                          struct craft_loop *loop, raft_id self);
/* The members of the cluster, the node itself excepted. */
void craft_transport_add(struct craft_transport *transport, raft_id id, const char *address);
/* The peer of a number; NULL: nobody has it. */
struct craft_peer *craft_transport_peer(struct craft_transport *transport, raft_id id);
/* Opens the port. Returns 0, -EADDRINUSE, -ENOMEM. */
int craft_transport_listen(struct craft_transport *transport);
/* Spawns the tasks. Returns 0, -ENOMEM, -ECANCELED. */
int craft_transport_start(struct craft_transport *transport);
/*
 * Queues a message; `cb` fires later with 0 or RAFT_NOCONNECTION. Never blocks.
 * Returns 0; RAFT_NOMEM, RAFT_NOCONNECTION (nobody has this number): the callback does not fire.
 */
int craft_transport_send(struct craft_transport *transport, const struct raft_message *message,
                         struct raft_io_send *req, raft_io_send_cb cb);
/* Completes everything that is queued with RAFT_CANCELED. The tasks have ended. */
void craft_transport_cancel(struct craft_transport *transport);
void craft_transport_finish(struct craft_transport *transport);

#endif
