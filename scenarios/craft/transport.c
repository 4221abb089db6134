/* SPDX-License-Identifier: MIT */
#include "transport.h"

#include "bytes.h"
#include "codec.h"
#include "memory.h"

#include <steelmill/errors.h>
#include <steelmill/property.h>
#include <steelmill/task.h>

#include <stdlib.h>

#define QUEUE_MAX              128
#define QUEUE_MAX_DISCONNECTED 3 /* what is older is of no use any more once a peer is back */
#define CONNECT_TIMEOUT        SM_S
#define CONNECT_RETRY          (250 * SM_MS)
#define WRITE_TIMEOUT          (5 * SM_S)
#define HELLO_TIMEOUT          (5 * SM_S)
#define HELLO_BYTES            8
#define BACKLOG                16

struct craft_frame {
    struct craft_done done; /* first */
    struct craft_frame *next;
    struct raft_io_send *req;
    raft_io_send_cb cb;
    int status;
    size_t size;
    uint8_t bytes[];
};

/* A connection from a peer, not yet known by name. */
struct incoming {
    struct craft_transport *transport;
    struct sm_stream *stream;
};

/* ---- the queue of a peer ---- */

static void fire_frame(struct craft_done *done)
{
    struct craft_frame *frame = (struct craft_frame *)done;
    if (frame->cb) /* a transfer of leadership does not care what becomes of its message */
        frame->cb(frame->req, frame->status);
    free(frame);
}

static void complete(struct craft_peer *peer, struct craft_frame *frame, int status)
{
    frame->status = status;
    frame->done.fire = fire_frame;
    craft_loop_done(peer->transport->loop, &frame->done);
}

static struct craft_frame *pop(struct craft_peer *peer)
{
    struct craft_frame *frame = peer->first;
    if (!frame)
        return NULL;
    peer->first = frame->next;
    peer->count--;
    if (!peer->first) {
        peer->last = &peer->first;
        sm_event_clear(&peer->ready);
    }
    return frame;
}

static void push(struct craft_peer *peer, struct craft_frame *frame)
{
    frame->next = NULL;
    *peer->last = frame;
    peer->last = &frame->next;
    peer->count++;
    sm_event_set(&peer->ready);
}

static void drop_beyond(struct craft_peer *peer, size_t count, int status)
{
    while (peer->count > count)
        complete(peer, pop(peer), status);
}

struct craft_peer *craft_transport_peer(struct craft_transport *transport, raft_id id)
{
    for (size_t i = 0; i < transport->peer_count; i++)
        if (transport->peers[i].id == id)
            return &transport->peers[i];
    return NULL;
}

int craft_transport_send(struct craft_transport *transport, const struct raft_message *message,
                         struct raft_io_send *req, raft_io_send_cb cb)
{
    struct craft_peer *peer = craft_transport_peer(transport, message->server_id);
    sm_always(peer && message->server_address, "messages are addressed to a member",
              sm_u64("type", message->type), sm_u64("to", message->server_id));
    if (!peer)
        return RAFT_NOCONNECTION;
    size_t size = craft_message_size(message);
    struct craft_frame *frame = malloc(sizeof(*frame) + size);
    if (!frame)
        return RAFT_NOMEM;
    *frame = (struct craft_frame){.req = req, .cb = cb, .size = size};
    if (message->type == RAFT_IO_APPEND_ENTRIES)
        craft_memory_check(message->append_entries.entries, message->append_entries.n_entries);
    craft_message_encode(message, frame->bytes);
    push(peer, frame);
    drop_beyond(peer, peer->stream ? QUEUE_MAX : QUEUE_MAX_DISCONNECTED, RAFT_NOCONNECTION);
    return 0;
}

void craft_transport_cancel(struct craft_transport *transport)
{
    for (size_t i = 0; i < transport->peer_count; i++)
        drop_beyond(&transport->peers[i], 0, RAFT_CANCELED);
}

/* ---- senders ---- */

static int connect_peer(struct craft_peer *peer)
{
    struct craft_transport *transport = peer->transport;
    uint8_t hello[HELLO_BYTES];
    int error = sm_stream_dial(transport->net, &peer->stream, peer->address, CRAFT_PORT_RAFT,
                               sm_now() + CONNECT_TIMEOUT);
    if (error) {
        peer->stream = NULL;
        return error;
    }
    craft_put_u64(hello, transport->self);
    return craft_frame_write(peer->stream, hello, sizeof(hello), sm_now() + WRITE_TIMEOUT);
}

static void disconnect(struct craft_peer *peer)
{
    sm_stream_abort(peer->stream);
    peer->stream = NULL;
    drop_beyond(peer, QUEUE_MAX_DISCONNECTED, RAFT_NOCONNECTION);
}

