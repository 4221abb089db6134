/* SPDX-License-Identifier: MIT */
/* Datagrams. */
#include "core/os/socket.h"

#include "core/counters.h"

#include <errno.h>
#include <unistd.h>

/* Receives that fail, of what earlier datagrams met, before the loop gets its turn. */
#define ATTEMPTS_MAX 16

struct sm_datagram {
    struct os_socket socket;
    bool refused;   /* one has bounced and the program was not told yet */
    bool connected; /* it has a peer */
};

/*
 * Bounces lie in the socket's queue of errors, which makes it look broken until they are taken out.
 */
static void take_bounces(struct sm_datagram *datagram)
{
    char unused[64];

    while (recv(datagram->socket.fd, unused, sizeof unused, MSG_ERRQUEUE) >= 0)
        datagram->refused = true;
}

static uint32_t datagram_ready(struct sm_waitable *self, uint32_t interest)
{
    struct sm_datagram *datagram = sm__container(self, struct sm_datagram, socket.any);

    take_bounces(datagram);
    if (datagram->refused && datagram->connected)
        return interest & (SM_READ | SM_WRITE);
    return (interest & SM_WRITE) | os_socket_look(&datagram->socket, interest & SM_READ);
}

static int bind_at(struct sm_net *net, int fd, uint16_t port)
{
    const int on = 1;

    /* An unconnected socket hears of bounces only if it asks. */
    if (setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof on) != 0)
        return -errno;
    return os_socket_bind(net, fd, port);
}

int sm_datagram_open(struct sm_net *net, struct sm_datagram **out, uint16_t port)
{
    struct os_socket *socket;

    os_net_check(net, __func__);
    *out = NULL;
    const int fd = os_socket_fd(SOCK_DGRAM);
    if (fd < 0)
        return fd;
    int error = bind_at(net, fd, port);
    if (error) {
        close(fd);
        return error;
    }
    error = os_socket_wrap(&socket, net, fd, OS_MAGIC_DATAGRAM, sizeof(struct sm_datagram));
    if (error)
        return error;
    socket->any.ready = datagram_ready;
    *out = (struct sm_datagram *)(void *)socket;
    return 0;
}

int sm_datagram_connect(struct sm_datagram *datagram, const struct sm_address *peer)
{
    os_socket_check(&datagram->socket, OS_MAGIC_DATAGRAM, __func__);
    const struct sockaddr_in address =
        os_address_to_kernel(datagram->socket.net, peer->ip, peer->port);

    if (peer->port == 0 || peer->ip == SM_IP_BROADCAST)
        return -EINVAL;
    if (connect(datagram->socket.fd, (const struct sockaddr *)&address, sizeof address) != 0)
        return -errno;
    datagram->connected = true;
    return 0;
}

/* True, once, where an earlier datagram has bounced. */
static bool was_refused(struct sm_datagram *datagram)
{
    take_bounces(datagram);
    const bool refused = datagram->refused;
    datagram->refused = false;
    return refused;
}

/* What keeps a send from being tried. */
static int check_send(const struct sm_datagram *datagram, const struct sm_address *to, size_t size)
{
    if (!to && !datagram->connected)
        return -EDESTADDRREQ;
    if (size > SM_DATAGRAM_BYTES_MAX)
        return -EMSGSIZE;
    if (to && to->port == 0)
        return -EINVAL;
    return to && to->ip == SM_IP_BROADCAST ? -EOPNOTSUPP : 0;
}

int sm_datagram_send(struct sm_datagram *datagram, const struct sm_address *to, const void *data,
                     size_t size)
{
    struct sockaddr_in address;

    os_socket_check(&datagram->socket, OS_MAGIC_DATAGRAM, __func__);
    const int error = check_send(datagram, to, size);
    if (error)
        return error;
    if (was_refused(datagram))
        return -ECONNREFUSED;
    if (to)
        address = os_address_to_kernel(datagram->socket.net, to->ip, to->port);
    SM__COUNT(datagrams_out, 1);
    SM__COUNT(datagram_out, size);
    /* Whatever else keeps it from being sent, it is lost as it could be lost on its way. */
    if (sendto(datagram->socket.fd, data, size, MSG_NOSIGNAL,
               to ? (const struct sockaddr *)&address : NULL, to ? sizeof address : 0) < 0 &&
        errno == ECONNREFUSED)
        datagram->refused = true;
    return 0;
}

/* Returns a size, -EAGAIN. */
static int try_receive(struct sm_datagram *datagram, void *buffer, size_t capacity,
                       struct sm_address *from)
{
    struct sockaddr_in address;
    socklen_t size = sizeof address;

    for (int attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
        const ssize_t count = recvfrom(datagram->socket.fd, buffer, capacity, MSG_TRUNC,
                                       (struct sockaddr *)&address, &size);
        if (count >= 0) {
            SM__COUNT(datagrams_in, 1);
            SM__COUNT(datagram_in, count);
            if (from)
                *from = os_address_of_kernel(&address);
            return (int)count;
        }
        if (errno == EAGAIN)
            return -EAGAIN;
        if (errno == ECONNREFUSED)
            datagram->refused = true;
        take_bounces(datagram);
    }
    return -EAGAIN;
}

int sm_datagram_receive(struct sm_datagram *datagram, void *buffer, size_t capacity,
                        struct sm_address *from, sm_time deadline)
{
    os_socket_check(&datagram->socket, OS_MAGIC_DATAGRAM, __func__);
    int waited = sm__enter();

    while (!waited) {
        if (datagram->connected && was_refused(datagram))
            return -ECONNREFUSED;
        const int size = try_receive(datagram, buffer, capacity, from);
        if (size != -EAGAIN) {
            os_worker_done_at_once(datagram->socket.worker);
            return size;
        }
        take_bounces(datagram);
        if (datagram->refused && datagram->connected)
            continue;
        waited = os_socket_wait_read(&datagram->socket, true, deadline);
    }
    return waited;
}

uint16_t sm_datagram_port(const struct sm_datagram *datagram)
{
    os_socket_check(&datagram->socket, OS_MAGIC_DATAGRAM, __func__);
    return datagram->socket.port;
}

struct sm_waitable *sm_datagram_waitable(struct sm_datagram *datagram)
{
    os_socket_check(&datagram->socket, OS_MAGIC_DATAGRAM, __func__);
    return &datagram->socket.any;
}

void sm_datagram_close(struct sm_datagram *datagram)
{
    if (!datagram)
        return;
    os_socket_check(&datagram->socket, OS_MAGIC_DATAGRAM, __func__);
    os_socket_check_idle(&datagram->socket, __func__);
    os_socket_close(&datagram->socket);
}
