/* SPDX-License-Identifier: MIT */
/*
 * Datagrams.
 *
 *   send --judge--> event --deliver--> socket's queue --> receive
 *             |                 |
 *             +-- lost, held    +-- lost: machine off, buffer full; no such port: bounces
 *
 * To a socket that has a peer, whatever others send has no such port. A broadcast is a message for
 * each machine.
 */
#include "core/task.h"
#include "net-loopback/hash.h"
#include "net-loopback/internal.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

/* What a datagram takes of a receive buffer besides its bytes, so that empty ones do not pile up.
 */
#define MESSAGE_COST_BYTES 256u

struct lo_message {
    struct lo_message *next;
    struct sm_net *from, *to;
    uint64_t id, hash;
    uint32_t size;
    uint32_t from_index, to_index; /* of these two: neither need touch the other's memory */
    uint16_t from_port, to_port;
    uint8_t class; /* of its buffer */
    bool quiet;    /* does not bounce */
    unsigned char data[];
};

struct sm_datagram {
    struct lo_handle handle;
    struct lo_message *first, *last;
    uint32_t queued_bytes;
    bool refused;   /* one has bounced and the program was not told yet */
    bool connected; /* to `peer` */
    struct sm_address peer;
    struct sm_waitable receivers; /* tasks inside sm_datagram_receive */
    struct sm_waitable any;       /* for sm_wait_any */
};

void lo_datagrams_init(struct lo_net *net)
{
    lo_objects_init(&net->datagrams, sizeof(struct sm_datagram),
                    offsetof(struct sm_datagram, handle.link));
}

/* ---- on the way ---- */

static struct lo_message *make_message(struct lo_net *net, uint32_t size)
{
    uint8_t class;
    struct lo_message *message =
        lo_pool_take(&net->pool, offsetof(struct lo_message, data) + size, &class);

    message->class = class;
    message->size = size;
    message->next = NULL;
    return message;
}

static void drop_message(struct lo_net *net, struct lo_message *message)
{
    lo_pool_give(&net->pool, message, message->class);
}

static void lose_message(struct lo_net *net, struct lo_message *message, enum lo_lost reason)
{
    lo_note_lost(message->from, message->to, reason, message->id, message->hash, message->size);
    drop_message(net, message);
}

/* An earlier datagram of this machine found nobody at its port. */
static void refused(struct sim_world *world, struct sim_event *event)
{
    struct sm_net *interface = event->object;
    struct sm_datagram *socket =
        interface->up ? lo_ports_find(&interface->datagram_ports, (uint16_t)event->hash) : NULL;

    (void)world;
    if (!socket || (socket->connected && socket->peer.ip != LO_IP_BASE + event->peer))
        return;
    socket->refused = true;
    if (socket->connected) {
        sm__wake_all_fast(&socket->receivers);
        sm__wake_all_fast(&socket->any);
    }
}

static void bounce(struct lo_net *net, const struct lo_message *message)
{
    struct sm_net *sender = message->from;
    struct lo_path *path = lo_path_get(net, message->to->index, sender->index);
    struct lo_judgement judgement;

    if (message->quiet)
        return;
    lo_path_judge(net, path, path->messages++, 0, 0, &judgement);
    if (judgement.fate != LO_FATE_PASSES)
        return; /* nobody waits for it */
    struct sim_event *event = sim_event_at(net->world, net->world->now + judgement.delay_ns,
                                           SIM_CONTROL, sender->index, refused);
    event->object = sender;
    event->number = message->id;
    event->hash = message->from_port;
    event->peer = message->to->index;
    event->size = LO_CONTROL_REFUSED;
}

static void enqueue(struct lo_net *net, struct sm_datagram *socket, struct lo_message *message)
{
    if (socket->last)
        socket->last->next = message;
    else
        socket->first = message;
    socket->last = message;
    socket->queued_bytes += message->size + MESSAGE_COST_BYTES;
    net->counters.delivered++;
    net->counters.delivered_bytes += message->size;
    if (socket->receivers.first)
        sm__wake_one(&socket->receivers);
    sm__wake_all_fast(&socket->any);
}