static int write_frames(struct craft_peer *peer)
{
    struct craft_frame *frame;
    int error = 0;
    while (!error && (frame = pop(peer))) {
        error =
            craft_frame_write(peer->stream, frame->bytes, frame->size, sm_now() + WRITE_TIMEOUT);
        complete(peer, frame, error ? RAFT_NOCONNECTION : 0);
    }
    return error;
}

static int send_to_peer(void *arg)
{
    struct craft_peer *peer = arg;
    int error = 0;
    while (error != -ECANCELED) {
        error = sm_event_wait(&peer->ready, SM_FOREVER);
        if (!error && !peer->stream)
            error = connect_peer(peer);
        if (!error)
            error = write_frames(peer);
        if (error && peer->stream)
            disconnect(peer);
        if (error && error != -ECANCELED)
            error = sm_sleep(CONNECT_RETRY);
    }
    return 0;
}

/* ---- readers ---- */

static int read_frames(struct craft_peer *peer, struct sm_stream *stream)
{
    struct craft_work work = {.kind = CRAFT_WORK_FRAME, .from = peer->id};
    int error = 0;
    while (!error) {
        uint8_t *bytes;
        error = craft_frame_read(stream, &bytes, &work.size, SM_FOREVER);
        if (error)
            break;
        work.object = bytes;
        error = craft_loop_post(peer->transport->loop, &work);
        if (error)
            free(bytes);
    }
    return error;
}

static void read_as_peer(struct craft_peer *peer, struct sm_stream *stream)
{
    if (peer->reader)
        sm_task_cancel(peer->reader);
    peer->reader = sm_task_self();
    read_frames(peer, stream);
    if (peer->reader == sm_task_self())
        peer->reader = NULL;
}

static int read_connection(void *arg)
{
    struct incoming incoming = *(struct incoming *)arg;
    uint8_t hello[HELLO_BYTES];
    free(arg);
    int error =
        craft_frame_read_into(incoming.stream, hello, sizeof(hello), sm_now() + HELLO_TIMEOUT);
    struct craft_reader reader = {hello, hello + sizeof(hello), error != 0};
    struct craft_peer *peer = craft_transport_peer(incoming.transport, craft_get_u64(&reader));
    if (peer)
        read_as_peer(peer, incoming.stream);
    sm_stream_abort(incoming.stream);
    return 0;
}

static int start_reader(struct craft_transport *transport, struct sm_stream *stream)
{
    struct incoming *incoming = malloc(sizeof(*incoming));
    if (!incoming)
        return -ENOMEM;
    *incoming = (struct incoming){transport, stream};
    int error = sm_task_spawn(NULL, "reader", read_connection, incoming);
    if (error)
        free(incoming);
    return error;
}

static int accept_peers(void *arg)
{
    struct craft_transport *transport = arg;
    struct sm_stream *stream;
    int error = 0;
    while (!error) {
        error = sm_listener_accept(transport->listener, &stream, NULL, SM_FOREVER);
        if (!error && start_reader(transport, stream))
            sm_stream_abort(stream);
    }
    return error == -ECANCELED ? 0 : error;
}

/* ---- life ---- */

void craft_transport_init(struct craft_transport *transport, struct sm_net *net,
                          struct craft_loop *loop, raft_id self)
{
    *transport = (struct craft_transport){.net = net, .loop = loop, .self = self};
}

void craft_transport_add(struct craft_transport *transport, raft_id id, const char *address)
{
    struct craft_peer *peer = &transport->peers[transport->peer_count++];
    *peer = (struct craft_peer){.transport = transport, .id = id};
    strncpy(peer->address, address, sizeof(peer->address) - 1);
    peer->last = &peer->first;
    sm_event_init(&peer->ready);
}

int craft_transport_listen(struct craft_transport *transport)
{
    return sm_listener_open(transport->net, &transport->listener, CRAFT_PORT_RAFT, BACKLOG);
}

int craft_transport_start(struct craft_transport *transport)
{
    int error = sm_task_spawn(NULL, "accept", accept_peers, transport);
    for (size_t i = 0; i < transport->peer_count && !error; i++) {
        char name[32] = "send-";
        strncat(name, transport->peers[i].address, sizeof(name) - 6);
        error = sm_task_spawn(NULL, name, send_to_peer, &transport->peers[i]);
    }
    return error;
}

void craft_transport_finish(struct craft_transport *transport)
{
    if (transport->listener)
        sm_listener_close(transport->listener);
    for (size_t i = 0; i < transport->peer_count; i++) {
        struct craft_peer *peer = &transport->peers[i];
        if (peer->stream)
            sm_stream_abort(peer->stream);
        sm_event_finish(&peer->ready);
    }
    transport->listener = NULL;
    transport->peer_count = 0;
}
