/* SPDX-License-Identifier: MIT */
/*
 * What a node offers to clients: a connection carries one operation at a time, each an entry of the
 * replicated log, reads too, or a change of the cluster itself.
 */
#ifndef CRAFT_SERVICE_H
#define CRAFT_SERVICE_H

#include "loop.h"
#include "request.h"

#include <steelmill/net.h>

struct craft_transport;

struct craft_service {
    struct sm_net *net;
    struct craft_loop *loop;
    struct raft *raft;
    struct craft_transport *transport; /* knows the nodes' addresses */
    struct sm_listener *listener;
    uint64_t under_way; /* requests that libraft has yet to call back about */
    size_t kept_next;
    struct craft_request *kept[CRAFT_REQUESTS_KEPT]; /* the last ones that were answered */
};

void craft_service_init(struct craft_service *service, struct sm_net *net, struct craft_loop *loop,
                        struct raft *raft, struct craft_transport *transport);
int craft_service_listen(struct craft_service *service);
/* Spawns the tasks. Returns 0, -ENOMEM, -ECANCELED. */
int craft_service_start(struct craft_service *service);
/* Gives a client's request to libraft. Context: the driver. */
void craft_service_handle(struct craft_service *service, struct craft_request *request);
/* Forgets a request that will never reach libraft. */
void craft_service_drop(struct craft_request *request);
/* After raft_close: everything was called back. */
void craft_service_finish(struct craft_service *service);

#endif
