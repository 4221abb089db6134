/* SPDX-License-Identifier: MIT */
/* How streams end: closing, lingering, and giving up a silent peer. */
#include "core/counters.h"
#include "core/os/stream.h"
#include "core/stream_check.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>

/* How often it is looked whether all was acknowledged: the kernel tells nobody. */
#define LOOK_NS_MIN (100 * SM_US)
#define LOOK_NS_MAX (20 * SM_MS)

void sm_stream_close(struct sm_stream *stream)
{
    if (!stream)
        return;
    os_socket_check(&stream->socket, OS_MAGIC_STREAM, __func__);
    os_socket_check_idle(&stream->socket, __func__);
    SM__COUNT(closed, 1);
    os_socket_close(&stream->socket);
}

/* ---- lingering ---- */

static bool has_unread(const struct sm_stream *stream)
{
    int bytes = 0;

    return ioctl(stream->socket.fd, FIONREAD, &bytes) == 0 && bytes > 0;
}

/* Of a connection that is over. */
static int outcome(const struct sm_stream *stream)
{
    socklen_t size = sizeof(int);
    int number = 0;

    if (getsockopt(stream->socket.fd, SOL_SOCKET, SO_ERROR, &number, &size) != 0)
        number = errno;
    return number ? os_stream_error(number) : 0;
}

/* Returns 0 when the end was acknowledged, -EAGAIN before that. */
static int delivered(const struct sm_stream *stream)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof info;

    if (getsockopt(stream->socket.fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
        return -errno;
    switch (info.tcpi_state) {
    case TCP_ESTABLISHED:
    case TCP_CLOSE_WAIT:
    case TCP_FIN_WAIT1:
    case TCP_CLOSING:
    case TCP_LAST_ACK:
        return -EAGAIN;
    default:
        return outcome(stream);
    }
}

static int await_delivery(const struct sm_stream *stream, sm_time deadline)
{
    sm_time pause_ns = LOOK_NS_MIN;
    int error = sm__enter();

    while (!error && (error = delivered(stream)) == -EAGAIN) {
        const sm_time now = sm_now(), next = now + pause_ns;
        if (now >= deadline)
            return -ETIMEDOUT;
        error = sm_sleep_until(next < deadline ? next : deadline);
        pause_ns = pause_ns * 2 < LOOK_NS_MAX ? pause_ns * 2 : LOOK_NS_MAX;
    }
    return error;
}

int sm_stream_linger(struct sm_stream *stream, sm_time deadline)
{
    int error = stream->error;

    os_socket_check(&stream->socket, OS_MAGIC_STREAM, __func__);
    os_socket_check_idle(&stream->socket, __func__);
    if (!error && has_unread(stream))
        error = -ECONNRESET; /* by ourselves, below */
    if (!error && sm_stream_shutdown(stream) != 0)
        error = stream->error;
    if (!error)
        error = await_delivery(stream, deadline);
    SM__COUNT(closed, 1);
    os_socket_close(&stream->socket);
    return error;
}

void sm_stream_abort(struct sm_stream *stream)
{
    const struct linger none = {.l_onoff = 1, .l_linger = 0};

    os_socket_check(&stream->socket, OS_MAGIC_STREAM, __func__);
    os_socket_check_idle(&stream->socket, __func__);
    (void)setsockopt(stream->socket.fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    SM__COUNT(closed, 1);
    os_socket_close(&stream->socket);
}

/* ---- silent peers ---- */

static int set(const struct sm_stream *stream, int level, int name, int value)
{
    return setsockopt(stream->socket.fd, level, name, &value, sizeof value) == 0 ? 0 : -errno;
}

static int rounded_up(sm_time ns, sm_time unit_ns)
{
    return (int)((ns + unit_ns - 1) / unit_ns);
}

int sm_stream_keep_alive(struct sm_stream *stream, sm_time idle_ns, sm_time interval_ns, int probes)
{
    int error;

    os_socket_check(&stream->socket, OS_MAGIC_STREAM, __func__);
    if (!sm__keep_alive_valid(idle_ns, interval_ns, probes))
        return -EINVAL;
    if (stream->error)
        return -ENOTCONN;
    if (idle_ns == 0)
        return set(stream, SOL_SOCKET, SO_KEEPALIVE, 0);
    error = set(stream, IPPROTO_TCP, TCP_KEEPIDLE, rounded_up(idle_ns, SM_S));
    if (!error)
        error = set(stream, IPPROTO_TCP, TCP_KEEPINTVL, rounded_up(interval_ns, SM_S));
    if (!error)
        error = set(stream, IPPROTO_TCP, TCP_KEEPCNT, probes);
    return error ? error : set(stream, SOL_SOCKET, SO_KEEPALIVE, 1);
}

int sm_stream_user_timeout(struct sm_stream *stream, sm_time timeout_ns)
{
    os_socket_check(&stream->socket, OS_MAGIC_STREAM, __func__);
    if (!sm__patience_valid(timeout_ns))
        return -EINVAL;
    if (stream->error)
        return -ENOTCONN;
    return set(stream, IPPROTO_TCP, TCP_USER_TIMEOUT, rounded_up(timeout_ns, SM_MS));
}
