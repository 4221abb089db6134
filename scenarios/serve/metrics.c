/* SPDX-License-Identifier: MIT */
#include "scenarios/serve/metrics.h"

#include "core/os/metrics.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define REQUEST_BYTES_MAX 4096
#define CLIENT_LIMIT_MS   1000 /* clients come one at a time: none may keep the others waiting */
#define RETRY_MS          100
#define BACKLOG           16

struct serve_metrics {
    const char *machine;
    pthread_t thread;
    int listen_fd, stop_fd;
};

/* ---- one client ---- */

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits for the client. Returns false if it takes too long, or the end has come. */
static bool await(const struct serve_metrics *metrics, int fd, short events, int64_t limit_ms)
{
    struct pollfd fds[] = {{fd, events, 0}, {metrics->stop_fd, POLLIN, 0}};
    const int64_t left = limit_ms - now_ms();

    return left > 0 && poll(fds, 2, (int)left) > 0 && !fds[1].revents;
}

/* Reads up to the empty line. Returns false if there is none. */
static bool read_request(const struct serve_metrics *metrics, int fd, char *request,
                         int64_t limit_ms)
{
    size_t used = 0;

    while (used < REQUEST_BYTES_MAX - 1 && await(metrics, fd, POLLIN, limit_ms)) {
        const ssize_t count = recv(fd, request + used, REQUEST_BYTES_MAX - 1 - used, 0);
        if (count <= 0)
            return false;
        used += (size_t)count;
        request[used] = '\0';
        if (strstr(request, "\r\n\r\n") || strstr(request, "\n\n"))
            return true;
    }
    return false;
}

static void send_all(const struct serve_metrics *metrics, int fd, const char *data, size_t size,
                     int64_t limit_ms)
{
    while (size > 0 && await(metrics, fd, POLLOUT, limit_ms)) {
        const ssize_t count = send(fd, data, size, MSG_NOSIGNAL);
        if (count < 0)
            return;
        data += count;
        size -= (size_t)count;
    }
}

static void answer(const struct serve_metrics *metrics, int fd, const char *status,
                   const char *body, size_t size, int64_t limit_ms)
{
    char head[256];
    const int length = snprintf(head, sizeof head,
                                "HTTP/1.1 %s\r\nContent-Type: text/plain; version=0.0.4\r\n"
                                "Content-Length: %zu\r\nConnection: close\r\n\r\n",
                                status, size);

    send_all(metrics, fd, head, (size_t)length, limit_ms);
    send_all(metrics, fd, body, size, limit_ms);
}

static void serve_client(const struct serve_metrics *metrics, int fd)
{
    const int64_t limit_ms = now_ms() + CLIENT_LIMIT_MS;
    static const char path[] = "/metrics";
    char request[REQUEST_BYTES_MAX];
    size_t size = 0;

    if (!read_request(metrics, fd, request, limit_ms))
        return;
    if (strncmp(request, "GET ", 4) != 0) {
        answer(metrics, fd, "405 Method Not Allowed", "only GET\n", 9, limit_ms);
        return;
    }
    const char *behind = request + 4 + sizeof path - 1;
    if (strncmp(request + 4, path, sizeof path - 1) != 0 || (*behind != ' ' && *behind != '?')) {
        answer(metrics, fd, "404 Not Found", "see /metrics\n", 13, limit_ms);
        return;
    }
    char *text = os_metrics_text(metrics->machine, &size);
    if (text)
        answer(metrics, fd, "200 OK", text, size, limit_ms);
    free(text);
}

static void *run(void *arg)
{
    const struct serve_metrics *metrics = arg;
    struct pollfd fds[] = {{metrics->listen_fd, POLLIN, 0}, {metrics->stop_fd, POLLIN, 0}};

    while (poll(fds, 2, -1) < 0 || !fds[1].revents) {
        const int fd = accept4(metrics->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0) {
            if (errno != EAGAIN) /* out of descriptors, say: not again at once */
                (void)poll(&fds[1], 1, RETRY_MS);
            continue;
        }
        serve_client(metrics, fd);
        close(fd);
    }
    return NULL;
}

/* ---- its life ---- */

static int open_port(uint16_t port)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int on = 1;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return -errno;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        bind(fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
        listen(fd, BACKLOG) == 0)
        return fd;
    const int error = -errno;
    close(fd);
    return error;
}

int serve_metrics_start(struct serve_metrics **out, uint16_t port, const char *machine)
{
    struct serve_metrics *metrics = calloc(1, sizeof *metrics);
    int error;

    *out = NULL;
    if (!metrics)
        return -ENOMEM;
    metrics->machine = machine;
    metrics->listen_fd = open_port(port);
    metrics->stop_fd = eventfd(0, EFD_CLOEXEC);
    if (metrics->listen_fd < 0)
        error = metrics->listen_fd;
    else if (metrics->stop_fd < 0)
        error = -errno;
    else
        error = -pthread_create(&metrics->thread, NULL, run, metrics);
    if (!error) {
        *out = metrics;
        return 0;
    }
    close(metrics->listen_fd);
    close(metrics->stop_fd);
    free(metrics);
    return error;
}

void serve_metrics_stop(struct serve_metrics *metrics)
{
    const uint64_t one = 1;

    if (!metrics)
        return;
    (void)!write(metrics->stop_fd, &one, sizeof one);
    pthread_join(metrics->thread, NULL);
    close(metrics->listen_fd);
    close(metrics->stop_fd);
    free(metrics);
}
