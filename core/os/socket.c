/* SPDX-License-Identifier: MIT */
#include "core/os/socket.h"

#include "core/os/team.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- watching ---- */

static void events_arrive(uv_poll_t *poll, int status, int events);

static void watch(struct os_socket *socket, int directions)
{
    if (socket->watched == directions)
        return;
    const int error = directions ? uv_poll_start(&socket->poll, directions, events_arrive)
                                 : uv_poll_stop(&socket->poll);
    SM_ASSERT(error == 0);
    socket->watched = directions;
}

static void events_arrive(uv_poll_t *poll, int status, int events)
{
    struct os_socket *socket = poll->data;
    int watched = socket->watched;

    if (status < 0) { /* an error is pending: the loop has stopped watching, the calls will say */
        socket->watched = watched = 0;
        events = UV_READABLE | UV_WRITABLE;
    }
    if (events & UV_READABLE) {
        socket->drained = false;
        if (!socket->readers.first && !socket->any.first)
            watched &= ~UV_READABLE;
        sm__wake_one(&socket->readers);
    }
    if (events & UV_WRITABLE) {
        watched &= ~UV_WRITABLE;
        sm__wake_all(&socket->writers);
    }
    sm__wake_all(&socket->any);
    watch(socket, watched);
}

static int wait_for(struct os_socket *socket, struct sm_waitable *waitable, int direction,
                    bool exclusive, sm_time deadline)
{
    watch(socket, socket->watched | direction);
    return sm__wait(waitable, exclusive, deadline);
}

int os_socket_wait_read(struct os_socket *socket, bool exclusive, sm_time deadline)
{
    return wait_for(socket, &socket->readers, UV_READABLE, exclusive, deadline);
}

int os_socket_wait_write(struct os_socket *socket, sm_time deadline)
{
    return wait_for(socket, &socket->writers, UV_WRITABLE, false, deadline);
}

uint32_t os_socket_look(struct os_socket *socket, uint32_t interest)
{
    struct pollfd look = {.fd = socket->fd};
    uint32_t ready = 0;
    int missing = 0;

    look.events = (short)((interest & SM_READ ? POLLIN : 0) | (interest & SM_WRITE ? POLLOUT : 0));
    if (poll(&look, 1, 0) < 0)
        look.revents = 0;
    if (look.revents & (POLLIN | POLLHUP | POLLERR))
        ready |= interest & SM_READ;
    if (ready)
        socket->drained = false;
    if (look.revents & (POLLOUT | POLLHUP | POLLERR))
        ready |= interest & SM_WRITE;
    if (interest & SM_READ & ~ready)
        missing |= UV_READABLE;
    if (interest & SM_WRITE & ~ready)
        missing |= UV_WRITABLE;
    watch(socket, socket->watched | missing);
    return ready;
}

/* ---- descriptors ---- */

int os_socket_fd(int type)
{
    const int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return fd >= 0 ? fd : -errno;
}

struct sockaddr_in os_address_to_kernel(const struct sm_net *net, uint32_t ip, uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};

    address.sin_addr.s_addr = htonl(ip == INADDR_LOOPBACK ? net->ip : ip);
    return address;
}

struct sm_address os_address_of_kernel(const struct sockaddr_in *address)
{
    return (struct sm_address){.ip = ntohl(address->sin_addr.s_addr),
                               .port = ntohs(address->sin_port)};
}

int os_socket_bind(const struct sm_net *net, int fd, uint16_t port)
{
    const struct sockaddr_in address = os_address_to_kernel(net, net->ip, port);
    return bind(fd, (const struct sockaddr *)&address, sizeof address) == 0 ? 0 : -errno;
}

uint16_t os_socket_port(int fd)
{
    struct sockaddr_in address = {0};
    socklen_t size = sizeof address;

    if (getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        return 0;
    return ntohs(address.sin_port);
}

/* ---- handles ---- */

static uint32_t nothing_ready(struct sm_waitable *self, uint32_t interest)
{
    (void)self, (void)interest;
    return 0;
}

int os_socket_wrap(struct os_socket **out, struct sm_net *net, int fd, enum os_magic magic,
                   size_t size)
{
    struct os_socket *socket = calloc(1, size);
    struct os_worker *worker = sm__current ? os_worker_of(sm__current->home) : net->worker;
    const int error = socket ? uv_poll_init(&worker->loop, &socket->poll, fd) : -ENOMEM;

    *out = NULL;
    if (error) {
        free(socket);
        close(fd);
        return error;
    }
    socket->poll.data = socket;
    socket->magic = magic;
    socket->fd = fd;
    socket->port = os_socket_port(fd);
    socket->net = net;
    socket->worker = worker;
    sm__waitable_init(&socket->any, nothing_ready);
    sm__waitable_init(&socket->readers, nothing_ready);
    sm__waitable_init(&socket->writers, nothing_ready);
    pthread_mutex_lock(&net->lock);
    sm__list_append(&net->sockets, &socket->link);
    pthread_mutex_unlock(&net->lock);
    *out = socket;
    return 0;
}

static void closed(uv_handle_t *handle)
{
    free(handle->data);
}

void os_socket_close(struct os_socket *socket)
{
    socket->magic = OS_MAGIC_CLOSED;
    pthread_mutex_lock(&socket->net->lock);
    sm__list_remove(&socket->link);
    pthread_mutex_unlock(&socket->net->lock);
    uv_close((uv_handle_t *)&socket->poll, closed);
    close(
        socket->fd); /* the loop has let go of it; the handle's memory is needed a little longer */
    socket->fd = -1;
}

void os_net_check(const struct sm_net *net, const char *call)
{
    SM_ASSERT_MSG(net, "%s: there is no network", call);
    SM_ASSERT_MSG(!sm__current || os_team_shares(net->worker, sm__current->home),
                  "%s: this network belongs to another machine", call);
}

void os_socket_check(const struct os_socket *socket, enum os_magic magic, const char *call)
{
    SM_ASSERT_MSG(socket, "%s: the handle is NULL", call);
    SM_ASSERT_MSG(socket->magic != OS_MAGIC_CLOSED, "%s: the handle was closed before", call);
    SM_ASSERT_MSG(socket->magic == magic, "%s: this is not such a handle", call);
    SM_ASSERT_MSG(!sm__current || sm__current->home == &socket->worker->home,
                  "%s: the handle was opened on another worker", call);
}

void os_socket_check_idle(const struct os_socket *socket, const char *call)
{
    SM_ASSERT_MSG(sm__waitable_idle(&socket->any) && sm__waitable_idle(&socket->readers) &&
                      sm__waitable_idle(&socket->writers),
                  "%s: a task still waits on it", call);
}
