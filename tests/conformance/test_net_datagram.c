/* SPDX-License-Identifier: MIT */
/*
 * The matrix of datagrams: every call, with and without a peer of the socket, times every way in
 * which the other side can be there or not. The peer's machine sends back what it gets.
 */
#include "tests/conformance/cases.h"

#include <string.h>

static struct sm_datagram *ours;
static struct sm_address to;

/* ---- set-ups ---- */

/* A socket, and an address to send to. */
static void free_socket(void)
{
    struct sm_net *net = sm_net_get(conformance_factory());

    peer_up();
    ck_assert_int_eq(sm_datagram_open(net, &ours, 0), 0);
    ck_assert_int_eq(sm_net_resolve(net, "m2", &to.ip, case_soon()), 0);
    to.port = PEER_PORT;
}

/* A socket that has the other side for a peer. */
static void connected(void)
{
    free_socket();
    ck_assert_int_eq(sm_datagram_connect(ours, &to), 0);
}

static void tear_down(void)
{
    sm_datagram_close(ours);
}

/* ---- events ---- */

/* One is sent, and what it brings has come. */
static void sent(void)
{
    ck_assert_int_eq(sm_datagram_send(ours, &to, "hello", 5), 0);
    ck_assert_int_eq(sm_sleep(CASE_SETTLE), 0);
}

static void deaf(void)
{
    peer_do(PEER_DEAF);
}

static void deaf_sent(void)
{
    deaf();
    sent();
}

static void killed(void)
{
    peer_killed();
}

static void killed_sent(void)
{
    killed();
    sent();
}

static void rebooted(void)
{
    peer_rebooted();
}

static void rebooted_sent(void)
{
    rebooted();
    sent();
}

static void stopped_sent(void)
{
    peer_stopped();
    sent();
}

/* Sent, answered, and then the program dies: what has come stays. */
static void sent_killed(void)
{
    sent();
    killed();
}

/* ---- calls ---- */

static int receive(sm_time deadline)
{
    char buffer[16];
    return sm_datagram_receive(ours, buffer, sizeof buffer, NULL, deadline);
}

static int send_one(sm_time deadline)
{
    (void)deadline;
    return sm_datagram_send(ours, &to, "hello", 5);
}

static int send_to_peer(sm_time deadline)
{
    (void)deadline;
    return sm_datagram_send(ours, NULL, "hello", 5);
}

/* A bounce is told once. */
static int send_again(sm_time deadline)
{
    (void)send_one(deadline);
    return send_one(deadline);
}

static int receive_again(sm_time deadline)
{
    (void)receive(deadline);
    return receive(sm_now() + CASE_SHORT);
}

static int ask(sm_time deadline)
{
    const int error = send_one(deadline);
    return error ? error : receive(deadline);
}

static int look_read(sm_time deadline)
{
    struct sm_wait wait = {sm_datagram_waitable(ours), SM_READ, 0};
    return sm_wait_any(&wait, 1, deadline);
}

static int look_write(sm_time deadline)
{
    struct sm_wait wait = {sm_datagram_waitable(ours), SM_WRITE, 0};
    return sm_wait_any(&wait, 1, deadline);
}

/* ---- the cases ---- */

/* Without a peer a bounce is told to a later send, once, and to nobody else. A machine that was
 * stopped is off in simulation: nothing bounces. */
