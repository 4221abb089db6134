/* SPDX-License-Identifier: MIT */
/* Connecting. */
#include "core/os/stream.h"

#include "core/counters.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <unistd.h>

static uint32_t stream_ready(struct sm_waitable *self, uint32_t interest)
{
    struct sm_stream *stream = sm__container(self, struct sm_stream, socket.any);

    if (stream->error)
        return interest;
    if (stream->shut && interest & SM_WRITE)
        return SM_WRITE | os_socket_look(&stream->socket, interest & SM_READ);
    return os_socket_look(&stream->socket, interest);
}

int os_stream_wrap(struct sm_stream **out, struct sm_net *net, int fd)
{
    const int on = 1;
    struct os_socket *socket;

    /* What was written is sent at once, as in simulation. If it fails the bytes only come later. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const int error = os_socket_wrap(&socket, net, fd, OS_MAGIC_STREAM, sizeof(struct sm_stream));
    *out = (struct sm_stream *)(void *)socket;
    if (!error)
        socket->any.ready = stream_ready;
    return error;
}

/* Begins. Returns 0 or -EINPROGRESS with a descriptor, else a failure without one. */
static int begin(struct sm_net *net, const struct sockaddr_in *to, int *fd)
{
    const int on = 1;

    *fd = os_socket_fd(SOCK_STREAM);
    if (*fd < 0)
        return *fd;
    /* The port is chosen when the peer is known: else it could be the only connection of it. */
    (void)setsockopt(*fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    int error = os_socket_bind(net, *fd, 0);
    if (!error && connect(*fd, (const struct sockaddr *)to, sizeof *to) != 0)
        error = -errno;
    if (error && error != -EINPROGRESS)
        close(*fd);
    return error;
}

/* How the attempt has ended. */
static int outcome(const struct sm_stream *stream)
{
    struct sockaddr_in local, peer;
    socklen_t size = sizeof(int);
    int error = 0;

    if (getsockopt(stream->socket.fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        return -errno;
    if (error)
        return -error;
    size = sizeof peer;
    if (getpeername(stream->socket.fd, (struct sockaddr *)&peer, &size) != 0)
        return -EAGAIN; /* it goes on */
    size = sizeof local;
    if (getsockname(stream->socket.fd, (struct sockaddr *)&local, &size) != 0)
        return -errno;
    /* TCP lets a socket meet itself, where nobody listens and its own port is the one it wants. */
    if (local.sin_port == peer.sin_port && local.sin_addr.s_addr == peer.sin_addr.s_addr)
        return -ECONNREFUSED;
    return 0;
}

static int await_connection(struct sm_stream *stream, sm_time deadline)
{
    int error = outcome(stream);

    while (error == -EAGAIN) {
        error = os_socket_wait_write(&stream->socket, deadline);
        if (!error)
            error = outcome(stream);
    }
    if (!error)
        stream->socket.port = os_socket_port(stream->socket.fd);
    return error;
}

int sm_stream_connect(struct sm_net *net, struct sm_stream **out, const struct sm_address *to,
                      sm_time deadline)
{
    const struct sockaddr_in address = os_address_to_kernel(net, to->ip, to->port);
    struct sm_stream *stream;
    int error = sm__enter(), fd;

    os_net_check(net, __func__);
    *out = NULL;
    if (error)
        return error;
    error = begin(net, &address, &fd);
    if (error && error != -EINPROGRESS)
        return error;
    error = os_stream_wrap(&stream, net, fd);
    if (error)
        return error;
    error = await_connection(stream, deadline);
    if (error) {
        os_socket_close(&stream->socket);
        return error;
    }
    SM__COUNT(connected, 1);
    *out = stream;
    return 0;
}
