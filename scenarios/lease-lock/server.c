/* SPDX-License-Identifier: MIT */
#include "server.h"

#include <stdlib.h>

#define BACKLOG         16
#define CONNECTIONS_MAX 256         /* more are turned away */
#define IDLE_NS         (30 * SM_S) /* a client that says nothing for so long is gone */
#define ANSWER_NS       (5 * SM_S)  /* for a client that does not read */

struct connection {
    struct server *server;
    struct sm_stream *stream;
    struct sm_framed framed;
};

static int answer_one(struct connection *connection)
{
    const struct server *server = connection->server;
    struct message request, answer = {0};

    int error = message_receive(&connection->framed, &request, sm_now() + IDLE_NS);
    if (!error)
        error = server->handle(server->arg, &request, &answer);
    if (!error)
        error = message_send(&connection->framed, &answer, sm_now() + ANSWER_NS);
    return error;
}

static int serve_connection(void *arg)
{
    struct connection *connection = arg;

    while (answer_one(connection) == 0) {
    }
    /* Why it ended does not matter: a client that still needs it connects again. */
    sm_stream_close(connection->stream);
    connection->server->connection_count--;
    free(connection);
    return 0;
}

/* Starts a task for a new connection. Returns 0; otherwise the stream is still the caller's. */
static int take_connection(struct server *server, struct sm_stream *stream)
{
    if (server->connection_count >= CONNECTIONS_MAX)
        return -EBUSY;
    struct connection *connection = malloc(sizeof *connection);
    if (!connection)
        return -ENOMEM;
    *connection = (struct connection){.server = server, .stream = stream};
    sm_framed_init(&connection->framed, stream, MESSAGE_BYTES_MAX);
    const int error = sm_task_spawn(NULL, "connection", serve_connection, connection);
    if (error)
        free(connection);
    else
        server->connection_count++;
    return error;
}

int server_open(struct server *server, struct sm_net *net, uint16_t port, server_handler handle,
                void *arg)
{
    *server = (struct server){.handle = handle, .arg = arg};
    return sm_listener_open(net, &server->listener, port, BACKLOG);
}

int server_run(struct server *server)
{
    for (;;) {
        struct sm_stream *stream;
        const int error = sm_listener_accept(server->listener, &stream, NULL, SM_FOREVER);
        if (error)
            return error;
        if (take_connection(server, stream))
            sm_stream_abort(stream);
    }
}

void server_close(struct server *server)
{
    if (server->listener)
        sm_listener_close(server->listener);
    server->listener = NULL;
}
