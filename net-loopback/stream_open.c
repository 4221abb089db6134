/* SPDX-License-Identifier: MIT */
/* Listening, connecting, accepting. */
#include "core/task.h"
#include "net-loopback/stream.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#define BACKLOG_MAX 4096
/* How long a machine takes to find that no machine has an address. */
#define NOBODY_NS (20 * SM_US)

void lo_streams_init(struct lo_net *net)
{
    lo_objects_init(&net->listeners, sizeof(struct sm_listener),
                    offsetof(struct sm_listener, handle.link));
    lo_objects_init(&net->connections, sizeof(struct lo_connection),
                    offsetof(struct lo_connection, ends[0].handle.link));
}

/* ---- listeners ---- */

static uint32_t listener_ready(struct sm_waitable *self, uint32_t interest)
{
    const struct sm_listener *listener = sm__container(self, struct sm_listener, any);
    return listener->first ? interest & SM_READ : 0;
}

int sm_listener_open(struct sm_net *net, struct sm_listener **out, uint16_t port, int backlog)
{
    lo_interface_check(net, __func__);
    *out = NULL;
    if (backlog < 1 || backlog > BACKLOG_MAX)
        return -EINVAL;
    if (port == 0)
        port = lo_ports_pick(net, &net->listener_ports);
    if (port == 0 || lo_ports_find(&net->listener_ports, port))
        return -EADDRINUSE;
    struct sm_listener *listener = lo_objects_take(&net->net->listeners);
    listener->handle.magic = LO_MAGIC_LISTENER;
    listener->handle.port = port;
    listener->handle.interface = net;
    listener->backlog = (uint32_t)backlog;
    sm__waitable_init(&listener->any, listener_ready);
    sm__waitable_init(&listener->acceptors, NULL);
    sm__list_append(&net->listeners, &listener->handle.link);
    lo_ports_put(&net->listener_ports, port, listener);
    *out = listener;
    return 0;
}

uint16_t sm_listener_port(const struct sm_listener *listener)
{
    lo_handle_check(&listener->handle, LO_MAGIC_LISTENER, __func__);
    return listener->handle.port;
}

struct sm_waitable *sm_listener_waitable(struct sm_listener *listener)
{
    lo_handle_check(&listener->handle, LO_MAGIC_LISTENER, __func__);
    return &listener->any;
}

static struct sm_stream *find_in_backlog(const struct sm_listener *listener)
{
    const struct sm__list *all = &listener->handle.interface->streams;

    for (struct sm__list *link = all->next; link != all; link = link->next) {
        struct sm_stream *end = sm__container(link, struct sm_stream, handle.link);
        if (end->listener == listener)
            return end;
    }
    return NULL;
}

void lo_listener_close(struct sm_listener *listener)
{
    struct sm_net *interface = listener->handle.interface;
    struct sm_stream *end;

    while ((end = find_in_backlog(listener))) {
        struct lo_connection *connection = end->connection;
        lo_connection_hold(connection);
        lo_backlog_leave(end);
        lo_end_reset(end);
        lo_connection_drop(connection);
    }
    lo_ports_remove(&interface->listener_ports, listener->handle.port);
    sm__list_remove(&listener->handle.link);
    listener->handle.magic = LO_MAGIC_CLOSED;
    lo_objects_give(&interface->net->listeners, listener);
}

void sm_listener_close(struct sm_listener *listener)
{
    if (!listener)
        return;
    lo_handle_check(&listener->handle, LO_MAGIC_LISTENER, __func__);
    SM_ASSERT_MSG(sm__waitable_idle(&listener->any) && sm__waitable_idle(&listener->acceptors),
                  "sm_listener_close: a task still waits on the listener");
    lo_listener_close(listener);
}

/* ---- the server's side ---- */

void lo_backlog_leave(struct sm_stream *end)
{
    struct sm_listener *listener = end->listener;
    struct sm_stream **place = listener ? &listener->first : NULL, *before = NULL;

    if (!listener)
        return;
    end->listener = NULL;
    listener->pending--;
    while (*place && *place != end) {
        before = *place;
        place = &before->next_accept;
    }
    if (!*place)
        return; /* the handshake is not over */
    *place = end->next_accept;
    if (listener->last == end)
        listener->last = before;
}

void lo_end_established(struct sm_stream *end)
{
    struct sm_listener *listener = end->listener;

    end->state = LO_END_OPEN;
    end->tries = 0;
    if (end->retry) {
        sim_event_cancel(end->retry);
        end->retry = NULL;
    }
    end->next_accept = NULL;
    if (listener->last)
        listener->last->next_accept = end;
    else
        listener->first = end;
    listener->last = end;
    lo_net_of(end)->counters.connections++;
    if (listener->acceptors.first)
        sm__wake_one(&listener->acceptors);
    sm__wake_all_fast(&listener->any);
}

static void open_end(struct sm_stream *end, enum lo_end_state state)
{
    const uint32_t window = lo_net_of(end)->stream_buffer_bytes;

    memset(&end->out, 0, sizeof end->out);
    memset(&end->in, 0, sizeof end->in);
    end->out.window_end = window;
    end->in.advertised = window;
    end->state = state;
    end->error = 0;
    end->finished = false;
    end->tries = 0;
    sm__list_append(&end->handle.interface->streams, &end->handle.link);
}