/* Most machines hear most of their datagrams on one socket. */
static inline struct sm_datagram *find_socket(struct sm_net *interface, uint16_t port)
{
    if (SM_UNLIKELY(!interface->last_heard || interface->last_heard_port != port)) {
        interface->last_heard = lo_ports_find(&interface->datagram_ports, port);
        interface->last_heard_port = port;
    }
    return interface->last_heard;
}

static bool hears(const struct sm_datagram *socket, const struct lo_message *message)
{
    return !socket->connected || (socket->peer.ip == LO_IP_BASE + message->from_index &&
                                  socket->peer.port == message->from_port);
}

static void deliver(struct sim_world *world, struct sim_event *event)
{
    struct lo_message *message = event->object;
    struct sm_net *to = message->to;
    struct lo_net *net = to->net;

    (void)world;
    lo_path_fetch(net, message->to_index, event->peer); /* many datagrams are answered */
    if (SM_UNLIKELY(!to->up)) {
        lose_message(net, message, LO_LOST_OFF);
        return;
    }
    struct sm_datagram *socket = find_socket(to, message->to_port);
    if (SM_UNLIKELY(!socket || !hears(socket, message))) {
        bounce(net, message);
        lose_message(net, message, LO_LOST_NO_PORT);
    } else if (SM_UNLIKELY(socket->queued_bytes + message->size + MESSAGE_COST_BYTES >
                           net->datagram_buffer_bytes)) {
        lose_message(net, message, LO_LOST_OVERFLOW);
    } else {
        enqueue(net, socket, message);
    }
}

static struct sim_event *fly(struct lo_net *net, struct lo_message *message, int64_t delay_ns)
{
    struct sim_event *event = sim_event_at(net->world, net->world->now + delay_ns, SIM_DATAGRAM,
                                           message->to_index, deliver);

    event->object = message;
    event->number = message->id;
    event->hash = message->hash;
    event->peer = message->from_index;
    event->size = message->size & 0xffffff;
    return event;
}

static void fly_twice(struct lo_net *net, struct lo_message *message, int64_t delay_ns)
{
    struct lo_message *second = make_message(net, message->size);
    const uint8_t class = second->class;

    memcpy(second, message, offsetof(struct lo_message, data) + message->size);
    second->class = class;
    net->counters.duplicated++;
    (void)fly(net, second, delay_ns);
}

static void release(struct lo_net *net, struct lo_held *held);

/* Sends message `number` of a path on its way, or finds that it has none. */
static void transmit(struct lo_net *net, struct lo_message *message, struct lo_path *path,
                     uint64_t number, bool released)
{
    struct lo_judgement judgement;
    struct sim_event *event;

    lo_path_judge(net, path, number, message->size, 0, &judgement);
    switch (judgement.fate) {
    case LO_FATE_PASSES:
        if (SM_UNLIKELY(released))
            lo_path_keep_order(path, net->world->now, &judgement.delay_ns);
        event = fly(net, message, judgement.delay_ns);
        if (SM_UNLIKELY(judgement.duplicate_ns))
            fly_twice(net, message, judgement.duplicate_ns);
        if (SM_UNLIKELY(judgement.garble)) {
            lo_garble(message->data, message->size, judgement.garble);
            event->hash = message->hash = lo_hash(message->data, message->size);
        }
        break;
    case LO_FATE_HELD:
        lo_rule_hold(net, judgement.rule, release, message, number, 0);
        break;
    case LO_FATE_LOST:
        lose_message(net, message, judgement.reason);
        break;
    }
}

static void release(struct lo_net *net, struct lo_held *held)
{
    struct lo_message *message = held->object;

    transmit(net, message, lo_path_get(net, message->from_index, message->to_index), held->number,
             true);
}

