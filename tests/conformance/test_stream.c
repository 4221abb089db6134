/* SPDX-License-Identifier: MIT */
/* Byte streams: how they begin, what they carry, how they end. */
#include "tests/conformance/conformance.h"

#include <string.h>

static struct sm_net *net(void)
{
    return sm_net_get(conformance_factory());
}

/* Names: the machine's own, localhost, dotted numbers; others do not exist. */
CONFORMS(resolve)
{
    uint32_t ip = 0;

    ck_assert_int_eq(sm_net_resolve(net(), "m1", &ip, SM_FOREVER), 0);
    ck_assert_uint_eq(ip, sm_net_ip(net()));
    ck_assert_int_eq(sm_net_resolve(net(), "localhost", &ip, SM_FOREVER), 0);
    ck_assert_uint_eq(ip, sm_net_ip(net()));
    ck_assert_int_eq(sm_net_resolve(net(), "127.0.0.1", &ip, SM_FOREVER), 0);
    ck_assert_uint_eq(ip, sm_net_ip(net()));
    ck_assert_int_eq(sm_net_resolve(net(), "127.3.4.5", &ip, SM_FOREVER), 0);
    ck_assert_uint_eq(ip, 0x7f030405);
    ck_assert_int_eq(sm_net_resolve(net(), "nobody", &ip, SM_FOREVER), -ENOENT);
}

/* Where nobody listens a connection is refused. */
CONFORMS(connect_refused)
{
    const struct sm_address to = {.ip = sm_net_ip(net()), .port = 7};
    struct sm_stream *stream = (void *)1;

    ck_assert_int_eq(sm_stream_connect(net(), &stream, &to, sm_now() + SM_S), -ECONNREFUSED);
    ck_assert_ptr_null(stream);
    ck_assert_int_eq(sm_stream_dial(net(), &stream, "m1", 7, sm_now() + SM_S), -ECONNREFUSED);
    ck_assert_int_eq(sm_stream_dial(net(), &stream, "nobody", 7, sm_now() + SM_S), -ENOENT);
}

static int connect_nowhere(void *arg)
{
    const struct sm_address to = {.ip = sm_net_ip(net()), .port = 7};
    struct sm_stream *stream;

    (void)arg;
    return sm_stream_connect(net(), &stream, &to, SM_FOREVER);
}

/* A cancelled task connects to nothing. */
CONFORMS(connect_cancelled)
{
    ck_assert_int_eq(conformance_cancelled_before(connect_nowhere, NULL), -ECANCELED);
}

/* A port has one listener; it is free again when that is closed. */
CONFORMS(port_in_use)
{
    struct sm_listener *first, *second = (void *)1;

    ck_assert_int_eq(sm_listener_open(net(), &first, 0, 1), 0);
    const uint16_t port = sm_listener_port(first);
    ck_assert_uint_ne(port, 0);
    ck_assert_int_eq(sm_listener_open(net(), &second, port, 1), -EADDRINUSE);
    ck_assert_ptr_null(second);
    sm_listener_close(first);
    ck_assert_int_eq(sm_listener_open(net(), &second, port, 1), 0);
    sm_listener_close(second);
}

/* The backlog is 1 to 4096. */
CONFORMS(listener_bad_arguments)
{
    struct sm_listener *listener;

    ck_assert_int_eq(sm_listener_open(net(), &listener, 0, 0), -EINVAL);
    ck_assert_int_eq(sm_listener_open(net(), &listener, 0, 4097), -EINVAL);
    sm_listener_close(NULL);
}

/* Each end knows its own address and the other's. */
CONFORMS(addresses)
{
    struct sm_stream *client, *server;
    struct sm_address a, b, c, d;

    conformance_connect(&client, &server);
    sm_stream_address(client, &a, &b);
    sm_stream_address(server, &c, &d);
    ck_assert_uint_eq(a.ip, sm_net_ip(net()));
    ck_assert_uint_eq(a.port, d.port);
    ck_assert_uint_eq(b.port, c.port);
    ck_assert_uint_eq(b.ip, c.ip);
    ck_assert_uint_ne(a.port, b.port);
    sm_stream_close(client);
    sm_stream_close(server);
}