void lo_syn_arrives(struct sm_stream *end)
{
    struct sm_net *interface = end->handle.interface;

    if (end->state == LO_END_ACCEPTING) { /* a repeated attempt: our answer was lost */
        lo_control_send(end, LO_CONTROL_SYN_ACK);
        return;
    }
    if (end->state == LO_END_OPEN)
        return;
    struct lo_net *net = interface->net;
    const uint32_t client = end->peer->handle.interface->index;
    struct sm_listener *listener = lo_ports_find(&interface->listener_ports, end->handle.port);
    if (!listener || end->peer->state == LO_END_OPEN ||
        lo_rules_meet(net, LO_EFFECT_REFUSE, client, interface->index)) {
        lo_control_send(end, LO_CONTROL_RST);
        return;
    }
    if (listener->pending == listener->backlog ||
        lo_rules_meet(net, LO_EFFECT_BACKLOG, client, interface->index)) {
        lo_note_control_lost(end->peer->handle.interface, interface, LO_LOST_BACKLOG,
                             end->connection->id);
        lo_end_retry_later(end->peer);
        return;
    }
    open_end(end, LO_END_ACCEPTING);
    end->listener = listener;
    listener->pending++;
    lo_control_send(end, LO_CONTROL_SYN_ACK);
}

int sm_listener_accept(struct sm_listener *listener, struct sm_stream **out,
                       struct sm_address *peer, sm_time deadline)
{
    lo_handle_check(&listener->handle, LO_MAGIC_LISTENER, __func__);
    int error = sm__enter();

    *out = NULL;
    while (!error && !listener->first)
        error = sm__wait(&listener->acceptors, true, deadline);
    if (error)
        return error;
    struct sm_stream *end = listener->first;
    lo_backlog_leave(end);
    end->is_held = true;
    end->handle.magic = LO_MAGIC_STREAM;
    if (peer)
        sm_stream_address(end, NULL, peer);
    *out = end;
    return 0;
}

/* ---- the client's side ---- */

static uint32_t stream_ready(struct sm_waitable *self, uint32_t interest)
{
    struct sm_stream *stream = sm__container(self, struct sm_stream, any);
    uint32_t ready = 0;

    lo_sender_poll(stream);
    if (lo_end_readable(stream))
        ready |= SM_READ;
    if (stream->state == LO_END_DEAD || stream->out.fin || lo_sender_room(stream) > 0)
        ready |= SM_WRITE;
    return ready & interest;
}

static void init_end(struct lo_connection *connection, int side, struct sm_net *interface,
                     uint16_t port)
{
    struct sm_stream *end = &connection->ends[side];

    end->handle.interface = interface;
    end->handle.port = port;
    sm__list_init(&end->handle.link);
    sm__waitable_init(&end->any, stream_ready);
    sm__waitable_init(&end->readers, NULL);
    sm__waitable_init(&end->writers, NULL);
    end->connection = connection;
    end->peer = &connection->ends[!side];
}

static struct sm_stream *begin(struct sm_net *from, struct sm_net *to, uint16_t from_port,
                               uint16_t to_port)
{
    struct lo_connection *connection = lo_objects_take(&from->net->connections);
    struct sm_stream *end = &connection->ends[0];

    connection->id = ++from->net->connection_ids;
    init_end(connection, 0, from, from_port);
    init_end(connection, 1, to, to_port);
    lo_ports_put(&from->outgoing_ports, from_port, end);
    open_end(end, LO_END_CONNECTING);
    end->is_held = true;
    lo_control_send(end, LO_CONTROL_SYN);
    return end;
}

/* Nobody has the address: what a host answers whose interface has all of 127.0.0.0/8. */
static int connect_to_nobody(sm_time deadline)
{
    const sm_time answer = sm_now() + NOBODY_NS;
    const int error = sm_sleep_until(answer < deadline ? answer : deadline);

    if (error)
        return error;
    return answer <= deadline ? -ECONNREFUSED : -ETIMEDOUT;
}

int sm_stream_connect(struct sm_net *net, struct sm_stream **out, const struct sm_address *to,
                      sm_time deadline)
{
    int error = sm__enter();

    lo_interface_check(net, __func__);
    *out = NULL;
    if (error)
        return error;
    struct sm_net *server = lo_interface_at(net, to->ip);
    if (!server)
        return connect_to_nobody(deadline);
    const uint16_t port = lo_ports_pick(net, &net->outgoing_ports);
    if (!port)
        return -EADDRNOTAVAIL;
    struct sm_stream *end = begin(net, server, port, to->port);
    while (!error && end->state == LO_END_CONNECTING)
        error = sm__wait(&end->writers, true, deadline);
    if (!error && end->state == LO_END_DEAD)
        error = -end->error;
    if (error) {
        lo_end_give_up(end);
        return error;
    }
    end->handle.magic = LO_MAGIC_STREAM;
    *out = end;
    return 0;
}
