/* SPDX-License-Identifier: MIT */
/* Listening and accepting. */
#include "core/os/stream.h"

#include "core/counters.h"

#include <errno.h>
#include <unistd.h>

#define BACKLOG_MAX 4096
/* How long to wait where the process has no descriptor left for a connection. */
#define EXHAUSTED_NS (50 * SM_MS)

struct sm_listener {
    struct os_socket socket;
};

static uint32_t listener_ready(struct sm_waitable *self, uint32_t interest)
{
    return os_socket_look(sm__container(self, struct os_socket, any), interest & SM_READ);
}

static int listen_at(struct sm_net *net, int fd, uint16_t port, int backlog)
{
    const int on = 1;

    /* Connections of an earlier process that wait for their end must not keep us from serving. */
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0)
        return -errno;
    const int error = os_socket_bind(net, fd, port);
    if (error)
        return error;
    return listen(fd, backlog) == 0 ? 0 : -errno;
}

int sm_listener_open(struct sm_net *net, struct sm_listener **out, uint16_t port, int backlog)
{
    struct os_socket *socket;

    os_net_check(net, __func__);
    *out = NULL;
    if (backlog < 1 || backlog > BACKLOG_MAX)
        return -EINVAL;
    const int fd = os_socket_fd(SOCK_STREAM);
    if (fd < 0)
        return fd;
    int error = listen_at(net, fd, port, backlog);
    if (error) {
        close(fd);
        return error;
    }
    error = os_socket_wrap(&socket, net, fd, OS_MAGIC_LISTENER, sizeof(struct sm_listener));
    if (error)
        return error;
    socket->any.ready = listener_ready;
    *out = (struct sm_listener *)(void *)socket;
    return 0;
}

/* What an attempt to accept says: 0, -EAGAIN, or that the attempt was not the listener's fault. */
static int accept_one(struct sm_listener *listener, struct sm_stream **out, struct sm_address *peer)
{
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    const int fd = accept4(listener->socket.fd, (struct sockaddr *)&address, &size,
                           SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd < 0)
        return -errno;
    const int error = os_stream_wrap(out, listener->socket.net, fd);
    if (error)
        return error;
    SM__COUNT(accepted, 1);
    if (peer)
        *peer = os_address_of_kernel(&address);
    return 0;
}

/* Waits for what an attempt has failed of. Returns 0 (try again), -ETIMEDOUT, -ECANCELED. */
static int wait_to_accept(struct sm_listener *listener, int error, sm_time deadline)
{
    switch (error) {
    case -EAGAIN:
        return os_socket_wait_read(&listener->socket, true, deadline);
    case -EMFILE:
    case -ENFILE:
    case -ENOBUFS:
    case -ENOMEM: {
        const sm_time now = sm_now();
        if (now >= deadline)
            return -ETIMEDOUT;
        return sm_sleep_until(deadline - now > EXHAUSTED_NS ? now + EXHAUSTED_NS : deadline);
    }
    default: /* the connection has failed before it was accepted: there may be others */
        return sm_yield();
    }
}

int sm_listener_accept(struct sm_listener *listener, struct sm_stream **out,
                       struct sm_address *peer, sm_time deadline)
{
    os_socket_check(&listener->socket, OS_MAGIC_LISTENER, __func__);
    int waited = sm__enter();

    *out = NULL;
    while (!waited) {
        const int error = accept_one(listener, out, peer);
        if (!error) {
            os_worker_done_at_once(listener->socket.worker);
            return 0;
        }
        waited = wait_to_accept(listener, error, deadline);
    }
    return waited;
}

uint16_t sm_listener_port(const struct sm_listener *listener)
{
    os_socket_check(&listener->socket, OS_MAGIC_LISTENER, __func__);
    return listener->socket.port;
}

struct sm_waitable *sm_listener_waitable(struct sm_listener *listener)
{
    os_socket_check(&listener->socket, OS_MAGIC_LISTENER, __func__);
    return &listener->socket.any;
}

void sm_listener_close(struct sm_listener *listener)
{
    if (!listener)
        return;
    os_socket_check(&listener->socket, OS_MAGIC_LISTENER, __func__);
    os_socket_check_idle(&listener->socket, __func__);
    os_socket_close(&listener->socket);
}
