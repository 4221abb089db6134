/* SPDX-License-Identifier: MIT */
/* Reading, writing, closing. */
#include "core/os/stream.h"

#include "core/counters.h"

#include <errno.h>
#include <unistd.h>

#define COUNT_MAX ((size_t)1 << 30)

/* ---- reading ---- */

/* What the kernel calls the end depends on what it was doing: the peer has said so, or has said
 * nothing for too long. */
int os_stream_error(int number)
{
    const bool silent = number == ETIMEDOUT || number == EHOSTUNREACH || number == ENETUNREACH;
    return silent ? -ECONNABORTED : -ECONNRESET;
}

static int over(struct sm_stream *stream, int number)
{
    stream->error = os_stream_error(number);
    return stream->error;
}

/* Returns a count, 0 at the end, -EAGAIN, -ECONNRESET. */
static int try_read(struct sm_stream *stream, void *buffer, size_t capacity)
{
    ssize_t count;

    if (stream->error)
        return stream->error;
    do {
        count = recv(stream->socket.fd, buffer, capacity, 0);
    } while (count < 0 && errno == EINTR);
    if (count >= 0) {
        stream->socket.drained = count > 0 && (size_t)count < capacity;
        SM__COUNT(stream_in, count);
        return (int)count;
    }
    if (errno != EAGAIN)
        return over(stream, errno);
    stream->socket.drained = true;
    return -EAGAIN;
}

int sm_stream_read(struct sm_stream *stream, void *buffer, size_t capacity, sm_time deadline)
{
    os_socket_check(&stream->socket, OS_MAGIC_STREAM, __func__);
    int waited = sm__enter();

    SM_ASSERT_MSG(capacity > 0 && capacity <= COUNT_MAX,
                  "sm_stream_read: capacity is not 1 to 2^30");
    while (!waited) {
        /* After a read that left nothing, an event comes before there is more. */
        const int count = stream->socket.drained ? -EAGAIN : try_read(stream, buffer, capacity);
        if (count != -EAGAIN) {
            os_worker_done_at_once(stream->socket.worker);
            return count;
        }
        waited = os_socket_wait_read(&stream->socket, false, deadline);
    }
    if (waited != -ETIMEDOUT)
        return waited;
    /* The loop may not have had its turn yet. */
    const int count = try_read(stream, buffer, capacity);
    return count == -EAGAIN ? -ETIMEDOUT : count;
}

/* ---- writing ---- */

/* Returns a count, -EAGAIN, -EPIPE after a shutdown, -ECONNRESET. */
static int try_write(struct sm_stream *stream, const void *data, size_t size)
{
    ssize_t count;

    if (stream->shut)
        return -EPIPE;
    if (stream->error)
        return stream->error;
    do {
        count = send(stream->socket.fd, data, size, MSG_NOSIGNAL);
    } while (count < 0 && errno == EINTR);
    if (count < 0)
        return errno == EAGAIN ? -EAGAIN : over(stream, errno);
    SM__COUNT(stream_out, count);
    return (int)count;
}

int sm_stream_write(struct sm_stream *stream, const void *data, size_t size, sm_time deadline)
{
    os_socket_check(&stream->socket, OS_MAGIC_STREAM, __func__);
    int waited = sm__enter();

    if (waited || size == 0)
        return waited;
    while (!waited) {
        const int count = try_write(stream, data, size < COUNT_MAX ? size : COUNT_MAX);
        if (count != -EAGAIN) {
            os_worker_done_at_once(stream->socket.worker);
            return count;
        }
        waited = os_socket_wait_write(&stream->socket, deadline);
    }
    if (waited != -ETIMEDOUT)
        return waited;
    /* The kernel wakes writers when there is much room; a little may be there all the same. */
    const int count = try_write(stream, data, size < COUNT_MAX ? size : COUNT_MAX);
    return count == -EAGAIN ? -ETIMEDOUT : count;
}

/* ---- the rest ---- */

int sm_stream_shutdown(struct sm_stream *stream)
{
    os_socket_check(&stream->socket, OS_MAGIC_STREAM, __func__);
    if (stream->error)
        return -ENOTCONN;
    if (stream->shut)
        return 0;
    if (shutdown(stream->socket.fd, SHUT_WR) != 0) {
        over(stream, errno);
        return -ENOTCONN;
    }
    stream->shut = true;
    sm__wake_all(&stream->socket.writers); /* they wait for room no more */
    sm__wake_all(&stream->socket.any);
    return 0;
}

void sm_stream_address(const struct sm_stream *stream, struct sm_address *local,
                       struct sm_address *peer)
{
    struct sockaddr_in address = {0};
    socklen_t size = sizeof address;

    os_socket_check(&stream->socket, OS_MAGIC_STREAM, __func__);
    if (local)
        *local = (struct sm_address){.ip = stream->socket.net->ip, .port = stream->socket.port};
    if (peer && getpeername(stream->socket.fd, (struct sockaddr *)&address, &size) != 0)
        address = (struct sockaddr_in){0}; /* the connection is gone, and its peer's name with it */
    if (peer)
        *peer = os_address_of_kernel(&address);
}

struct sm_waitable *sm_stream_waitable(struct sm_stream *stream)
{
    os_socket_check(&stream->socket, OS_MAGIC_STREAM, __func__);
    return &stream->socket.any;
}
