/* SPDX-License-Identifier: MIT */
/*
 * What a node offers to clients: a connection carries one operation at a time, each an entry of the
 * replicated log, reads too.
 */
#ifndef CRAFT_SERVICE_H
#define CRAFT_SERVICE_H

#include "fsm.h"
#include "loop.h"

#include <steelmill/net.h>

struct craft_request;

struct craft_service {
    struct sm_net *net;
    struct craft_loop *loop;
    struct raft *raft;
    struct sm_listener *listener;
};

void craft_service_init(struct craft_service *service, struct sm_net *net, struct craft_loop *loop,
                        struct raft *raft);
int craft_service_listen(struct craft_service *service);
/* Spawns the tasks. Returns 0, -ENOMEM, -ECANCELED. */
int craft_service_start(struct craft_service *service);
/* Gives a client's request to libraft. Context: the driver. */
void craft_service_handle(struct craft_service *service, struct craft_request *request);
/* Forgets a request that will never reach libraft. */
void craft_service_drop(struct craft_request *request);
void craft_service_finish(struct craft_service *service);

#endif
