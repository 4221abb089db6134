/* SPDX-License-Identifier: MIT */
/* Control messages: handshake, acknowledgements, probes, resets. */
#include "net-loopback/stream.h"

#include <errno.h>

#define WINDOW_BITS 24

/* ---- losses ---- */

/* Whoever waits for the effect of a message that was lost tries again. */
static void control_lost(struct sm_stream *end, enum lo_control what)
{
    struct sm_stream *peer = end->peer;

    switch (what) {
    case LO_CONTROL_SYN:
    case LO_CONTROL_PROBE:
        lo_end_retry_later(end);
        break;
    case LO_CONTROL_SYN_ACK:
        lo_end_retry_later(peer->state == LO_END_CONNECTING ? peer : end);
        break;
    case LO_CONTROL_ALIVE: /* another one follows */
        break;
    case LO_CONTROL_RST: /* who waits for an answer asks again; others do not */
        if (peer->state != LO_END_OPEN || peer->out.first)
            lo_end_retry_later(peer);
        break;
    default:
        peer->out.window_lost = end->in.advertised;
        lo_end_retry_later(peer);
    }
}

static void note_control_lost(struct sm_stream *end, enum lo_control what, enum lo_lost reason)
{
    lo_note_control_lost(end->handle.interface, end->peer->handle.interface, reason,
                         end->connection->id);
    control_lost(end, what);
}

/* ---- arrivals ---- */

static void syn_ack_arrives(struct sm_stream *end)
{
    if (end->state == LO_END_CONNECTING) {
        end->state = LO_END_OPEN;
        end->tries = 0;
        lo_end_wake(end);
    }
    if (end->state == LO_END_OPEN)
        lo_acknowledge(end);
    else
        lo_control_send(end, LO_CONTROL_RST);
}

static void ack_arrives(struct sm_stream *end, uint64_t encoded)
{
    const uint64_t position = encoded >> WINDOW_BITS;
    const uint64_t window = encoded & ((1u << WINDOW_BITS) - 1);

    if (end->state == LO_END_ACCEPTING)
        lo_end_established(end);
    if (end->state == LO_END_OPEN) {
        lo_watch_heard(end);
        lo_sender_acked(end, position, position + window);
    } else if (!lo_end_alive(end) && !end->finished)
        lo_control_send(end, LO_CONTROL_RST);
}

static void probe_arrives(struct sm_stream *end)
{
    if (end->state == LO_END_ACCEPTING)
        lo_end_established(end);
    if (end->state == LO_END_OPEN)
        lo_watch_heard(end);
    if (end->state == LO_END_OPEN || end->finished)
        lo_acknowledge(end);
    else if (!lo_end_alive(end))
        lo_control_send(end, LO_CONTROL_RST);
}

static void rst_arrives(struct sm_stream *end)
{
    if (lo_end_alive(end))
        lo_end_die(end, end->state == LO_END_CONNECTING ? ECONNREFUSED : ECONNRESET);
}

static void dispatch(struct sm_stream *end, enum lo_control what, uint64_t encoded)
{
    switch (what) {
    case LO_CONTROL_SYN:
        lo_syn_arrives(end);
        break;
    case LO_CONTROL_SYN_ACK:
        syn_ack_arrives(end);
        break;
    case LO_CONTROL_ACK:
        ack_arrives(end, encoded);
        break;
    case LO_CONTROL_PROBE:
    case LO_CONTROL_ALIVE:
        probe_arrives(end);
        break;
    default:
        rst_arrives(end);
    }
}

static void control_arrives(struct sim_world *world, struct sim_event *event)
{
    struct sm_stream *end = event->object;
    struct lo_connection *connection = end->connection;
    const enum lo_control what = event->size;

    (void)world;
    if (end->handle.interface->up)
        dispatch(end, what, event->hash);
    else
        note_control_lost(end->peer, what, LO_LOST_OFF);
    lo_connection_drop(connection);
}

/* ---- sending ---- */

static struct sim_event *fly(struct sm_stream *end, enum lo_control what, int64_t delay_ns)
{
    struct sim_world *world = lo_net_of(end)->world;
    struct sim_event *event = sim_event_at(world, world->now + delay_ns, SIM_CONTROL,
                                           end->peer->handle.interface->index, control_arrives);

    lo_connection_hold(end->connection);
    event->object = end->peer;
    event->number = end->connection->id;
    event->peer = end->handle.interface->index;
    event->size = what;
    return event;
}

void lo_ack_fly(struct sm_stream *end, uint64_t position, uint64_t window_end, int64_t delay_ns)
{
    struct sim_event *event = fly(end, LO_CONTROL_ACK, delay_ns);
    event->hash = position << WINDOW_BITS | (window_end - position);
}

static void acknowledge_in(struct sm_stream *end, int64_t delay_ns)
{
    const uint64_t position = end->in.arrived, window_end = end->in.advertised;

    if (!lo_sender_note_ack(end->peer, position, window_end, delay_ns))
        lo_ack_fly(end, position, window_end, delay_ns);
}

/* A rule has held it: it goes out anew, as it would be now. */
static void release(struct lo_net *net, struct lo_held *held)
{
    struct sm_stream *end = held->object;
    struct lo_connection *connection = end->connection;

    (void)net;
    if (held->what == LO_CONTROL_ACK) {
        end->ack_held = false;
        if (end->state == LO_END_OPEN || end->finished)
            lo_acknowledge(end);
    } else if (held->what == LO_CONTROL_RST || lo_end_alive(end)) {
        lo_control_send(end, (enum lo_control)held->what);
    }
    lo_connection_drop(connection);
}

static void hold(struct sm_stream *end, struct lo_active_rule *rule, enum lo_control what)
{
    if (what == LO_CONTROL_PROBE || what == LO_CONTROL_ALIVE) { /* another one follows */
        control_lost(end, what);
        return;
    }
    if (what == LO_CONTROL_ACK && end->ack_held)
        return; /* the newest counts, and is made at the release */
    if (what == LO_CONTROL_ACK) {
        end->ack_held = true;
        lo_end_retry_later(end->peer); /* only to give up in the end */
    }
    lo_connection_hold(end->connection);
    lo_rule_hold(lo_net_of(end), rule, release, end, 0, what);
}

void lo_control_send(struct sm_stream *end, enum lo_control what)
{
    struct lo_net *net = lo_net_of(end);
    struct lo_judgement judgement;

    if (what == LO_CONTROL_RST && !lo_end_alive(end->peer))
        return;
    struct lo_path *path =
        lo_path_get(net, end->handle.interface->index, end->peer->handle.interface->index);
    lo_path_judge(net, path, path->messages++, 0, end->connection->id, &judgement);
    if (judgement.fate == LO_FATE_LOST)
        note_control_lost(end, what, judgement.reason);
    else if (judgement.fate == LO_FATE_HELD)
        hold(end, judgement.rule, what);
    else if (what == LO_CONTROL_ACK)
        acknowledge_in(end, judgement.delay_ns);
    else
        (void)fly(end, what, judgement.delay_ns);
}

void lo_acknowledge(struct sm_stream *end)
{
    const uint32_t limit = lo_net_of(end)->stream_buffer_bytes;

    end->in.advertised = end->in.arrived + (limit > end->in.unread ? limit - end->in.unread : 0);
    lo_control_send(end, LO_CONTROL_ACK);
}