#define FREE(X, Y)                                                  \
    X(free_socket, until, nothing, receive, -ETIMEDOUT)             \
    X(free_socket, after, sent, receive, 5)                         \
    X(free_socket, during, sent, receive, 5)                        \
    X(free_socket, cancelled, nothing, receive, -ECANCELED)         \
    X(free_socket, stopping, nothing, receive, -ECANCELED)          \
    X(free_socket, until, deaf_sent, receive, -ETIMEDOUT)           \
    X(free_socket, until, killed_sent, receive, -ETIMEDOUT)         \
    X(free_socket, after, sent_killed, receive, 5)                  \
    X(free_socket, after, rebooted, ask, 5)                         \
    X(free_socket, after, deaf, send_one, 0)                        \
    X(free_socket, after, killed, send_one, 0)                      \
    X(free_socket, after, deaf_sent, send_one, -ECONNREFUSED)       \
    X(free_socket, after, killed_sent, send_one, -ECONNREFUSED)     \
    Y(free_socket, after, stopped_sent, send_one, -ECONNREFUSED, 0) \
    X(free_socket, after, rebooted_sent, send_one, 0)               \
    X(free_socket, after, deaf_sent, send_again, 0)                 \
    X(free_socket, after, nothing, send_to_peer, -EDESTADDRREQ)     \
    X(free_socket, after, sent, look_read, 0)                       \
    X(free_socket, until, deaf_sent, look_read, -ETIMEDOUT)         \
    X(free_socket, after, deaf_sent, look_write, 0)

/* With a peer every call tells, once, also one that waits. */
#define CONNECTED(X, Y)                                         \
    X(connected, until, nothing, receive, -ETIMEDOUT)           \
    X(connected, after, sent, receive, 5)                       \
    X(connected, during, sent, receive, 5)                      \
    X(connected, cancelled, nothing, receive, -ECANCELED)       \
    X(connected, stopping, nothing, receive, -ECANCELED)        \
    X(connected, after, nothing, send_to_peer, 0)               \
    X(connected, after, deaf_sent, receive, -ECONNREFUSED)      \
    X(connected, after, killed_sent, receive, -ECONNREFUSED)    \
    X(connected, during, deaf_sent, receive, -ECONNREFUSED)     \
    X(connected, during, killed_sent, receive, -ECONNREFUSED)   \
    X(connected, after, deaf_sent, receive_again, -ETIMEDOUT)   \
    X(connected, after, deaf_sent, send_to_peer, -ECONNREFUSED) \
    X(connected, after, deaf_sent, send_again, 0)               \
    X(connected, after, deaf_sent, look_read, 0)                \
    X(connected, during, deaf_sent, look_read, 0)               \
    X(connected, until, nothing, look_read, -ETIMEDOUT)         \
    X(connected, after, sent_killed, receive, 5)                \
    X(connected, after, rebooted, ask, 5)                       \
    X(connected, after, deaf, ask, -ECONNREFUSED)

#define CASES(X, Y) FREE(X, Y) CONNECTED(X, Y)

CASES(CASES_DEFINE_, CASES_DEFINE_OR_)

/* ---- what is no wait ---- */

/* What is wrong is told at once, and changes nothing. */
CONFORMS(datagram_bad_arguments)
{
    static const char large[SM_DATAGRAM_BYTES_MAX + 1];
    struct sm_net *net = sm_net_get(conformance_factory());
    const struct sm_address no_port = {.ip = sm_net_ip(net)};
    const struct sm_address all = {.ip = SM_IP_BROADCAST, .port = 9};

    free_socket();
    ck_assert_int_eq(sm_datagram_connect(ours, &no_port), -EINVAL);
    ck_assert_int_eq(sm_datagram_connect(ours, &all), -EINVAL);
    ck_assert_int_eq(sm_datagram_send(ours, &no_port, "x", 1), -EINVAL);
    ck_assert_int_eq(sm_datagram_send(ours, NULL, "x", 1), -EDESTADDRREQ);
    ck_assert_int_eq(sm_datagram_connect(ours, &to), 0);
    ck_assert_int_eq(sm_datagram_send(ours, NULL, large, sizeof large), -EMSGSIZE);
    ck_assert_int_eq(ask(case_soon()), 5);
    sm_datagram_close(ours);
    peer_done();
}

/* A broadcast: the simulated network has it, production does not. */
CONFORMS(datagram_broadcast)
{
    const struct sm_address all = {.ip = SM_IP_BROADCAST, .port = PEER_PORT};

    free_socket();
    const int error = sm_datagram_send(ours, &all, "hello", 5);
    ck_assert(error == 0 || error == -EOPNOTSUPP);
    ck_assert_int_eq(error ? -ETIMEDOUT : 5, receive(sm_now() + 2 * CASE_SHORT));
    sm_datagram_close(ours);
    peer_done();
}

