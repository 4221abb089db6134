/* SPDX-License-Identifier: MIT */
/* The matrix of connecting, listening and accepting. */
#include "tests/conformance/cases.h"

static struct sm_net *net(void)
{
    return sm_net_get(conformance_factory());
}

/* ---- connecting to the peer ---- */

static int connect_until(sm_time deadline)
{
    struct sm_stream *stream = NULL;
    const int error = sm_stream_dial(net(), &stream, "m2", PEER_PORT, deadline);

    ck_assert(!error == !!stream);
    sm_stream_close(stream);
    return error;
}

static int connect_for_ever(void *unused)
{
    (void)unused;
    return connect_until(SM_FOREVER);
}

/* Attempts, until one is not answered any more. A full backlog holds one or two: that differs. */
static void fill_backlog(void)
{
    struct sm_stream *stream;
    int count = 0;

    peer_up();
    peer_do(PEER_TAKES_TWO);
    while (sm_stream_dial(net(), &stream, "m2", PEER_PORT, sm_now() + CASE_SHORT) == 0)
        count++; /* left open: they go with the machine */
    ck_assert_int_ge(count, 1);
    ck_assert_int_le(count, 2);
}

/* Somebody listens. */
CONFORMS(connect_after_nothing)
{
    peer_up();
    ck_assert_int_eq(connect_until(case_soon()), 0);
    peer_done();
}

/* Nobody listens any more, on a host that is there. */
CONFORMS(connect_after_unlistened)
{
    peer_up();
    peer_do(PEER_UNLISTEN);
    ck_assert_int_eq(connect_until(case_soon()), -ECONNREFUSED);
    peer_done();
}

/* The program that listened has died. */
CONFORMS(connect_after_killed)
{
    peer_up();
    peer_killed();
    ck_assert_int_eq(connect_until(case_soon()), -ECONNREFUSED);
}

/* The program that listened is up again. */
CONFORMS(connect_after_rebooted)
{
    peer_up();
    peer_rebooted();
    ck_assert_int_eq(connect_until(case_soon()), 0);
    peer_done();
}

/* A machine that was stopped: off in simulation, it does not answer; in production its host does.
 */
CONFORMS(connect_after_stopped)
{
    peer_up();
    peer_stopped();
    const int error = connect_until(sm_now() + 10 * CASE_SHORT);
    ck_assert(error == -ECONNREFUSED || error == -ETIMEDOUT);
}

/* A full backlog does not answer: the deadline ends the attempt, not sooner. */
CONFORMS(connect_until_backlog_full)
{
    fill_backlog();
    const sm_time deadline = sm_now() + CASE_SHORT;
    ck_assert_int_eq(connect_until(deadline), -ETIMEDOUT);
    ck_assert_int_ge(sm_now(), deadline);
    peer_done();
}

/* An attempt that nobody answers can be cancelled. */
CONFORMS(connect_cancelled_backlog_full)
{
    fill_backlog();
    ck_assert_int_eq(conformance_cancelled(connect_for_ever, NULL), -ECANCELED);
    peer_done();
}

/* An attempt that nobody answers ends when its factory stops. */
CONFORMS(connect_stopping_backlog_full)
{
    fill_backlog();
    ck_assert_int_eq(conformance_stopped(connect_for_ever, NULL), -ECANCELED);
    peer_done();
}

/* An attempt that waits is refused when it is repeated, and nobody listens any more. */
static void refused_after(void (*event)(void))
{
    struct sm_task *task;
    int result = 12345;

    fill_backlog();
    ck_assert_int_eq(sm_task_spawn(&task, "connects", connect_for_ever, NULL), 0);
    ck_assert_int_eq(sm_sleep(CASE_SETTLE), 0);
    event();
    ck_assert_int_eq(sm_task_join(task, &result, case_soon()), 0);
    ck_assert_int_eq(result, -ECONNREFUSED);
    peer_done();
}

