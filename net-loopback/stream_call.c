/* SPDX-License-Identifier: MIT */
/* Reading and writing: what programs call. */
#include "core/task.h"
#include "net-loopback/stream.h"

#include <errno.h>
#include <string.h>

#define COUNT_MAX ((size_t)1 << 30)

/* ---- reading ---- */

static uint32_t copy_out(struct sm_stream *stream, void *buffer, uint32_t capacity)
{
    struct lo_receiver *in = &stream->in;
    uint32_t done = 0;

    while (done < capacity && in->first) {
        struct lo_segment *segment = in->first;
        uint32_t count = segment->size - in->first_read;
        if (count > capacity - done)
            count = capacity - done;
        memcpy((char *)buffer + done, segment->data + in->first_read, count);
        done += count;
        in->first_read += count;
        if (in->first_read < segment->size)
            break;
        in->first = segment->next_in;
        if (!in->first)
            in->last = NULL;
        in->first_read = 0;
        lo_segment_drop(lo_net_of(stream), segment);
    }
    in->unread -= done;
    return done;
}

/* Tells the sender of new room when it is worth a message. */
static void update_window(struct sm_stream *stream)
{
    const uint32_t limit = lo_net_of(stream)->stream_buffer_bytes;
    const struct lo_receiver *in = &stream->in;

    if (stream->state == LO_END_OPEN && !in->fin &&
        in->arrived + limit - in->unread >= in->advertised + limit / 4)
        lo_acknowledge(stream);
}

int sm_stream_read(struct sm_stream *stream, void *buffer, size_t capacity, sm_time deadline)
{
    lo_handle_check(&stream->handle, LO_MAGIC_STREAM, __func__);
    int error = sm__enter();

    SM_ASSERT_MSG(capacity > 0 && capacity <= COUNT_MAX,
                  "sm_stream_read: capacity is not 1 to 2^30");
    while (!error && !lo_end_readable(stream))
        error = sm__wait(&stream->readers, false, deadline);
    if (error)
        return error;
    if (stream->in.unread) {
        struct lo_active_rule *slow = NULL;
        const uint32_t share = lo_reader_share(stream, (uint32_t)capacity, &slow);
        const uint32_t count = copy_out(stream, buffer, share);
        if (SM_UNLIKELY(slow))
            lo_reader_stall(stream, slow, count);
        sim_cpu_count(sm__current->home, count);
        update_window(stream);
        return (int)count;
    }
    return stream->in.fin ? 0 : -stream->error;
}

/* ---- writing ---- */

int sm_stream_write(struct sm_stream *stream, const void *data, size_t size, sm_time deadline)
{
    lo_handle_check(&stream->handle, LO_MAGIC_STREAM, __func__);
    int error = sm__enter();

    if (error || size == 0)
        return error;
    lo_sender_poll(stream);
    while (!error && stream->state == LO_END_OPEN && !stream->out.fin &&
           lo_sender_room(stream) == 0)
        error = sm__wait(&stream->writers, false, deadline);
    if (error)
        return error;
    if (stream->out.fin)
        return -EPIPE;
    if (stream->state == LO_END_DEAD)
        return -stream->error;
    const uint32_t count = lo_sender_append(stream, data, size < COUNT_MAX ? size : COUNT_MAX);
    sim_cpu_count(sm__current->home, count);
    lo_sender_pump(stream);
    lo_sender_expect(stream);
    return (int)count;
}

int sm_stream_shutdown(struct sm_stream *stream)
{
    lo_handle_check(&stream->handle, LO_MAGIC_STREAM, __func__);
    if (stream->state == LO_END_DEAD)
        return -ENOTCONN;
    lo_sender_poll(stream);
    lo_sender_append_fin(stream);
    lo_sender_pump(stream);
    lo_sender_expect(stream);
    lo_end_wake(stream); /* those who wait for room wait no more */
    return 0;
}

/* ---- the rest ---- */

static struct sm_address address_of(const struct sm_stream *end)
{
    return (struct sm_address){.ip = sm_net_ip(end->handle.interface), .port = end->handle.port};
}

void sm_stream_address(const struct sm_stream *stream, struct sm_address *local,
                       struct sm_address *peer)
{
    lo_handle_check(&stream->handle, LO_MAGIC_STREAM, __func__);
    if (local)
        *local = address_of(stream);
    if (peer)
        *peer = address_of(stream->peer);
}

struct sm_waitable *sm_stream_waitable(struct sm_stream *stream)
{
    lo_handle_check(&stream->handle, LO_MAGIC_STREAM, __func__);
    return &stream->any;
}

static void check_idle(const struct sm_stream *stream, const char *call)
{
    SM_ASSERT_MSG(sm__waitable_idle(&stream->any) && sm__waitable_idle(&stream->readers) &&
                      sm__waitable_idle(&stream->writers),
                  "%s: a task still waits on the stream", call);
}

void sm_stream_close(struct sm_stream *stream)
{
    if (!stream)
        return;
    lo_handle_check(&stream->handle, LO_MAGIC_STREAM, __func__);
    check_idle(stream, __func__);
    lo_end_let_go(stream);
}

/* Returns 0 once all is acknowledged, the end of the direction, too. */
static int await_delivery(struct sm_stream *stream, sm_time deadline)
{
    int error = sm__enter();

    while (!error && stream->state == LO_END_OPEN && stream->out.first)
        error = sm__wait(&stream->writers, false, deadline);
    return !error && stream->state == LO_END_DEAD ? -stream->error : error;
}

int sm_stream_linger(struct sm_stream *stream, sm_time deadline)
{
    lo_handle_check(&stream->handle, LO_MAGIC_STREAM, __func__);
    check_idle(stream, __func__);
    int error = -ECONNRESET; /* by ourselves: below */

    if (!lo_end_alive(stream) || (!stream->in.unread && !stream->in.early)) {
        stream->lingers = true;
        sm_stream_shutdown(stream);
        error = await_delivery(stream, deadline);
        stream->lingers = false;
    }
    lo_end_let_go(stream);
    return error;
}

void sm_stream_abort(struct sm_stream *stream)
{
    lo_handle_check(&stream->handle, LO_MAGIC_STREAM, __func__);
    check_idle(stream, __func__);
    struct lo_connection *connection = stream->connection;
    lo_connection_hold(connection);
    stream->is_held = false;
    stream->handle.magic = LO_MAGIC_CLOSED;
    lo_end_reset(stream);
    lo_connection_drop(connection);
}