/* ---- the contract ---- */

static uint32_t datagram_ready(struct sm_waitable *self, uint32_t interest)
{
    const struct sm_datagram *socket = sm__container(self, struct sm_datagram, any);
    const bool readable = socket->first || (socket->refused && socket->connected);

    return interest & (readable ? SM_READ | SM_WRITE : SM_WRITE);
}

int sm_datagram_open(struct sm_net *net, struct sm_datagram **out, uint16_t port)
{
    lo_interface_check(net, __func__);
    *out = NULL;
    if (port == 0)
        port = lo_ports_pick(net, &net->datagram_ports);
    if (port == 0 || lo_ports_find(&net->datagram_ports, port))
        return -EADDRINUSE;
    struct sm_datagram *socket = lo_objects_take(&net->net->datagrams);
    socket->handle.magic = LO_MAGIC_DATAGRAM;
    socket->handle.port = port;
    socket->handle.interface = net;
    sm__list_append(&net->datagrams, &socket->handle.link);
    sm__waitable_init(&socket->any, datagram_ready);
    sm__waitable_init(&socket->receivers, NULL);
    lo_ports_put(&net->datagram_ports, port, socket);
    *out = socket;
    return 0;
}

int sm_datagram_connect(struct sm_datagram *socket, const struct sm_address *peer)
{
    lo_handle_check(&socket->handle, LO_MAGIC_DATAGRAM, __func__);
    const struct sm_net *receiver = lo_interface_at(socket->handle.interface, peer->ip);

    if (peer->port == 0 || peer->ip == SM_IP_BROADCAST)
        return -EINVAL;
    socket->connected = true;
    socket->peer = *peer;
    if (receiver) /* localhost has become an address */
        socket->peer.ip = sm_net_ip(receiver);
    return 0;
}

static inline void send_to(struct sm_datagram *socket, struct sm_net *receiver, uint32_t to_index,
                           uint16_t to_port, const void *data, uint32_t size, uint64_t hash,
                           bool quiet)
{
    struct sm_net *from = socket->handle.interface;
    struct lo_net *net = from->net;
    struct lo_message *message = make_message(net, size);

    net->counters.sent++;
    net->counters.sent_bytes += size;
    message->from = from;
    message->to = receiver;
    message->from_index = from->index;
    message->to_index = to_index;
    message->id = ++net->message_ids;
    message->hash = hash;
    message->from_port = socket->handle.port;
    message->to_port = to_port;
    message->quiet = quiet;
    if (size)
        memcpy(message->data, data, size);
    struct lo_path *path = lo_path_get(net, from->index, to_index);
    transmit(net, message, path, path->messages++, false);
}

/* Where there is not one machine of this address. */
static void send_elsewhere(struct sm_datagram *socket, const struct sm_address *to,
                           const void *data, uint32_t size, uint64_t hash)
{
    struct sm_net *from = socket->handle.interface;
    struct lo_net *net = from->net;

    if (to->ip == SM_IP_BROADCAST) {
        for (uint32_t index = 1; index <= net->machine_count; index++)
            send_to(socket, lo_interface(net, index), index, to->port, data, size, hash, true);
        return;
    }
    net->counters.sent++;
    net->counters.sent_bytes += size;
    lo_note_lost(from, NULL, LO_LOST_NO_HOST, ++net->message_ids, hash, size);
}

/* True, once, where an earlier datagram has bounced. */
static inline bool was_refused(struct sm_datagram *socket)
{
    const bool refused = socket->refused;
    socket->refused = false;
    return refused;
}

static bool is_peer(const struct sm_datagram *socket, const struct sm_net *receiver, uint16_t port)
{
    return socket->peer.ip == sm_net_ip(receiver) && socket->peer.port == port;
}

