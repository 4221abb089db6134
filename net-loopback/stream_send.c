/* SPDX-License-Identifier: MIT */
/* The sending half of an end: segments, the window, acknowledgements. */
#include "net-loopback/hash.h"
#include "net-loopback/stream.h"

#include <stddef.h>
#include <string.h>

/* ---- segments ---- */

void lo_segment_drop(struct lo_net *net, struct lo_segment *segment)
{
    if (--segment->references == 0)
        lo_pool_give(&net->pool, segment, segment->class);
}

/* A window of at least four segments, so that the sender need not wait for an empty buffer. */
static uint32_t segment_bytes_max(const struct lo_net *net)
{
    const uint32_t quarter = net->stream_buffer_bytes / 4;
    return quarter < LO_SEGMENT_BYTES_MAX ? quarter : LO_SEGMENT_BYTES_MAX;
}

/* A new last segment with room for up to `size` bytes. */
static struct lo_segment *add_segment(struct sm_stream *end, size_t size)
{
    struct lo_net *net = lo_net_of(end);
    struct lo_sender *out = &end->out;
    const uint32_t limit = segment_bytes_max(net);
    const size_t wanted = size < limit ? size : limit;
    uint8_t class;
    struct lo_segment *segment =
        lo_pool_take(&net->pool, offsetof(struct lo_segment, data) + wanted, &class);
    const size_t fits = lo_pool_bytes(class) - offsetof(struct lo_segment, data);

    memset(segment, 0, offsetof(struct lo_segment, data));
    segment->to = end->peer;
    segment->position = out->written;
    segment->capacity = (uint32_t)(fits < limit ? fits : limit);
    segment->class = class;
    segment->references = 1;
    const bool first = !out->first;
    if (out->last)
        out->last->next = segment;
    else
        out->first = segment;
    out->last = segment;
    if (!out->unsent)
        out->unsent = segment;
    if (first)
        lo_watch_outstanding(end);
    return segment;
}

uint32_t lo_sender_append(struct sm_stream *end, const void *data, size_t size)
{
    struct lo_sender *out = &end->out;
    const uint32_t room = lo_sender_room(end);
    const uint32_t total = size < room ? (uint32_t)size : room;
    uint32_t done = 0;

    while (done < total) {
        /* Nothing was sent of a segment that is unsent: small writes share it. */
        struct lo_segment *segment = out->unsent ? out->last : NULL;
        if (!segment || segment->size == segment->capacity)
            segment = add_segment(end, total - done);
        uint32_t count = segment->capacity - segment->size;
        if (count > total - done)
            count = total - done;
        memcpy(segment->data + segment->size, (const char *)data + done, count);
        segment->size += count;
        out->written += count;
        done += count;
    }
    return total;
}

void lo_sender_append_fin(struct sm_stream *end)
{
    if (end->out.fin)
        return;
    end->out.fin = true;
    add_segment(end, 0)->fin = true;
}

void lo_sender_clear(struct sm_stream *end)
{
    struct lo_sender *out = &end->out;

    while (out->first) {
        struct lo_segment *segment = out->first;
        out->first = segment->next;
        lo_segment_drop(lo_net_of(end), segment);
    }
    out->last = out->unsent = NULL;
    out->ack_due_ns = 0;
}

/* ---- on their way ---- */

static void fly(struct sm_stream *end, struct lo_segment *segment, int64_t delay_ns)
{
    struct sim_world *world = lo_net_of(end)->world;
    struct sim_event *event = sim_event_at(world, world->now + delay_ns, SIM_SEGMENT,
                                           end->peer->handle.interface->index, lo_segment_arrives);

    segment->in_flight++;
    segment->references++;
    lo_connection_hold(end->connection);
    event->object = segment;
    event->number = end->connection->id;
    event->hash = segment->hash ^ segment->garble;
    event->peer = end->handle.interface->index;
    event->size = segment->size;
}

static void judged(struct sm_stream *end, struct lo_segment *segment, struct lo_path *path,
                   uint64_t number);

static void release(struct lo_net *net, struct lo_held *held)
{
    struct lo_segment *segment = held->object;
    struct sm_stream *end = segment->to->peer;
    struct lo_connection *connection = end->connection;

    segment->held = false;
    /* It left the sender long ago: what has become of that does not matter. */
    judged(end, segment,
           lo_path_get(net, end->handle.interface->index, end->peer->handle.interface->index),
           held->number);
    lo_segment_drop(net, segment);
    lo_connection_drop(connection);
}

