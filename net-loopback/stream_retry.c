/* SPDX-License-Identifier: MIT */
/*
 * Retransmission, with Linux's numbers: a handshake after 1, 2, 4 ... s, given up after 127 s
 * (client) or 63 s (server); data after 200 ms, doubling up to 120 s, given up after about 15
 * minutes.
 */
#include "net-loopback/stream.h"

#include <errno.h>

#define HANDSHAKE_DELAY_NS SM_S
#define CONNECTING_TRIES   6u
#define ACCEPTING_TRIES    5u
#define DATA_DELAY_NS      (200 * SM_MS)
#define DATA_DELAY_MAX_NS  (120 * SM_S)
#define DATA_TRIES         15u

static void retry(struct sim_world *world, struct sim_event *event);

static int64_t delay_of(const struct sm_stream *end)
{
    const int64_t delay = (end->state == LO_END_OPEN ? DATA_DELAY_NS : HANDSHAKE_DELAY_NS)
                          << end->tries;
    return delay < DATA_DELAY_MAX_NS ? delay : DATA_DELAY_MAX_NS;
}

void lo_end_retry_later(struct sm_stream *end)
{
    struct sim_world *world = lo_net_of(end)->world;

    if (!lo_end_alive(end) || end->retry)
        return;
    end->retry = sim_event_at(world, world->now + delay_of(end), SIM_CONTROL,
                              end->handle.interface->index, retry);
    end->retry->object = end;
    end->retry->number = end->connection->id;
    end->retry->peer = end->peer->handle.interface->index;
    end->retry->size = LO_CONTROL_RETRY;
}

/* Sends again what has not arrived. Where all of it has, or the window is shut, a probe asks. */
static void send_again(struct sm_stream *end)
{
    bool busy = false;

    lo_sender_poll(end);
    for (struct lo_segment *segment = end->out.first; segment != end->out.unsent;
         segment = segment->next) {
        if (segment->in_flight) {
            busy = true;
        } else if (!segment->arrived && !segment->held) {
            lo_segment_transmit(end, segment);
            busy = true;
        }
    }
    if (!busy && (end->out.first || lo_sender_uninformed(end)))
        lo_control_send(end, LO_CONTROL_PROBE);
}

static void retry(struct sim_world *world, struct sim_event *event)
{
    struct sm_stream *end = event->object;
    const uint32_t limit = end->state == LO_END_CONNECTING  ? CONNECTING_TRIES
                           : end->state == LO_END_ACCEPTING ? ACCEPTING_TRIES
                                                            : DATA_TRIES;

    (void)world;
    lo_connection_hold(end->connection);
    end->retry = NULL;
    if (++end->tries > limit)
        lo_end_die(end, end->state == LO_END_OPEN ? ECONNABORTED : ETIMEDOUT);
    else if (end->state == LO_END_CONNECTING)
        lo_control_send(end, LO_CONTROL_SYN);
    else if (end->state == LO_END_ACCEPTING)
        lo_control_send(end, LO_CONTROL_SYN_ACK);
    else
        send_again(end);
    lo_connection_drop(end->connection);
}
