/* SPDX-License-Identifier: MIT */
/*
 * What a client asks of the cluster, on its way through libraft and back.
 *
 * States: waiting in the inbox; under way in libraft, once craft_request_begin was called;
 * answered. libraft must call back exactly once, and never inside of the call that asked for it:
 * stated here as properties, for every request. An answered request is therefore kept for a while.
 *
 * Context of every call: the driver.
 */
#ifndef CRAFT_REQUEST_H
#define CRAFT_REQUEST_H

#include "counter.h"

#include <raft.h>

#define CRAFT_REQUESTS_KEPT 64u

struct craft_session;
struct craft_service;

struct craft_request {
    union {
        struct raft_apply apply;
        struct raft_change change;
        struct raft_transfer transfer;
    }; /* first: libraft hands these out */
    struct craft_service *service;
    struct craft_session *session; /* NULL: nobody waits any more */
    bool inside;                   /* of the call that asks libraft */
    bool begun, answered;
    uint8_t command[CRAFT_COMMAND_BYTES];
};

/* Around the call that asks libraft. A call that fails is no asking: the callback will not fire. */
void craft_request_begin(struct craft_request *request);
void craft_request_end(struct craft_request *request, int error);
/* What libraft calls back, first of all. */
void craft_request_called_back(struct craft_request *request);

/* Answers, and disposes of the request. */
void craft_request_answer(struct craft_request *request, const struct craft_answer *answer);
void craft_request_answer_status(struct craft_request *request, enum craft_status status);

/* Asks libraft for another leader or another membership. */
void craft_change_begin(struct craft_request *request, const struct craft_command *command);

#endif
