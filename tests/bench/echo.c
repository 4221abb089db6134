/* SPDX-License-Identifier: MIT */
/*
 * The client, and the table. The servers take turns, round after round, so that what else runs on
 * the host meets all of them; medians of the rounds are compared. CPU time of the server is shown,
 * too: unlike the rest, it hardly depends on who else runs.
 */
#include "tests/bench/echo.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHECK(condition_) ((condition_) ? (void)0 : abort())
#define ROUNDS            9
#define MESSAGES          40000u /* each round */
#define CONNECTIONS_MAX   50
#define THROUGHPUT_MIN    0.95
#define P99_MAX           1.10

struct server {
    const char *name;
    void (*serve)(int ready_fd);
    pid_t pid;
    uint16_t port;
};

struct result {
    double per_second, p50_us, p99_us, cpu_us;
};

static struct server servers[] = {{"steelmill", echo_serve_steelmill, 0, 0},
                                  {"libuv", echo_serve_uv, 0, 0},
                                  {"epoll", echo_serve_epoll, 0, 0}};
enum { STEELMILL, UV, EPOLL, SERVERS };

/* ---- servers ---- */

void echo_tell(int ready_fd, uint16_t port)
{
    CHECK(write(ready_fd, &port, sizeof port) == (ssize_t)sizeof port);
}

int echo_listen(uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(ECHO_IP)};
    socklen_t size = sizeof address;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&address, size) == 0 && listen(fd, 64) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&address, &size) == 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static void start(struct server *server)
{
    int ready[2];

    CHECK(pipe(ready) == 0);
    server->pid = fork();
    CHECK(server->pid >= 0);
    if (server->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        server->serve(ready[1]);
    }
    close(ready[1]);
    CHECK(read(ready[0], &server->port, sizeof server->port) == (ssize_t)sizeof server->port);
    close(ready[0]);
}

static double cpu_of(const struct server *server)
{
    struct timespec used;
    clockid_t clock;

    CHECK(clock_getcpuclockid(server->pid, &clock) == 0 && clock_gettime(clock, &used) == 0);
    return (double)used.tv_sec * 1e6 + (double)used.tv_nsec / 1e3;
}

/* ---- the client ---- */

struct client {
    int fds[CONNECTIONS_MAX];
    double sent_us[CONNECTIONS_MAX]; /* by connection */
    int epoll;
    float latencies_us[MESSAGES + CONNECTIONS_MAX];
};

static double now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void send_message(struct client *client, int index)
{
    static const char message[ECHO_BYTES];

    client->sent_us[index] = now_us();
    CHECK(send(client->fds[index], message, ECHO_BYTES, MSG_NOSIGNAL) == ECHO_BYTES);
}

static void connect_all(struct client *client, const struct server *server, int connections)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(server->port), .sin_addr.s_addr = htonl(ECHO_IP)};
    const int one = 1;

    client->epoll = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < connections; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
        client->fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        CHECK(connect(client->fds[i], (const struct sockaddr *)&address, sizeof address) == 0);
        setsockopt(client->fds[i], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        CHECK(epoll_ctl(client->epoll, EPOLL_CTL_ADD, client->fds[i], &event) == 0);
    }
}

static void disconnect_all(struct client *client, int connections)
{
    for (int i = 0; i < connections; i++)
        close(client->fds[i]);
    close(client->epoll);
}

static int by_size(const void *a, const void *b)
{
    const float left = *(const float *)a, right = *(const float *)b;
    return (left > right) - (left < right);
}

/* Each connection has one message under way. */
static void exchange(struct client *client, int connections)
{
    struct epoll_event events[CONNECTIONS_MAX];
    uint32_t done = 0;

    for (int i = 0; i < connections; i++)
        send_message(client, i);
    while (done < MESSAGES) {
        const int count = epoll_wait(client->epoll, events, CONNECTIONS_MAX, -1);
        for (int i = 0; i < count; i++) {
            const int index = (int)events[i].data.u32;
            char message[ECHO_BYTES];
            CHECK(recv(client->fds[index], message, ECHO_BYTES, MSG_WAITALL) == ECHO_BYTES);
            client->latencies_us[done++] = (float)(now_us() - client->sent_us[index]);
            send_message(client, index);
        }
    }
    qsort(client->latencies_us, done, sizeof *client->latencies_us, by_size);
}

static struct result measure(const struct server *server, int connections)
{
    static struct client client;

    connect_all(&client, server, connections);
    const double cpu = cpu_of(server), before = now_us();
    exchange(&client, connections);
    const double took_us = now_us() - before;
    const struct result result = {MESSAGES / took_us * 1e6, client.latencies_us[MESSAGES / 2],
                                  client.latencies_us[MESSAGES / 100 * 99],
                                  (cpu_of(server) - cpu) / MESSAGES};
    disconnect_all(&client, connections);
    return result;
}

/* ---- the table ---- */

static double median(struct result *rounds, double (*get)(const struct result *))
{
    float values[ROUNDS];

    for (int i = 0; i < ROUNDS; i++)
        values[i] = (float)get(&rounds[i]);
    qsort(values, ROUNDS, sizeof *values, by_size);
    return values[ROUNDS / 2];
}

static double per_second(const struct result *r)
{
    return r->per_second;
}
static double p50(const struct result *r)
{
    return r->p50_us;
}
static double p99(const struct result *r)
{
    return r->p99_us;
}
static double cpu(const struct result *r)
{
    return r->cpu_us;
}

static bool compare(int connections)
{
    static struct result rounds[SERVERS][ROUNDS];

    for (int round = 0; round < ROUNDS; round++)
        for (int i = 0; i < SERVERS; i++)
            rounds[i][round] = measure(&servers[i], connections);
    for (int i = 0; i < SERVERS; i++)
        printf("%-10s %3d connections %9.0f /s  p50 %7.1f us  p99 %7.1f us  server %6.2f us CPU\n",
               servers[i].name, connections, median(rounds[i], per_second), median(rounds[i], p50),
               median(rounds[i], p99), median(rounds[i], cpu));
    const double throughput =
        median(rounds[STEELMILL], per_second) / median(rounds[UV], per_second);
    const double tail = median(rounds[STEELMILL], p99) / median(rounds[UV], p99);
    const bool met = throughput >= THROUGHPUT_MIN && tail <= P99_MAX;
    printf("  of libuv's: throughput %.2f (aim: %.2f or more), p99 %.2f (aim: %.2f or less): %s\n",
           throughput, THROUGHPUT_MIN, tail, P99_MAX, met ? "met" : "MISSED");
    fflush(stdout);
    return met;
}

int main(void)
{
    for (int i = 0; i < SERVERS; i++)
        start(&servers[i]);
    bool met = compare(1);
    met &= compare(CONNECTIONS_MAX);
    for (int i = 0; i < SERVERS; i++) {
        kill(servers[i].pid, SIGKILL);
        waitpid(servers[i].pid, NULL, 0);
    }
    return met ? 0 : 1;
}