int sm_datagram_send(struct sm_datagram *socket, const struct sm_address *to, const void *data,
                     size_t size)
{
    lo_handle_check(&socket->handle, LO_MAGIC_DATAGRAM, __func__);
    struct sm_net *from = socket->handle.interface;

    if (!to && !socket->connected)
        return -EDESTADDRREQ;
    if (!to)
        to = &socket->peer;
    if (size > SM_DATAGRAM_BYTES_MAX)
        return -EMSGSIZE;
    if (to->port == 0)
        return -EINVAL;
    if (SM_UNLIKELY(was_refused(socket)))
        return -ECONNREFUSED;
    struct sm_net *receiver = lo_interface_at(from, to->ip);
    const uint32_t to_index = receiver == from ? from->index : to->ip - LO_IP_BASE;
    if (SM_LIKELY(receiver))
        lo_path_fetch(from->net, from->index, to_index);
    sim_cpu_count(&from->machine->home, size);
    const uint64_t hash = from->net->world->digest.off ? 0 : lo_hash(data, size);
    if (SM_LIKELY(receiver))
        send_to(socket, receiver, to_index, to->port, data, (uint32_t)size, hash,
                socket->connected && !is_peer(socket, receiver, to->port));
    else
        send_elsewhere(socket, to, data, (uint32_t)size, hash);
    return 0;
}

static struct lo_message *dequeue(struct sm_datagram *socket)
{
    struct lo_message *message = socket->first;

    socket->first = message->next;
    if (!socket->first)
        socket->last = NULL;
    socket->queued_bytes -= message->size + MESSAGE_COST_BYTES;
    return message;
}

int sm_datagram_receive(struct sm_datagram *socket, void *buffer, size_t capacity,
                        struct sm_address *from, sm_time deadline)
{
    lo_handle_check(&socket->handle, LO_MAGIC_DATAGRAM, __func__);
    int error = sm__enter();

    while (!error && !socket->first && !(socket->refused && socket->connected))
        error = sm__wait(&socket->receivers, true, deadline);
    if (error)
        return error;
    if (SM_UNLIKELY(socket->connected && was_refused(socket)))
        return -ECONNREFUSED;
    struct lo_message *message = dequeue(socket);
    const int size = (int)message->size;
    sim_cpu_count(sm__current->home, message->size);
    const size_t copied = message->size < capacity ? message->size : capacity;
    if (copied)
        memcpy(buffer, message->data, copied);
    if (from)
        *from =
            (struct sm_address){.ip = LO_IP_BASE + message->from_index, .port = message->from_port};
    drop_message(socket->handle.interface->net, message);
    return size;
}

uint16_t sm_datagram_port(const struct sm_datagram *socket)
{
    lo_handle_check(&socket->handle, LO_MAGIC_DATAGRAM, __func__);
    return socket->handle.port;
}

struct sm_waitable *sm_datagram_waitable(struct sm_datagram *socket)
{
    lo_handle_check(&socket->handle, LO_MAGIC_DATAGRAM, __func__);
    return &socket->any;
}

static void close_socket(struct sm_datagram *socket)
{
    struct sm_net *interface = socket->handle.interface;

    while (socket->first)
        drop_message(interface->net, dequeue(socket));
    lo_ports_remove(&interface->datagram_ports, socket->handle.port);
    interface->last_heard = NULL;
    sm__list_remove(&socket->handle.link);
    socket->handle.magic = LO_MAGIC_CLOSED;
    lo_objects_give(&interface->net->datagrams, socket);
}

void sm_datagram_close(struct sm_datagram *socket)
{
    if (!socket)
        return;
    lo_handle_check(&socket->handle, LO_MAGIC_DATAGRAM, __func__);
    SM_ASSERT_MSG(sm__waitable_idle(&socket->any) && sm__waitable_idle(&socket->receivers),
                  "sm_datagram_close: a task still waits on the socket");
    close_socket(socket);
}

void lo_datagrams_crashed(struct sm_net *interface)
{
    while (!sm__list_empty(&interface->datagrams))
        close_socket(sm__container(interface->datagrams.next, struct sm_datagram, handle.link));
}