static void unlistened(void)
{
    peer_do(PEER_UNLISTEN);
}

/* The listener is closed while the attempt waits. */
CONFORMS(connect_during_unlistened)
{
    refused_after(unlistened);
}

/* The program dies while the attempt waits. */
CONFORMS(connect_during_killed)
{
    refused_after(peer_killed);
}

/* An address of nobody. */
CONFORMS(connect_to_nobody)
{
    const struct sm_address to = {.ip = 0x7f030405, .port = 7};
    struct sm_stream *stream;

    ck_assert_int_eq(sm_stream_connect(net(), &stream, &to, case_soon()), -ECONNREFUSED);
}

/* Port 0 is nobody's. */
CONFORMS(connect_to_port_0)
{
    const struct sm_address to = {.ip = sm_net_ip(net()), .port = 0};
    struct sm_stream *stream;

    ck_assert_int_eq(sm_stream_connect(net(), &stream, &to, case_soon()), -ECONNREFUSED);
}

/* A deadline that has passed: the kernel may be done before it looks at the clock. */
CONFORMS(connect_deadline_has_passed)
{
    peer_up();
    const int error = connect_until(sm_now());
    ck_assert(error == -ETIMEDOUT || error == 0);
    peer_done();
}

/* ---- accepting ---- */

static struct sm_listener *listener;

static void listen_here(void)
{
    ck_assert_int_eq(sm_listener_open(net(), &listener, 0, 8), 0);
}

static struct sm_stream *connect_here(void)
{
    const struct sm_address to = {.ip = sm_net_ip(net()), .port = sm_listener_port(listener)};
    struct sm_stream *stream;

    ck_assert_int_eq(sm_stream_connect(net(), &stream, &to, case_soon()), 0);
    return stream;
}

static struct sm_stream *accept_here(struct sm_address *peer)
{
    struct sm_stream *stream;

    ck_assert_int_eq(sm_listener_accept(listener, &stream, peer, case_soon()), 0);
    return stream;
}

static int read_byte(struct sm_stream *stream)
{
    char byte;
    const int count = sm_stream_read(stream, &byte, 1, case_soon());

    return count == 1 ? byte : count;
}

/* A client that has gone before it was accepted: its bytes and its end are there. */
CONFORMS(accept_after_closed)
{
    listen_here();
    struct sm_stream *client = connect_here();
    ck_assert_int_eq(sm_stream_write(client, "x", 1, case_soon()), 1);
    sm_stream_close(client);
    ck_assert_int_eq(sm_sleep(CASE_SETTLE), 0);
    struct sm_stream *server = accept_here(NULL);
    ck_assert_int_eq(read_byte(server), 'x');
    ck_assert_int_eq(read_byte(server), 0);
    sm_stream_close(server);
    sm_listener_close(listener);
}

/* A client that has reset before it was accepted is accepted, and says so. */
CONFORMS(accept_after_reset)
{
    listen_here();
    sm_stream_abort(connect_here());
    ck_assert_int_eq(sm_sleep(CASE_SETTLE), 0);
    struct sm_stream *server = accept_here(NULL);
    ck_assert_int_eq(read_byte(server), -ECONNRESET);
    sm_stream_close(server);
    sm_listener_close(listener);
}

/* Clients are accepted in the order in which they came, and their addresses are told. */
CONFORMS(accept_in_order)
{
    struct sm_stream *clients[3], *servers[3];
    struct sm_address told, local;

    listen_here();
    for (int i = 0; i < 3; i++) {
        clients[i] = connect_here();
        ck_assert_int_eq(sm_sleep(SM_MS), 0);
    }
    for (int i = 0; i < 3; i++) {
        servers[i] = accept_here(&told);
        sm_stream_address(clients[i], &local, NULL);
        ck_assert_uint_eq(told.ip, local.ip);
        ck_assert_uint_eq(told.port, local.port);
    }
    for (int i = 0; i < 3; i++) {
        sm_stream_close(clients[i]);
        sm_stream_close(servers[i]);
    }
    sm_listener_close(listener);
}

