/* SPDX-License-Identifier: MIT */
#include "listener.h"

#include <steelmill/errors.h>

#include <stdlib.h>

static err_t on_accepted(void *arg, struct tcp_pcb *pcb, err_t error)
{
    struct listener *listener = arg;
    struct conn *conn = error || !pcb ? NULL : malloc(sizeof *conn);

    if (!conn)
        return ERR_MEM; /* lwIP resets it */
    conn_init(conn);
    conn_accepted(conn, pcb);
    *listener->last = conn;
    listener->last = &conn->next;
    sm_event_set(&listener->changed);
    return ERR_OK;
}

int listener_open(struct listener *listener, uint16_t port)
{
    struct tcp_pcb *pcb = tcp_new();

    if (!pcb)
        return -ENOMEM;
    err_t error = tcp_bind(pcb, IP4_ADDR_ANY, port);
    struct tcp_pcb *listening =
        error ? NULL : tcp_listen_with_backlog_and_err(pcb, TCP_DEFAULT_LISTEN_BACKLOG, &error);
    if (!listening) {
        tcp_close(pcb);
        return -err_to_errno(error);
    }
    *listener = (struct listener){.pcb = listening};
    listener->last = &listener->first;
    sm_event_init(&listener->changed);
    tcp_arg(listening, listener);
    tcp_accept(listening, on_accepted);
    return 0;
}

/* Returns the connection that waits for longest; NULL: none does. */
static struct conn *next_accepted(struct listener *listener)
{
    struct conn *conn = listener->first;

    if (!conn)
        return NULL;
    listener->first = conn->next;
    if (!listener->first)
        listener->last = &listener->first;
    return conn;
}

int listener_accept(struct listener *listener, struct conn **out)
{
    while (!(*out = next_accepted(listener))) {
        sm_event_clear(&listener->changed);
        const int error = sm_event_wait(&listener->changed, SM_FOREVER);
        if (error)
            return error;
    }
    return 0;
}

void listener_close(struct listener *listener)
{
    struct conn *conn;

    if (!listener->pcb)
        return;
    while ((conn = next_accepted(listener))) {
        conn_abort(conn);
        free(conn);
    }
    tcp_close(listener->pcb);
    listener->pcb = NULL;
    sm_event_finish(&listener->changed);
}
