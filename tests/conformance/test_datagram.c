/* SPDX-License-Identifier: MIT */
/* Datagrams. */
#include "tests/conformance/conformance.h"

static struct sm_datagram *a, *b;
static struct sm_address to_b;

static void open_both(void)
{
    struct sm_net *net = sm_net_get(conformance_factory());

    ck_assert_int_eq(sm_datagram_open(net, &a, 0), 0);
    ck_assert_int_eq(sm_datagram_open(net, &b, 0), 0);
    ck_assert_uint_ne(sm_datagram_port(a), sm_datagram_port(b));
    to_b = (struct sm_address){.ip = sm_net_ip(net), .port = sm_datagram_port(b)};
}

static void close_both(void)
{
    sm_datagram_close(a);
    sm_datagram_close(b);
}

/* Each receive takes one message, however short, and says who sent it. */
CONFORMS(boundaries)
{
    struct sm_address from = {0};
    char buffer[16];

    open_both();
    ck_assert_int_eq(sm_datagram_send(a, &to_b, "abc", 3), 0);
    ck_assert_int_eq(sm_sleep(SM_MS), 0);
    ck_assert_int_eq(sm_datagram_send(a, &to_b, "", 0), 0);
    ck_assert_int_eq(sm_sleep(SM_MS), 0);
    ck_assert_int_eq(sm_datagram_send(a, &to_b, "de", 2), 0);
    ck_assert_int_eq(sm_datagram_receive(b, buffer, 16, &from, sm_now() + SM_S), 3);
    ck_assert_mem_eq(buffer, "abc", 3);
    ck_assert_uint_eq(from.ip, to_b.ip);
    ck_assert_uint_eq(from.port, sm_datagram_port(a));
    ck_assert_int_eq(sm_datagram_receive(b, buffer, 16, NULL, sm_now() + SM_S), 0);
    ck_assert_int_eq(sm_datagram_receive(b, buffer, 16, NULL, sm_now() + SM_S), 2);
    close_both();
}

/* What does not fit is dropped, and the full size is told. */
CONFORMS(truncated)
{
    char buffer[4] = "....";

    open_both();
    ck_assert_int_eq(sm_datagram_send(a, &to_b, "abcdef", 6), 0);
    ck_assert_int_eq(sm_datagram_receive(b, buffer, 2, NULL, sm_now() + SM_S), 6);
    ck_assert_mem_eq(buffer, "ab..", 4);
    ck_assert_int_eq(sm_datagram_receive(b, buffer, 2, NULL, sm_now() + SM_MS), -ETIMEDOUT);
    close_both();
}

/* The largest datagram passes; a larger one is refused. */
CONFORMS(largest)
{
    static char bytes[SM_DATAGRAM_BYTES_MAX + 1], received[SM_DATAGRAM_BYTES_MAX];

    open_both();
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i % 253);
    ck_assert_int_eq(sm_datagram_send(a, &to_b, bytes, sizeof bytes), -EMSGSIZE);
    ck_assert_int_eq(sm_datagram_send(a, &to_b, bytes, SM_DATAGRAM_BYTES_MAX), 0);
    ck_assert_int_eq(sm_datagram_receive(b, received, sizeof received, NULL, sm_now() + SM_S),
                     SM_DATAGRAM_BYTES_MAX);
    ck_assert_mem_eq(received, bytes, SM_DATAGRAM_BYTES_MAX);
    close_both();
}

/* A port has one socket. */
CONFORMS(datagram_port_in_use)
{
    struct sm_datagram *third = (void *)1;

    open_both();
    ck_assert_int_eq(
        sm_datagram_open(sm_net_get(conformance_factory()), &third, sm_datagram_port(b)),
        -EADDRINUSE);
    ck_assert_ptr_null(third);
    close_both();
    sm_datagram_close(NULL);
}

/* A datagram to nobody is lost; the sender hears of it at a later send, once. */
CONFORMS(bounces)
{
    open_both();
    sm_datagram_close(b);
    ck_assert_int_eq(sm_datagram_send(a, &to_b, "x", 1), 0);
    ck_assert_int_eq(sm_sleep(5 * SM_MS), 0);
    ck_assert_int_eq(sm_datagram_send(a, &to_b, "x", 1), -ECONNREFUSED);
    b = NULL;
    close_both();
}

/* A bounce is no message: who receives goes on waiting. */
CONFORMS(bounce_does_not_wake)
{
    char buffer[4];

    open_both();
    sm_datagram_close(b);
    b = NULL;
    ck_assert_int_eq(sm_datagram_send(a, &to_b, "x", 1), 0);
    ck_assert_int_eq(sm_datagram_receive(a, buffer, 4, NULL, sm_now() + 10 * SM_MS), -ETIMEDOUT);
    close_both();
}

/* A socket can always be written to, and read when something has come. */
CONFORMS(wait_any_on_a_datagram)
{
    open_both();
    struct sm_wait wait = {sm_datagram_waitable(b), SM_READ, 0};
    ck_assert_int_eq(sm_wait_any(&wait, 1, sm_now() + SM_MS), -ETIMEDOUT);
    wait.interest = SM_READ | SM_WRITE;
    ck_assert_int_eq(sm_wait_any(&wait, 1, sm_now() + SM_S), 0);
    ck_assert_uint_eq(wait.ready, SM_WRITE);
    ck_assert_int_eq(sm_datagram_send(a, &to_b, "x", 1), 0);
    wait.interest = SM_READ;
    ck_assert_int_eq(sm_wait_any(&wait, 1, sm_now() + SM_S), 0);
    ck_assert_uint_eq(wait.ready, SM_READ);
    close_both();
}

CONFORMANCE_TESTS(datagram, boundaries, truncated, largest, datagram_port_in_use, bounces,
                  bounce_does_not_wake, wait_any_on_a_datagram)