static void judged(struct sm_stream *end, struct lo_segment *segment, struct lo_path *path,
                   uint64_t number)
{
    struct lo_net *net = lo_net_of(end);
    struct lo_judgement judgement;

    lo_path_judge(net, path, number, segment->size, end->connection->id, &judgement);
    switch (judgement.fate) {
    case LO_FATE_PASSES:
        segment->garble = judgement.garble;
        fly(end, segment, judgement.delay_ns);
        break;
    case LO_FATE_HELD:
        segment->held = true;
        segment->references++;
        lo_connection_hold(end->connection);
        lo_rule_hold(net, judgement.rule, release, segment, number, 0);
        lo_end_retry_later(end); /* only to give up in the end */
        break;
    case LO_FATE_LOST:
        lo_note_lost(end->handle.interface, end->peer->handle.interface, judgement.reason,
                     end->connection->id, segment->hash, segment->size);
        lo_end_retry_later(end);
        break;
    }
}

void lo_segment_transmit(struct sm_stream *end, struct lo_segment *segment)
{
    struct lo_net *net = lo_net_of(end);
    struct lo_path *path =
        lo_path_get(net, end->handle.interface->index, end->peer->handle.interface->index);

    net->counters.sent++;
    net->counters.sent_bytes += segment->size;
    judged(end, segment, path, path->messages++);
}

void lo_sender_pump(struct sm_stream *end)
{
    struct lo_sender *out = &end->out;

    while (out->unsent && out->unsent->position + out->unsent->size <= out->window_end) {
        struct lo_segment *segment = out->unsent;
        out->unsent = segment->next;
        segment->hash = lo_hash(segment->data, segment->size);
        lo_segment_transmit(end, segment);
    }
}

/* ---- acknowledgements ---- */

void lo_sender_acked(struct sm_stream *end, uint64_t position, uint64_t window_end)
{
    struct lo_sender *out = &end->out;

    end->tries = 0;
    while (out->first && out->first != out->unsent &&
           out->first->position + out->first->size + out->first->fin <= position) {
        struct lo_segment *segment = out->first;
        out->first = segment->next;
        if (!out->first)
            out->last = NULL;
        lo_segment_drop(lo_net_of(end), segment);
    }
    if (position > out->acked || window_end > out->window_end)
        end->watch.moved_ns = lo_net_of(end)->world->now;
    if (position > out->acked)
        out->acked = position;
    if (window_end > out->window_end)
        out->window_end = window_end;
    if (!out->first && !lo_sender_uninformed(end) && end->retry) {
        sim_event_cancel(end->retry);
        end->retry = NULL;
    }
    lo_sender_pump(end);
    if (lo_sender_room(end) > 0 || end->lingers) {
        sm__wake_all_fast(&end->writers);
        sm__wake_all_fast(&end->any);
    }
}

void lo_sender_poll(struct sm_stream *end)
{
    struct lo_sender *out = &end->out;

    if (out->ack_due_ns && out->ack_due_ns <= lo_net_of(end)->world->now) {
        end->watch.heard_ns = out->ack_due_ns;
        end->watch.unanswered = 0;
        out->ack_due_ns = 0;
        lo_sender_acked(end, out->ack_position, out->ack_window_end);
    }
}

/* True if something depends on when the next acknowledgement comes. */
static bool waits_for_ack(const struct sm_stream *end)
{
    const struct lo_sender *out = &end->out;
    return end->state != LO_END_OPEN || lo_end_orphan(end) || end->lingers || out->unsent ||
           out->written - out->acked >= lo_net_of(end)->stream_buffer_bytes / 4;
}

bool lo_sender_note_ack(struct sm_stream *end, uint64_t position, uint64_t window_end,
                        int64_t delay_ns)
{
    struct lo_sender *out = &end->out;

    lo_sender_poll(end);
    if (waits_for_ack(end))
        return false;
    out->ack_due_ns = lo_net_of(end)->world->now + delay_ns;
    out->ack_position = position;
    out->ack_window_end = window_end;
    return true;
}

void lo_sender_expect(struct sm_stream *end)
{
    struct lo_sender *out = &end->out;

    if (!out->ack_due_ns || !waits_for_ack(end))
        return;
    const int64_t delay_ns = out->ack_due_ns - lo_net_of(end)->world->now;
    out->ack_due_ns = 0;
    lo_ack_fly(end->peer, out->ack_position, out->ack_window_end, delay_ns > 0 ? delay_ns : 1);
}
