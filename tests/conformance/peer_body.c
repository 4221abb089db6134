/* SPDX-License-Identifier: MIT */
/* The body's side of the peer. */
#include "tests/conformance/peer.h"

#define PATIENCE (10 * SM_S)

static struct sm_stream *orders;

struct sm_stream *peer_connect(void)
{
    struct sm_net *net = sm_net_get(conformance_factory());
    struct sm_stream *stream;

    ck_assert_int_eq(sm_stream_dial(net, &stream, "m2", PEER_PORT, sm_now() + PATIENCE), 0);
    return stream;
}

void peer_up(void)
{
    struct sm_net *net = sm_net_get(conformance_factory());
    const sm_time deadline = sm_now() + PATIENCE;

    conformance_peer_start();
    while (sm_stream_dial(net, &orders, "m2", PEER_PORT, deadline)) {
        ck_assert_msg(sm_now() < deadline, "the peer does not come up");
        ck_assert_int_eq(sm_sleep(SM_MS), 0);
    }
}

void peer_done(void)
{
    sm_stream_close(orders);
    orders = NULL;
}

void peer_do(enum peer_order order)
{
    char byte = (char)order;

    ck_assert_int_eq(sm_stream_write_all(orders, &byte, 1, NULL, sm_now() + PATIENCE), 0);
    ck_assert_int_eq(sm_stream_read_exact(orders, &byte, 1, NULL, sm_now() + PATIENCE), 0);
}

void peer_killed(void)
{
    conformance_peer_kill();
    peer_done();
}

void peer_stopped(void)
{
    conformance_peer_stop();
    peer_done();
}

void peer_rebooted(void)
{
    peer_killed();
    peer_up();
}
