/* SPDX-License-Identifier: MIT */
/* The receiving half of an end. */
#include "net-loopback/stream.h"

static void insert_early(struct lo_receiver *in, struct lo_segment *segment)
{
    struct lo_segment **place = &in->early;

    while (*place && (*place)->position < segment->position)
        place = &(*place)->next_in;
    segment->next_in = *place;
    *place = segment;
}

static void append(struct lo_receiver *in, struct lo_segment *segment)
{
    segment->next_in = NULL;
    if (in->last)
        in->last->next_in = segment;
    else
        in->first = segment;
    in->last = segment;
    in->unread += segment->size;
    in->arrived += segment->size;
}

/* Moves what has no gap before it any more to where it can be read. */
static void close_gap(struct sm_stream *end)
{
    struct lo_receiver *in = &end->in;

    while (in->early && in->early->position == in->arrived) {
        struct lo_segment *segment = in->early;
        in->early = segment->next_in;
        if (segment->fin) {
            in->fin = true;
            in->arrived++;
            lo_segment_drop(lo_net_of(end), segment);
        } else {
            append(in, segment);
        }
    }
}

static void take(struct sm_stream *end, struct lo_segment *segment)
{
    struct lo_net *net = lo_net_of(end);

    SM_ASSERT(!segment->arrived); /* one copy is under way at a time */
    segment->arrived = true;
    if (SM_UNLIKELY(segment->garble)) /* the sender does not look at it any more */
        lo_garble(segment->data, segment->size, segment->garble);
    segment->references++;
    net->counters.delivered++;
    net->counters.delivered_bytes += segment->size;
    insert_early(&end->in, segment);
    close_gap(end);
    sm__wake_all_fast(&end->readers);
    sm__wake_all_fast(&end->any);
    lo_acknowledge(end);
}

static void lose(struct sm_stream *end, const struct lo_segment *segment, enum lo_lost reason)
{
    lo_note_lost(end->peer->handle.interface, end->handle.interface, reason, end->connection->id,
                 segment->hash, segment->size);
}

void lo_segment_arrives(struct sim_world *world, struct sim_event *event)
{
    struct lo_segment *segment = event->object;
    struct sm_stream *end = segment->to;
    struct lo_connection *connection = end->connection;

    (void)world;
    segment->in_flight--;
    if (end->handle.interface->up && end->state == LO_END_ACCEPTING)
        lo_end_established(end);
    if (!end->handle.interface->up) {
        lose(end, segment, LO_LOST_OFF);
        lo_end_retry_later(end->peer);
    } else if (end->state != LO_END_OPEN) {
        lose(end, segment, LO_LOST_NO_PORT);
        lo_control_send(end, LO_CONTROL_RST);
    } else if (segment->size && lo_end_orphan(end)) {
        lose(end, segment, LO_LOST_NO_PORT); /* nobody will ever read it */
        lo_end_reset(end);
    } else {
        lo_watch_heard(end);
        take(end, segment);
    }
    lo_segment_drop(lo_net_of(end), segment);
    lo_connection_drop(connection);
}
