/* SPDX-License-Identifier: MIT */
/*
 * The part that both servers share: accepts connections, and answers requests in a task for each.
 */
#ifndef LEASE_LOCK_SERVER_H
#define LEASE_LOCK_SERVER_H

#include "protocol.h"

/*
 * Fills in the answer, which is zeroed before. May block; several connections call it at once.
 * Returns 0, or the error to close the connection with.
 */
typedef int (*server_handler)(void *arg, const struct message *request, struct message *answer);

struct server {
    struct sm_listener *listener;
    server_handler handle;
    void *arg;
    size_t connection_count;
};

/* Listens on a port. Returns 0, or what sm_listener_open does. */
int server_open(struct server *server, struct sm_net *net, uint16_t port, server_handler handle,
                void *arg);
/* Serves until cancelled: -ECANCELED. */
int server_run(struct server *server);
/* No task may be in server_run or in a connection any more. */
void server_close(struct server *server);

#endif
