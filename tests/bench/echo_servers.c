/* SPDX-License-Identifier: MIT */
#include "tests/bench/echo.h"

#include "core/factory.h"
#include "core/os/net.h"
#include "core/os/worker.h"

#include <steelmill/steelmill.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHECK(condition_) ((condition_) ? (void)0 : abort())

/* ---- steelmill: a task per connection ---- */

static struct sm_net *net;
static int steelmill_ready;

static int serve_connection(void *arg)
{
    struct sm_stream *stream = arg;
    char message[4096];
    int count;

    while ((count = sm_stream_read(stream, message, sizeof message, SM_FOREVER)) > 0) {
        for (int done = 0, part; done < count; done += part) {
            part = sm_stream_write(stream, message + done, (size_t)(count - done), SM_FOREVER);
            if (part < 0)
                return part;
        }
    }
    sm_stream_close(stream);
    return count;
}

static int serve(void *arg)
{
    struct sm_listener *listener;
    struct sm_stream *stream;

    (void)arg;
    CHECK(sm_listener_open(net, &listener, 0, 64) == 0);
    echo_tell(steelmill_ready, sm_listener_port(listener));
    while (sm_listener_accept(listener, &stream, NULL, SM_FOREVER) == 0)
        CHECK(sm_task_spawn(NULL, "connection", serve_connection, stream) == 0);
    return 0;
}

void echo_serve_steelmill(int ready_fd)
{
    static const struct os_name names[] = {{"echo", ECHO_IP}};
    struct os_worker *worker;

    steelmill_ready = ready_fd;
    CHECK(os_worker_create(&worker, &(struct os_worker_options){.name = "echo"}) == 0);
    CHECK(os_net_create(&net, worker, ECHO_IP, names, 1) == 0);
    CHECK(os_worker_spawn(worker, "serve", serve, NULL) == 0);
    os_worker_run(worker);
    abort();
}

/* ---- libuv ---- */

struct connection {
    uv_tcp_t tcp;
    char message[4096];
};

static void give_buffer(uv_handle_t *handle, size_t size, uv_buf_t *buffer)
{
    struct connection *connection = handle->data;

    (void)size;
    *buffer = uv_buf_init(connection->message, sizeof connection->message);
}

static void connection_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void message_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
    if (count < 0) {
        uv_close((uv_handle_t *)stream, connection_closed);
        return;
    }
    uv_buf_t answer = uv_buf_init(buffer->base, (unsigned)count);
    CHECK(count == 0 || uv_try_write(stream, &answer, 1) == count); /* the kernel has room */
}

static void connection_arrives(uv_stream_t *listener, int status)
{
    struct connection *connection = malloc(sizeof *connection);

    CHECK(status == 0 && connection);
    CHECK(uv_tcp_init(listener->loop, &connection->tcp) == 0);
    connection->tcp.data = connection;
    CHECK(uv_accept(listener, (uv_stream_t *)&connection->tcp) == 0);
    uv_tcp_nodelay(&connection->tcp, 1);
    CHECK(uv_read_start((uv_stream_t *)&connection->tcp, give_buffer, message_read) == 0);
}

void echo_serve_uv(int ready_fd)
{
    uv_loop_t loop;
    uv_tcp_t listener;
    uint16_t port;
    const int fd = echo_listen(&port);

    CHECK(uv_loop_init(&loop) == 0 && uv_tcp_init(&loop, &listener) == 0);
    CHECK(uv_tcp_open(&listener, fd) == 0);
    CHECK(uv_listen((uv_stream_t *)&listener, 64, connection_arrives) == 0);
    echo_tell(ready_fd, port);
    uv_run(&loop, UV_RUN_DEFAULT);
    abort();
}

/* ---- epoll ---- */

static void watch_fd(int epoll, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0);
}

static void accept_one(int epoll, int listener)
{
    const int one = 1, fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    CHECK(fd >= 0);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    watch_fd(epoll, fd);
}

static void answer(int fd)
{
    char message[4096];
    const ssize_t count = recv(fd, message, sizeof message, 0);

    if (count > 0)
        CHECK(send(fd, message, (size_t)count, MSG_NOSIGNAL) == count);
    else
        close(fd);
}

void echo_serve_epoll(int ready_fd)
{
    uint16_t port;
    const int listener = echo_listen(&port), epoll = epoll_create1(EPOLL_CLOEXEC);

    CHECK(epoll >= 0);
    watch_fd(epoll, listener);
    echo_tell(ready_fd, port);
    for (;;) {
        struct epoll_event events[64];
        const int count = epoll_wait(epoll, events, 64, -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd == listener)
                accept_one(epoll, listener);
            else
                answer(events[i].data.fd);
        }
    }
}
