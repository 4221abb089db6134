/* SPDX-License-Identifier: MIT */
/*
 * Keep-alive and user timeout: how an end finds out by itself that its peer is gone.
 *
 * One event per end at most, set for the next time at which something may be due: on a quiet stream
 * that is keep-alive's idle time; the user timeout runs while something is not acknowledged. The
 * event looks at what has happened since, so that traffic never moves it.
 */
#include "core/stream_check.h"
#include "net-loopback/stream.h"

#include <errno.h>

/* When keep-alive has something to do next. */
static int64_t keep_alive_due(const struct sm_stream *end)
{
    const struct lo_watch *watch = &end->watch;

    if (watch->unanswered)
        return watch->asked_ns + watch->interval_ns;
    return watch->heard_ns + watch->idle_ns;
}

static void look(struct sim_world *world, struct sim_event *event);

static void arm(struct sm_stream *end)
{
    struct sim_world *world = lo_net_of(end)->world;
    const struct lo_watch *watch = &end->watch;
    int64_t due = INT64_MAX;

    if (watch->idle_ns)
        due = keep_alive_due(end);
    if (watch->user_timeout_ns && end->out.first && watch->moved_ns + watch->user_timeout_ns < due)
        due = watch->moved_ns + watch->user_timeout_ns;
    if (due == INT64_MAX || end->state != LO_END_OPEN)
        return;
    struct sim_event *event = sim_event_at(world, due > world->now ? due : world->now + 1,
                                           SIM_CONTROL, end->handle.interface->index, look);
    event->object = end;
    event->number = end->connection->id;
    event->peer = end->peer->handle.interface->index;
    event->size = LO_CONTROL_WATCH;
    end->watch.event = event;
}

static void arm_anew(struct sm_stream *end)
{
    if (end->watch.event)
        sim_event_cancel(end->watch.event);
    end->watch.event = NULL;
    arm(end);
}

static void give_up(struct sm_stream *end)
{
    lo_control_send(end, LO_CONTROL_RST);
    lo_end_die(end, ECONNABORTED);
}

/* Asks the peer for a sign of life, or gives it up. What is under way asks already. */
static void keep_alive(struct sm_stream *end)
{
    struct lo_watch *watch = &end->watch;
    const int64_t now = lo_net_of(end)->world->now;

    if (end->out.first) {
        watch->unanswered = 0;
        watch->heard_ns = now;
    } else if (watch->unanswered >= watch->probes) {
        give_up(end);
    } else {
        watch->unanswered++;
        watch->asked_ns = now;
        lo_control_send(end, LO_CONTROL_ALIVE);
    }
}

static void look(struct sim_world *world, struct sim_event *event)
{
    struct sm_stream *end = event->object;
    const struct lo_watch *watch = &end->watch;

    lo_connection_hold(end->connection);
    end->watch.event = NULL;
    lo_sender_poll(end);
    if (watch->user_timeout_ns && end->out.first &&
        world->now >= watch->moved_ns + watch->user_timeout_ns)
        give_up(end);
    else if (watch->idle_ns && world->now >= keep_alive_due(end))
        keep_alive(end);
    arm(end);
    lo_connection_drop(end->connection);
}

void lo_watch_outstanding(struct sm_stream *end)
{
    end->watch.moved_ns = lo_net_of(end)->world->now;
    if (end->watch.user_timeout_ns)
        arm_anew(end);
}

int sm_stream_keep_alive(struct sm_stream *stream, sm_time idle_ns, sm_time interval_ns, int probes)
{
    struct lo_watch *watch = &stream->watch;

    lo_handle_check(&stream->handle, LO_MAGIC_STREAM, __func__);
    if (!sm__keep_alive_valid(idle_ns, interval_ns, probes))
        return -EINVAL;
    if (stream->state != LO_END_OPEN)
        return -ENOTCONN;
    watch->idle_ns = idle_ns;
    watch->interval_ns = interval_ns;
    watch->probes = (uint32_t)probes;
    watch->unanswered = 0;
    watch->heard_ns = lo_net_of(stream)->world->now;
    arm_anew(stream);
    return 0;
}

int sm_stream_user_timeout(struct sm_stream *stream, sm_time timeout_ns)
{
    lo_handle_check(&stream->handle, LO_MAGIC_STREAM, __func__);
    if (!sm__patience_valid(timeout_ns))
        return -EINVAL;
    if (stream->state != LO_END_OPEN)
        return -ENOTCONN;
    lo_sender_poll(stream);
    stream->watch.user_timeout_ns = timeout_ns;
    stream->watch.moved_ns = lo_net_of(stream)->world->now;
    arm_anew(stream);
    return 0;
}
