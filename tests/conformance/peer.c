/* SPDX-License-Identifier: MIT */
/* The peer's side: all its state is the daemon's, since in simulation bodies share our variables.
 */
#include "tests/conformance/peer.h"

struct peer {
    struct sm_net *net;
    struct sm_listener *listener;
    struct sm_datagram *datagram;
    struct sm_task *datagram_task;
    struct sm_stream *orders;
    bool accepts;
    struct sm_stream *latest; /* accepted and not ended yet */
};

static int peer_construct(void *self, struct sm_factory *factory)
{
    struct peer *peer = self;

    peer->net = sm_net_get(factory);
    peer->accepts = true;
    return 0;
}

static int peer_prepare(void *self)
{
    struct peer *peer = self;
    const int error = sm_datagram_open(peer->net, &peer->datagram, PEER_PORT);

    return error ? error : sm_listener_open(peer->net, &peer->listener, PEER_PORT, 16);
}

/* ---- what it does by itself ---- */

static int echo_datagrams(void *arg)
{
    static const size_t capacity = 2048;
    struct peer *peer = arg;
    struct sm_address from;
    char bytes[2048];
    int size;

    while ((size = sm_datagram_receive(peer->datagram, bytes, capacity, &from, SM_FOREVER)) >= 0)
        (void)sm_datagram_send(peer->datagram, &from, bytes, (size_t)size);
    return size;
}

static int sink(void *stream)
{
    char bytes[4096];
    int count;

    while ((count = sm_stream_read(stream, bytes, sizeof bytes, SM_FOREVER)) > 0)
        continue;
    if (count != -ECANCELED)
        sm_stream_close(stream);
    return count;
}

static int echo(void *stream)
{
    char bytes[4096];
    int count;

    while ((count = sm_stream_read(stream, bytes, sizeof bytes, SM_FOREVER)) > 0) {
        if (sm_stream_write_all(stream, bytes, (size_t)count, NULL, SM_FOREVER))
            break;
    }
    if (count != -ECANCELED)
        sm_stream_close(stream);
    return count;
}

/* ---- what it is told ---- */

static void close_datagram(struct peer *peer)
{
    sm_task_cancel(peer->datagram_task);
    sm_task_join(peer->datagram_task, NULL, SM_FOREVER);
    sm_datagram_close(peer->datagram);
}

static void close_listener(struct peer *peer)
{
    sm_listener_close(peer->listener);
    peer->listener = NULL;
}

/* Orders about the latest connection; most end what the peer has to do with it. */
static void carry_out(struct peer *peer, enum peer_order order)
{
    struct sm_stream *stream = peer->latest;

    if (order == PEER_ACCEPT)
        return;
    if (order != PEER_WRITE && order != PEER_SHUTDOWN)
        peer->latest = NULL;
    if (order == PEER_WRITE)
        (void)sm_stream_write_all(stream, "hello", 5, NULL, SM_FOREVER);
    else if (order == PEER_SHUTDOWN)
        (void)sm_stream_shutdown(stream);
    else if (order == PEER_CLOSE)
        sm_stream_close(stream);
    else if (order == PEER_ABORT)
        sm_stream_abort(stream);
    else if (order == PEER_SINK)
        (void)sm_task_spawn(NULL, "sink", sink, stream);
    else
        (void)sm_task_spawn(NULL, "echo", echo, stream);
}

static int obey_one(struct peer *peer, enum peer_order order)
{
    switch (order) {
    case PEER_DEAF:
        close_datagram(peer);
        return 0;
    case PEER_UNLISTEN:
        close_listener(peer);
        return 0;
    case PEER_TAKES_TWO:
        close_listener(peer);
        peer->accepts = false;
        return sm_listener_open(peer->net, &peer->listener, PEER_PORT, 1);
    default:
        break;
    }
    while (!peer->latest && sm_sleep(SM_MS) == 0)
        continue;
    carry_out(peer, order);
    return 0;
}

static int obey(void *arg)
{
    struct peer *peer = arg;
    char order;

    while (sm_stream_read_exact(peer->orders, &order, 1, NULL, SM_FOREVER) == 0 &&
           obey_one(peer, (enum peer_order)order) == 0)
        (void)sm_stream_write_all(peer->orders, &order, 1, NULL, SM_FOREVER);
    return 0;
}

/* Accepts until the orders say otherwise: by a look now and then, since a listener that a task
 * waits on cannot be closed. */
static int accept_all(struct peer *peer)
{
    struct sm_stream *stream;
    int error = 0;

    while (error != -ECANCELED && peer->listener) {
        error = peer->accepts ? sm_listener_accept(peer->listener, &stream, NULL, sm_now())
                              : -ETIMEDOUT;
        if (!error)
            peer->latest = stream;
        else if (error == -ETIMEDOUT)
            error = sm_sleep(SM_MS);
    }
    return 0;
}

static int peer_run(void *self)
{
    struct peer *peer = self;
    int error = sm_task_spawn(&peer->datagram_task, "datagrams", echo_datagrams, peer);

    if (!error)
        error = sm_listener_accept(peer->listener, &peer->orders, NULL, SM_FOREVER);
    if (!error)
        error = sm_task_spawn(NULL, "orders", obey, peer);
    return error ? error : accept_all(peer);
}

static const struct sm_daemon_type peer_type = {SM_DAEMON_HEAD(peer), .construct = peer_construct,
                                                .prepare = peer_prepare, .run = peer_run};

int peer_begin(struct sm_factory *factory)
{
    void *instance;
    const int error = sm_factory_get(factory, &peer_type, &instance);

    return error ? error : sm_factory_start(factory, sm_now() + 5 * SM_S);
}
