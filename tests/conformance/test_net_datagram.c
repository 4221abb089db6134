/* SPDX-License-Identifier: MIT */
/*
 * The matrix of datagrams: every call, with and without a peer of the socket, times every way in
 * which the other side can be there or not. The peer's machine sends back what it gets.
 */
#include "tests/conformance/peer.h"

#include <string.h>

#define SOON   (sm_now() + 5 * SM_S)
#define SETTLE (5 * SM_MS)
#define SHORT  (30 * SM_MS)

static struct sm_datagram *ours;
static struct sm_address to;

/* ---- set-ups ---- */

/* A socket, and an address to send to. */
static void free_socket(void)
{
    struct sm_net *net = sm_net_get(conformance_factory());

    peer_up();
    ck_assert_int_eq(sm_datagram_open(net, &ours, 0), 0);
    ck_assert_int_eq(sm_net_resolve(net, "m2", &to.ip, SOON), 0);
    to.port = PEER_PORT;
}

/* A socket that has the other side for a peer. */
static void connected(void)
{
    free_socket();
    ck_assert_int_eq(sm_datagram_connect(ours, &to), 0);
}

/* ---- events ---- */

static void nothing(void)
{
}

/* One is sent, and what it brings has come. */
static void sent(void)
{
    ck_assert_int_eq(sm_datagram_send(ours, &to, "hello", 5), 0);
    ck_assert_int_eq(sm_sleep(SETTLE), 0);
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
    return receive(sm_now() + SHORT);
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

/* ---- when ---- */

struct datagram_case {
    void (*set_up)(void);
    void (*event)(void);
    int (*call)(sm_time deadline);
    int expected, otherwise;
};

static void check(const struct datagram_case *c, int result)
{
    ck_assert_msg(result == c->expected || result == c->otherwise, "%d (%s), not %d (%s)", result,
                  sm_strerror(result), c->expected, sm_strerror(c->expected));
    sm_datagram_close(ours);
    peer_done();
}

static int call_for_ever(void *c)
{
    return ((const struct datagram_case *)c)->call(SM_FOREVER);
}

/* The call comes after the event. */
static void after(const struct datagram_case *c)
{
    c->set_up();
    c->event();
    check(c, c->call(SOON));
}

/* Nothing comes any more: the deadline ends the call, not sooner. */
static void until(const struct datagram_case *c)
{
    c->set_up();
    c->event();
    const sm_time deadline = sm_now() + SHORT;
    const int result = c->call(deadline);
    ck_assert_int_ge(sm_now(), deadline);
    check(c, result);
}

/* The event happens while the call waits. */
static void during(const struct datagram_case *c)
{
    struct sm_task *task;
    int result = 12345;

    c->set_up();
    ck_assert_int_eq(sm_task_spawn(&task, "waits", call_for_ever, (void *)c), 0);
    ck_assert_int_eq(sm_sleep(SETTLE), 0);
    c->event();
    ck_assert_int_eq(sm_task_join(task, &result, SOON), 0);
    check(c, result);
}

static void cancelled(const struct datagram_case *c)
{
    c->set_up();
    c->event();
    check(c, conformance_cancelled(call_for_ever, (void *)c));
}

static void stopping(const struct datagram_case *c)
{
    c->set_up();
    c->event();
    check(c, conformance_stopped(call_for_ever, (void *)c));
}

/* ---- the cases ---- */

/* Without a peer a bounce is told to a later send, once, and to nobody else. A machine that was
 * stopped is off in simulation: nothing bounces. */
#define FREE(X)                                                     \
    X(free_socket, until, nothing, receive, -ETIMEDOUT, 0)          \
    X(free_socket, after, sent, receive, 5, 0)                      \
    X(free_socket, during, sent, receive, 5, 0)                     \
    X(free_socket, cancelled, nothing, receive, -ECANCELED, 0)      \
    X(free_socket, stopping, nothing, receive, -ECANCELED, 0)       \
    X(free_socket, until, deaf_sent, receive, -ETIMEDOUT, 0)        \
    X(free_socket, until, killed_sent, receive, -ETIMEDOUT, 0)      \
    X(free_socket, after, sent_killed, receive, 5, 0)               \
    X(free_socket, after, rebooted, ask, 5, 0)                      \
    X(free_socket, after, deaf, send_one, 0, 0)                     \
    X(free_socket, after, killed, send_one, 0, 0)                   \
    X(free_socket, after, deaf_sent, send_one, -ECONNREFUSED, 0)    \
    X(free_socket, after, killed_sent, send_one, -ECONNREFUSED, 0)  \
    X(free_socket, after, stopped_sent, send_one, -ECONNREFUSED, 1) \
    X(free_socket, after, rebooted_sent, send_one, 0, 0)            \
    X(free_socket, after, deaf_sent, send_again, 0, 0)              \
    X(free_socket, after, nothing, send_to_peer, -EDESTADDRREQ, 0)  \
    X(free_socket, after, sent, look_read, 0, 0)                    \
    X(free_socket, until, deaf_sent, look_read, -ETIMEDOUT, 0)      \
    X(free_socket, after, deaf_sent, look_write, 0, 0)

/* With a peer every call tells, once, also one that waits. */
#define CONNECTED(X)                                               \
    X(connected, until, nothing, receive, -ETIMEDOUT, 0)           \
    X(connected, after, sent, receive, 5, 0)                       \
    X(connected, during, sent, receive, 5, 0)                      \
    X(connected, cancelled, nothing, receive, -ECANCELED, 0)       \
    X(connected, stopping, nothing, receive, -ECANCELED, 0)        \
    X(connected, after, nothing, send_to_peer, 0, 0)               \
    X(connected, after, deaf_sent, receive, -ECONNREFUSED, 0)      \
    X(connected, after, killed_sent, receive, -ECONNREFUSED, 0)    \
    X(connected, during, deaf_sent, receive, -ECONNREFUSED, 0)     \
    X(connected, during, killed_sent, receive, -ECONNREFUSED, 0)   \
    X(connected, after, deaf_sent, receive_again, -ETIMEDOUT, 0)   \
    X(connected, after, deaf_sent, send_to_peer, -ECONNREFUSED, 0) \
    X(connected, after, deaf_sent, send_again, 0, 0)               \
    X(connected, after, deaf_sent, look_read, 0, 0)                \
    X(connected, during, deaf_sent, look_read, 0, 0)               \
    X(connected, until, nothing, look_read, -ETIMEDOUT, 0)         \
    X(connected, after, sent_killed, receive, 5, 0)                \
    X(connected, after, rebooted, ask, 5, 0)                       \
    X(connected, after, deaf, ask, -ECONNREFUSED, 0)

#define CASES(X) FREE(X) CONNECTED(X)

#define CASE_(set_up_, when_, event_, call_, expected_, otherwise_)                        \
    CONFORMS(set_up_##_##when_##_##event_##_##call_)                                       \
    {                                                                                      \
        const int other_ = (otherwise_) == 1 ? 0 : (expected_);                            \
        when_(&(const struct datagram_case){set_up_, event_, call_, (expected_), other_}); \
    }
CASES(CASE_)

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
    ck_assert_int_eq(ask(SOON), 5);
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
    ck_assert_int_eq(error ? -ETIMEDOUT : 5, receive(sm_now() + 2 * SHORT));
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
    ck_assert_int_eq(sm_sleep(SETTLE), 0);
    ck_assert_int_eq(sm_datagram_connect(ours, &to), 0);
    ck_assert_int_eq(receive(SOON), 3);
    ck_assert_int_eq(sm_datagram_send(other, &here, "abcd", 4), 0);
    ck_assert_int_eq(sm_sleep(SETTLE), 0);
    ck_assert_int_eq(receive(sm_now() + SHORT), -ETIMEDOUT);
    ck_assert_int_eq(sm_datagram_send(other, &here, "x", 1), -ECONNREFUSED);
    ck_assert_int_eq(ask(SOON), 5);
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
    ck_assert_int_eq(receive(SOON), 3);
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
    ck_assert_int_eq(sm_sleep(SETTLE), 0);
    while ((size = sm_datagram_receive(ours, bytes, sizeof bytes, NULL, sm_now())) > 0) {
        ck_assert_mem_eq(bytes, &received, sizeof received);
        received++;
    }
    ck_assert_int_eq(size, -ETIMEDOUT);
    ck_assert_int_ge(received, 5);
    ck_assert_int_lt(received, sends);
    sm_datagram_close(ours);
}

#define NAME_(set_up_, when_, event_, call_, expected_, otherwise_) \
    set_up_##_##when_##_##event_##_##call_,
CONFORMANCE_TESTS(net_datagram, CASES(NAME_) datagram_bad_arguments, datagram_broadcast,
                  datagram_hears_its_peer_alone, datagram_another_peer, datagram_overflow)