/* A read takes what is there, up to its capacity; the rest stays. */
CONFORMS(partial_reads)
{
    struct sm_stream *client, *server;
    char buffer[16] = "";
    size_t done;

    conformance_connect(&client, &server);
    ck_assert_int_eq(sm_stream_write_all(client, "abcdef", 6, &done, SM_FOREVER), 0);
    ck_assert_uint_eq(done, 6);
    ck_assert_int_eq(sm_sleep(SM_MS), 0);
    ck_assert_int_eq(sm_stream_read(server, buffer, 2, SM_FOREVER), 2);
    ck_assert_mem_eq(buffer, "ab", 2);
    ck_assert_int_eq(sm_stream_read(server, buffer, 16, SM_FOREVER), 4);
    ck_assert_mem_eq(buffer, "cdef", 4);
    ck_assert_int_eq(sm_stream_read(server, buffer, 16, sm_now() + SM_MS), -ETIMEDOUT);
    sm_stream_close(client);
    sm_stream_close(server);
}

/* What a read of an exact size has got before its deadline is told, and is not lost. */
CONFORMS(read_exact_tells_what_it_has)
{
    struct sm_stream *client, *server;
    char buffer[16] = "";
    size_t done = 0;

    conformance_connect(&client, &server);
    ck_assert_int_eq(sm_stream_write(client, "abc", 3, SM_FOREVER), 3);
    ck_assert_int_eq(sm_stream_read_exact(server, buffer, 5, &done, sm_now() + 20 * SM_MS),
                     -ETIMEDOUT);
    ck_assert_uint_eq(done, 3);
    ck_assert_int_eq(sm_stream_write(client, "de", 2, SM_FOREVER), 2);
    ck_assert_int_eq(sm_stream_read_exact(server, buffer + 3, 2, &done, SM_FOREVER), 0);
    ck_assert_mem_eq(buffer, "abcde", 5);
    sm_stream_close(client);
    sm_stream_close(server);
}

/* After a shutdown the peer reads an end, again and again; the other direction goes on. */
CONFORMS(half_close)
{
    struct sm_stream *client, *server;
    char buffer[16] = "";

    conformance_connect(&client, &server);
    ck_assert_int_eq(sm_stream_write(client, "abc", 3, SM_FOREVER), 3);
    ck_assert_int_eq(sm_stream_shutdown(client), 0);
    ck_assert_int_eq(sm_stream_shutdown(client), 0);
    ck_assert_int_eq(sm_stream_write(client, "d", 1, SM_FOREVER), -EPIPE);
    ck_assert_int_eq(sm_stream_read_exact(server, buffer, 3, NULL, SM_FOREVER), 0);
    ck_assert_int_eq(sm_stream_read(server, buffer, 16, SM_FOREVER), 0);
    ck_assert_int_eq(sm_stream_read(server, buffer, 16, SM_FOREVER), 0);
    ck_assert_int_eq(sm_stream_write(server, "xyz", 3, SM_FOREVER), 3);
    ck_assert_int_eq(sm_stream_read_exact(client, buffer, 3, NULL, SM_FOREVER), 0);
    ck_assert_mem_eq(buffer, "xyz", 3);
    sm_stream_close(client);
    sm_stream_close(server);
}

/* An end that comes too early is no exact read. */
CONFORMS(end_within_an_exact_read)
{
    struct sm_stream *client, *server;
    char buffer[16];
    size_t done = 0;

    conformance_connect(&client, &server);
    ck_assert_int_eq(sm_stream_write(client, "ab", 2, SM_FOREVER), 2);
    sm_stream_close(client);
    ck_assert_int_eq(sm_stream_read_exact(server, buffer, 4, &done, SM_FOREVER), -EPIPE);
    ck_assert_uint_eq(done, 2);
    sm_stream_close(server);
}

static int read_for_ever(void *stream)
{
    char buffer[16];
    return sm_stream_read(stream, buffer, sizeof buffer, SM_FOREVER);
}

/* A close ends the wait of the peer. */
CONFORMS(close_wakes_the_peer)
{
    struct sm_stream *client, *server;
    struct sm_task *task;
    int result = 12345;

    conformance_connect(&client, &server);
    ck_assert_int_eq(sm_task_spawn(&task, "reads", read_for_ever, server), 0);
    ck_assert_int_eq(sm_sleep(SM_MS), 0);
    sm_stream_close(client);
    ck_assert_int_eq(sm_task_join(task, &result, sm_now() + SM_S), 0);
    ck_assert_int_eq(result, 0);
    sm_stream_close(server);
}

