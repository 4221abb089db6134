/* SPDX-License-Identifier: MIT */
/* How ends die, and connections end. */
#include "net-loopback/stream.h"

#include <errno.h>

void lo_end_wake(struct sm_stream *end)
{
    sm__wake_all_fast(&end->readers);
    sm__wake_all_fast(&end->writers);
    sm__wake_all_fast(&end->any);
}

static void drop_all(struct lo_net *net, struct lo_segment **first)
{
    while (*first) {
        struct lo_segment *segment = *first;
        *first = segment->next_in;
        lo_segment_drop(net, segment);
    }
}

static bool is_over(const struct sm_stream *end)
{
    return !lo_end_alive(end) && !end->is_held && !end->listener;
}

/* Gives back what an end that is over still has. */
static void finish_if_over(struct sm_stream *end)
{
    struct sm_net *interface = end->handle.interface;

    if (!is_over(end) || sm__list_empty(&end->handle.link))
        return;
    drop_all(lo_net_of(end), &end->in.first);
    end->in.last = NULL;
    end->in.unread = 0;
    sm__list_remove(&end->handle.link);
    if (end == &end->connection->ends[0])
        lo_ports_remove(&interface->outgoing_ports, end->handle.port);
}

void lo_end_die(struct sm_stream *end, int error)
{
    if (lo_end_alive(end)) {
        if (end->state == LO_END_ACCEPTING)
            lo_backlog_leave(end);
        end->state = LO_END_DEAD;
        end->error = error;
        if (end->retry)
            sim_event_cancel(end->retry);
        end->retry = NULL;
        if (end->watch.event)
            sim_event_cancel(end->watch.event);
        end->watch.event = NULL;
        lo_sender_clear(end);
        drop_all(lo_net_of(end), &end->in.early);
        lo_end_wake(end);
        /* A peer whose window is shut, or whose handshake is not over, would only find out by
         * asking now and then. */
        if (end->peer->out.first || end->peer->state == LO_END_ACCEPTING)
            lo_end_retry_later(end->peer);
    }
    finish_if_over(end);
}

void lo_end_reset(struct sm_stream *end)
{
    if (lo_end_alive(end))
        lo_control_send(end, LO_CONTROL_RST);
    lo_end_die(end, ECONNRESET);
}

void lo_end_let_go(struct sm_stream *end)
{
    struct lo_connection *connection = end->connection;

    lo_connection_hold(connection);
    lo_sender_poll(end);
    end->is_held = false;
    end->handle.magic = LO_MAGIC_CLOSED;
    if (!lo_end_alive(end)) {
        finish_if_over(end);
    } else if (end->in.unread || end->in.early) {
        lo_end_reset(end);
    } else {
        lo_sender_append_fin(end);
        lo_sender_pump(end);
        lo_sender_expect(end);
    }
    lo_connection_drop(connection);
}

void lo_end_give_up(struct sm_stream *end)
{
    struct lo_connection *connection = end->connection;

    lo_connection_hold(connection);
    end->is_held = false;
    if (end->state == LO_END_OPEN) /* at the same instant as the deadline */
        lo_end_reset(end);
    else
        lo_end_die(end, 0);
    lo_connection_drop(connection);
}

/* An orphan is done when all it wrote is acknowledged and nothing more can come. */
static void settle(struct sm_stream *end)
{
    if (end->state == LO_END_OPEN && lo_end_orphan(end) && !end->out.first &&
        (end->in.fin || !lo_end_alive(end->peer))) {
        end->finished = true;
        lo_end_die(end, 0);
    }
}

void lo_connection_drop(struct lo_connection *connection)
{
    struct sm_stream *ends = connection->ends;

    SM_ASSERT(connection->references > 0);
    settle(&ends[0]);
    settle(&ends[1]);
    settle(&ends[0]);
    if (--connection->references == 0 && is_over(&ends[0]) && is_over(&ends[1]))
        lo_objects_give(&ends[0].handle.interface->net->connections, connection);
}

/* ---- machines ---- */

static struct sm_stream *find_held(const struct sm_net *interface)
{
    const struct sm__list *all = &interface->streams;

    for (struct sm__list *link = all->next; link != all; link = link->next) {
        struct sm_stream *end = sm__container(link, struct sm_stream, handle.link);
        if (end->is_held)
            return end;
    }
    return NULL;
}

uint32_t lo_streams_count_open(const struct sm_net *interface)
{
    const struct sm__list *all = &interface->streams;
    uint32_t count = 0;

    for (const struct sm__list *link = all->next; link != all; link = link->next)
        count += sm__container(link, const struct sm_stream, handle.link)->is_held;
    return count;
}

static void close_listeners(struct sm_net *interface)
{
    while (!sm__list_empty(&interface->listeners))
        lo_listener_close(
            sm__container(interface->listeners.next, struct sm_listener, handle.link));
}

void lo_streams_crashed(struct sm_net *interface)
{
    while (!sm__list_empty(&interface->streams)) {
        struct sm_stream *end =
            sm__container(interface->streams.next, struct sm_stream, handle.link);
        struct lo_connection *connection = end->connection;
        lo_connection_hold(connection);
        lo_backlog_leave(end);
        end->is_held = false;
        end->handle.magic = LO_MAGIC_CLOSED;
        lo_end_die(end, 0);
        lo_connection_drop(connection);
    }
    close_listeners(interface);
}

void lo_streams_close(struct sm_net *interface)
{
    struct sm_stream *end;

    while ((end = find_held(interface))) {
        if (end->state == LO_END_CONNECTING)
            lo_end_give_up(end);
        else
            lo_end_let_go(end);
    }
    close_listeners(interface);
}

void lo_streams_stopped(struct sm_net *interface)
{
    lo_streams_close(interface);
    lo_streams_crashed(interface);
}