/* A socket with a peer hears that alone, and others are told that nobody is there. What has come
 * before stays. */
CONFORMS(datagram_hears_its_peer_alone)
{
    struct sm_net *net = sm_net_get(conformance_factory());
    struct sm_datagram *other;

    free_socket();
    ck_assert_int_eq(sm_datagram_open(net, &other, 0), 0);
    const struct sm_address here = {.ip = sm_net_ip(net), .port = sm_datagram_port(ours)};
    ck_assert_int_eq(sm_datagram_send(other, &here, "abc", 3), 0);
    ck_assert_int_eq(sm_sleep(CASE_SETTLE), 0);
    ck_assert_int_eq(sm_datagram_connect(ours, &to), 0);
    ck_assert_int_eq(receive(case_soon()), 3);
    ck_assert_int_eq(sm_datagram_send(other, &here, "abcd", 4), 0);
    ck_assert_int_eq(sm_sleep(CASE_SETTLE), 0);
    ck_assert_int_eq(receive(sm_now() + CASE_SHORT), -ETIMEDOUT);
    ck_assert_int_eq(sm_datagram_send(other, &here, "x", 1), -ECONNREFUSED);
    ck_assert_int_eq(ask(case_soon()), 5);
    sm_datagram_close(ours);
    sm_datagram_close(other);
    peer_done();
}

/* A socket can be given another peer. */
CONFORMS(datagram_another_peer)
{
    struct sm_net *net = sm_net_get(conformance_factory());
    struct sm_datagram *other;

    connected();
    ck_assert_int_eq(sm_datagram_open(net, &other, 0), 0);
    const struct sm_address there = {.ip = sm_net_ip(net), .port = sm_datagram_port(other)};
    const struct sm_address here = {.ip = sm_net_ip(net), .port = sm_datagram_port(ours)};
    ck_assert_int_eq(sm_datagram_connect(ours, &there), 0);
    ck_assert_int_eq(sm_datagram_send(other, &here, "abc", 3), 0);
    ck_assert_int_eq(receive(case_soon()), 3);
    sm_datagram_close(ours);
    sm_datagram_close(other);
    peer_done();
}

/* A receive buffer that is full drops what comes then; how much it holds differs. What is there
 * comes in the order of the sends. */
CONFORMS(datagram_overflow)
{
    static char bytes[8000];
    const int sends = 200;
    int size, received = 0;

    struct sm_net *net = sm_net_get(conformance_factory());
    ck_assert_int_eq(sm_datagram_open(net, &ours, 0), 0);
    const struct sm_address here = {.ip = sm_net_ip(net), .port = sm_datagram_port(ours)};
    for (int i = 0; i < sends; i++) {
        memcpy(bytes, &i, sizeof i);
        ck_assert_int_eq(sm_datagram_send(ours, &here, bytes, sizeof bytes), 0);
        if (i % 10 == 0)
            ck_assert_int_eq(sm_sleep(SM_MS), 0);
    }
    ck_assert_int_eq(sm_sleep(CASE_SETTLE), 0);
    while ((size = sm_datagram_receive(ours, bytes, sizeof bytes, NULL, sm_now())) > 0) {
        ck_assert_mem_eq(bytes, &received, sizeof received);
        received++;
    }
    ck_assert_int_eq(size, -ETIMEDOUT);
    ck_assert_int_ge(received, 5);
    ck_assert_int_lt(received, sends);
    sm_datagram_close(ours);
}

CONFORMANCE_TESTS(net_datagram, CASES(CASES_NAME_, CASES_NAME_OR_) datagram_bad_arguments,
                  datagram_broadcast, datagram_hears_its_peer_alone, datagram_another_peer,
                  datagram_overflow)