/* A reset is an error for reads and writes, and stays one. */
CONFORMS(reset)
{
    struct sm_stream *client, *server;
    char buffer[16];

    conformance_connect(&client, &server);
    sm_stream_abort(client);
    ck_assert_int_eq(sm_stream_read(server, buffer, 16, sm_now() + SM_S), -ECONNRESET);
    ck_assert_int_eq(sm_stream_read(server, buffer, 16, sm_now() + SM_S), -ECONNRESET);
    ck_assert_int_eq(sm_stream_write(server, "x", 1, sm_now() + SM_S), -ECONNRESET);
    ck_assert_int_eq(sm_stream_shutdown(server), -ENOTCONN);
    sm_stream_close(server);
}

/* A reset ends the wait of the peer. */
CONFORMS(reset_wakes_the_peer)
{
    struct sm_stream *client, *server;
    struct sm_task *task;
    int result = 12345;

    conformance_connect(&client, &server);
    ck_assert_int_eq(sm_task_spawn(&task, "reads", read_for_ever, server), 0);
    ck_assert_int_eq(sm_sleep(SM_MS), 0);
    sm_stream_abort(client);
    ck_assert_int_eq(sm_task_join(task, &result, sm_now() + SM_S), 0);
    ck_assert_int_eq(result, -ECONNRESET);
    sm_stream_close(server);
}

/* Who closes without having read what has come resets the connection. */
CONFORMS(close_with_unread_bytes)
{
    struct sm_stream *client, *server;
    char buffer[16];

    conformance_connect(&client, &server);
    ck_assert_int_eq(sm_stream_write(client, "abc", 3, SM_FOREVER), 3);
    ck_assert_int_eq(sm_sleep(SM_MS), 0);
    sm_stream_close(server);
    ck_assert_int_eq(sm_stream_read(client, buffer, 16, sm_now() + SM_S), -ECONNRESET);
    sm_stream_close(client);
}

struct bulk {
    struct sm_stream *stream;
    size_t size;
};

static int write_bulk(void *arg)
{
    static char bytes[1 << 20];
    const struct bulk *bulk = arg;

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * 7 % 251);
    for (size_t left = bulk->size; left > 0; left -= sizeof bytes)
        ck_assert_int_eq(sm_stream_write_all(bulk->stream, bytes, sizeof bytes, NULL, SM_FOREVER),
                         0);
    return sm_stream_shutdown(bulk->stream);
}

/* Far more than all buffers hold arrives whole and in order, at the reader's pace. */
CONFORMS(bulk_transfer)
{
    static char buffer[10007];
    struct sm_stream *client, *server;
    struct bulk bulk = {NULL, (size_t)8 << 20};
    struct sm_task *task;
    size_t total = 0, wrong = 0;
    int count;

    conformance_connect(&client, &server);
    bulk.stream = client;
    ck_assert_int_eq(sm_task_spawn(&task, "writes", write_bulk, &bulk), 0);
    while ((count = sm_stream_read(server, buffer, sizeof buffer, sm_now() + 10 * SM_S)) > 0) {
        for (int i = 0; i < count; i++, total++)
            wrong += buffer[i] != (char)(total % (1 << 20) * 7 % 251);
    }
    ck_assert_int_eq(count, 0);
    ck_assert_uint_eq(total, bulk.size);
    ck_assert_uint_eq(wrong, 0);
    ck_assert_int_eq(sm_task_join(task, NULL, SM_FOREVER), 0);
    sm_stream_close(client);
    sm_stream_close(server);
}

/* To write nothing is to do nothing. */
CONFORMS(empty_write)
{
    struct sm_stream *client, *server;

    conformance_connect(&client, &server);
    ck_assert_int_eq(sm_stream_write(client, "", 0, SM_FOREVER), 0);
    sm_stream_close(client);
    sm_stream_close(server);
    sm_stream_close(NULL);
}

CONFORMANCE_TESTS(stream, resolve, connect_refused, connect_cancelled, port_in_use,
                  listener_bad_arguments, addresses, partial_reads, read_exact_tells_what_it_has,
                  half_close, end_within_an_exact_read, close_wakes_the_peer, reset,
                  reset_wakes_the_peer, close_with_unread_bytes, bulk_transfer, empty_write)