/* A listener that is closed resets those who wait, and lets those go on who were accepted. */
CONFORMS(listener_closed)
{
    listen_here();
    struct sm_stream *first = connect_here(), *server = accept_here(NULL), *second = connect_here();
    ck_assert_int_eq(sm_sleep(CASE_SETTLE), 0);
    sm_listener_close(listener);
    ck_assert_int_eq(read_byte(second), -ECONNRESET);
    ck_assert_int_eq(sm_stream_write(server, "x", 1, case_soon()), 1);
    ck_assert_int_eq(read_byte(first), 'x');
    sm_stream_close(first);
    sm_stream_close(second);
    sm_stream_close(server);
}

/* A port can be listened on again at once, while connections of the earlier listener are there. */
CONFORMS(listener_opened_again)
{
    listen_here();
    const uint16_t port = sm_listener_port(listener);
    struct sm_stream *client = connect_here(), *server = accept_here(NULL);
    sm_listener_close(listener);
    ck_assert_int_eq(sm_listener_open(net(), &listener, port, 1), 0);
    sm_stream_close(server);
    ck_assert_int_eq(read_byte(client), 0);
    sm_stream_close(client);
    sm_listener_close(listener);
    ck_assert_int_eq(sm_listener_open(net(), &listener, port, 1), 0);
    sm_listener_close(listener);
}

/* A port is one thing for streams and another for datagrams, and each machine has its own. */
CONFORMS(ports_of_one_number)
{
    struct sm_datagram *datagram;
    struct sm_listener *same = NULL;

    peer_up();
    ck_assert_int_eq(sm_listener_open(net(), &listener, PEER_PORT, 1), 0);
    ck_assert_int_eq(sm_datagram_open(net(), &datagram, PEER_PORT), 0);
    ck_assert_int_eq(sm_listener_open(net(), &same, PEER_PORT, 1), -EADDRINUSE);
    sm_listener_close(listener);
    sm_datagram_close(datagram);
    peer_done();
}

/* A backlog holds so many connections that nobody has accepted yet. */
CONFORMS(backlog_holds)
{
    struct sm_stream *clients[8];

    listen_here();
    for (int i = 0; i < 8; i++)
        clients[i] = connect_here();
    for (int i = 0; i < 8; i++) {
        sm_stream_close(accept_here(NULL));
        ck_assert_int_eq(read_byte(clients[i]), 0);
        sm_stream_close(clients[i]);
    }
    sm_listener_close(listener);
}

/* A listener can be waited for among others. */
CONFORMS(wait_any_on_a_listener)
{
    listen_here();
    struct sm_wait wait = {sm_listener_waitable(listener), SM_READ, 0};
    ck_assert_int_eq(sm_wait_any(&wait, 1, sm_now() + SM_MS), -ETIMEDOUT);
    struct sm_stream *client = connect_here();
    ck_assert_int_eq(sm_wait_any(&wait, 1, case_soon()), 0);
    ck_assert_uint_eq(wait.ready, SM_READ);
    sm_stream_close(accept_here(NULL));
    ck_assert_int_eq(sm_wait_any(&wait, 1, sm_now() + SM_MS), -ETIMEDOUT);
    sm_stream_close(client);
    sm_listener_close(listener);
}

CONFORMANCE_TESTS(net_open, connect_after_nothing, connect_after_unlistened, connect_after_killed,
                  connect_after_rebooted, connect_after_stopped, connect_until_backlog_full,
                  connect_cancelled_backlog_full, connect_stopping_backlog_full,
                  connect_during_unlistened, connect_during_killed, connect_to_nobody,
                  connect_to_port_0, connect_deadline_has_passed, accept_after_closed,
                  accept_after_reset, accept_in_order, listener_closed, listener_opened_again,
                  ports_of_one_number, backlog_holds, wait_any_on_a_listener)
