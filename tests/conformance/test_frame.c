/* SPDX-License-Identifier: MIT */
/* Whole messages over byte streams. */
#include "tests/conformance/conformance.h"

#include <string.h>

#define SOON      (sm_now() + SM_S)
#define BYTES_MAX 100000u

static struct sm_stream *client, *server;
static struct sm_framed sends, receives;
static char sent[BYTES_MAX], buffer[BYTES_MAX];

static void open_both(void)
{
    conformance_connect(&client, &server);
    sm_framed_init(&sends, client, BYTES_MAX);
    sm_framed_init(&receives, server, BYTES_MAX);
    for (size_t i = 0; i < sizeof sent; i++)
        sent[i] = (char)(i * 11 % 253);
}

static void close_both(void)
{
    sm_stream_close(client);
    sm_stream_close(server);
}

/* The bytes of a message on the wire, as the header says. */
static size_t capture(const void *data, size_t size, uint8_t *wire, size_t capacity)
{
    ck_assert_int_eq(sm_framed_write(&sends, data, size, SOON), 0);
    ck_assert_uint_ge(capacity, SM_FRAME_HEAD_BYTES + size);
    ck_assert_int_eq(sm_stream_read_exact(server, wire, SM_FRAME_HEAD_BYTES + size, NULL, SOON), 0);
    return SM_FRAME_HEAD_BYTES + size;
}

static void write_raw(const void *bytes, size_t size)
{
    ck_assert_int_eq(sm_stream_write_all(client, bytes, size, NULL, SOON), 0);
}

/* Messages of all sizes, none of them merged or split, and an empty one is one, too. */
CONFORMS(frame_sizes)
{
    static const size_t sizes[] = {0, 1, 5, 1011, 1012, 1013, 65536, BYTES_MAX};

    open_both();
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        ck_assert_int_eq(sm_framed_write(&sends, sent, sizes[i], SOON), 0);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        memset(buffer, 0, sizeof buffer);
        ck_assert_int_eq(sm_framed_read(&receives, buffer, sizeof buffer, SOON), (int)sizes[i]);
        ck_assert_mem_eq(buffer, sent, sizes[i]);
    }
    close_both();
}

/* What a message looks like on the wire does not change: others speak it, too. */
CONFORMS(frame_wire_format)
{
    static const uint8_t expected[] = {0x05, 0x00, 0x00, 0x00, 0xfd, 0xdc, 0x62, 0x5c, 0x70,
                                       0x29, 0x5a, 0xc9, 'h',  'e',  'l',  'l',  'o'};
    uint8_t wire[64];

    open_both();
    ck_assert_uint_eq(capture("hello", 5, wire, sizeof wire), sizeof expected);
    ck_assert_mem_eq(wire, expected, sizeof expected);
    ck_assert_uint_eq(capture("", 0, wire, sizeof wire), SM_FRAME_HEAD_BYTES);
    close_both();
}

/* A message that comes byte by byte is whole at the end. */
CONFORMS(frame_in_pieces)
{
    uint8_t wire[64];

    open_both();
    const size_t size = capture("abcdefgh", 8, wire, sizeof wire);
    for (size_t i = 0; i < size; i++) {
        ck_assert_int_eq(sm_framed_read(&receives, buffer, sizeof buffer, sm_now()), -ETIMEDOUT);
        write_raw(wire + i, 1);
        ck_assert_int_eq(sm_sleep(SM_MS), 0);
    }
    ck_assert_int_eq(sm_framed_read(&receives, buffer, sizeof buffer, SOON), 8);
    ck_assert_mem_eq(buffer, "abcdefgh", 8);
    close_both();
}

/* Garbled: any byte of the head or of the message that was altered is found, and nothing that
 * comes later is believed. */
CONFORMS(frame_garbled)
{
    uint8_t wire[64];

    for (size_t at = 0; at < SM_FRAME_HEAD_BYTES + 5; at++) {
        open_both();
        const size_t size = capture("hello", 5, wire, sizeof wire);
        wire[at] ^= 0x10;
        write_raw(wire, size);
        ck_assert_int_eq(sm_framed_read(&receives, buffer, sizeof buffer, SOON), -EBADMSG);
        ck_assert_int_eq(sm_framed_write(&sends, "x", 1, SOON), 0);
        ck_assert_int_eq(sm_framed_read(&receives, buffer, sizeof buffer, SOON), -EBADMSG);
        close_both();
    }
}

/* A peer that speaks something else is found at once, however large the size it seems to say. */
CONFORMS(frame_other_protocol)
{
    open_both();
    write_raw("GET / HTTP/1.1\r\n", 16);
    ck_assert_int_eq(sm_framed_next(&receives, SOON), -EBADMSG);
    close_both();
}

/* Too long: the sender does not send it, the receiver does not take it. */
CONFORMS(frame_too_long)
{
    open_both();
    ck_assert_int_eq(sm_framed_write(&sends, sent, BYTES_MAX + 1, SOON), -EMSGSIZE);
    sm_framed_init(&receives, server, 4);
    ck_assert_int_eq(sm_framed_write(&sends, "1234", 4, SOON), 0);
    ck_assert_int_eq(sm_framed_write(&sends, "12345", 5, SOON), 0);
    ck_assert_int_eq(sm_framed_read(&receives, buffer, sizeof buffer, SOON), 4);
    ck_assert_int_eq(sm_framed_read(&receives, buffer, sizeof buffer, SOON), -EMSGSIZE);
    ck_assert_int_eq(sm_framed_next(&receives, SOON), -EMSGSIZE);
    close_both();
}

/* Larger than the buffer only: it waits until there is one of its size. */
CONFORMS(frame_larger_than_the_buffer)
{
    open_both();
    ck_assert_int_eq(sm_framed_write(&sends, "12345", 5, SOON), 0);
    ck_assert_int_eq(sm_framed_read(&receives, buffer, 4, SOON), -EMSGSIZE);
    ck_assert_int_eq(sm_framed_next(&receives, SOON), 5);
    ck_assert_int_eq(sm_framed_next(&receives, sm_now()), 5);
    ck_assert_int_eq(sm_framed_read(&receives, buffer, 5, SOON), 5);
    ck_assert_mem_eq(buffer, "12345", 5);
    close_both();
}

/* An end after a message is an end in good order; all sent before it can be read. */
CONFORMS(frame_end)
{
    open_both();
    ck_assert_int_eq(sm_framed_write(&sends, "last", 4, SOON), 0);
    ck_assert_int_eq(sm_stream_shutdown(client), 0);
    ck_assert_int_eq(sm_framed_write(&sends, "x", 1, SOON), -EPIPE);
    ck_assert_int_eq(sm_framed_read(&receives, buffer, sizeof buffer, SOON), 4);
    ck_assert_int_eq(sm_framed_read(&receives, buffer, sizeof buffer, SOON), -EPIPE);
    ck_assert_int_eq(sm_framed_next(&receives, SOON), -EPIPE);
    close_both();
}

/* An end in the middle, of the head or of the bytes, is told apart. */
CONFORMS(frame_cut_off)
{
    uint8_t wire[64];

    for (size_t cut = 1; cut < SM_FRAME_HEAD_BYTES + 5; cut++) {
        open_both();
        (void)capture("hello", 5, wire, sizeof wire);
        write_raw(wire, cut);
        ck_assert_int_eq(sm_stream_shutdown(client), 0);
        ck_assert_int_eq(sm_framed_read(&receives, buffer, sizeof buffer, SOON), -SM_ETRUNCATED);
        ck_assert_int_eq(sm_framed_read(&receives, buffer, sizeof buffer, SOON), -SM_ETRUNCATED);
        close_both();
    }
}

/* A reset is a reset, in the middle as before. */
CONFORMS(frame_reset)
{
    open_both();
    write_raw("abc", 3);
    ck_assert_int_eq(sm_framed_read(&receives, buffer, sizeof buffer, sm_now() + 5 * SM_MS),
                     -ETIMEDOUT);
    sm_stream_abort(client);
    ck_assert_int_eq(sm_framed_read(&receives, buffer, sizeof buffer, SOON), -ECONNRESET);
    ck_assert_int_eq(sm_framed_write(&receives, "x", 1, SOON), -ECONNRESET);
    sm_stream_close(server);
}

static int read_for_ever(void *unused)
{
    (void)unused;
    return sm_framed_read(&receives, buffer, sizeof buffer, SM_FOREVER);
}

/* A read that is cancelled in the middle of a message loses nothing of it. */
CONFORMS(frame_cancelled_in_the_middle)
{
    uint8_t wire[64];

    open_both();
    const size_t size = capture("hello", 5, wire, sizeof wire);
    write_raw(wire, size - 2);
    ck_assert_int_eq(conformance_cancelled(read_for_ever, NULL), -ECANCELED);
    write_raw(wire + size - 2, 2);
    ck_assert_int_eq(sm_framed_read(&receives, buffer, sizeof buffer, SOON), 5);
    ck_assert_mem_eq(buffer, "hello", 5);
    close_both();
}

/* A message that could be sent in part only is the last: what follows would be taken for its rest.
 * One that could not begin leaves everything as before. */
CONFORMS(frame_sent_in_part)
{
    int error = 0;

    open_both();
    while (!error)
        error = sm_framed_write(&sends, sent, BYTES_MAX, sm_now() + 50 * SM_MS);
    ck_assert_int_eq(error, -ETIMEDOUT);
    ck_assert_int_eq(sm_framed_write(&sends, "x", 1, sm_now()), -EPIPE);
    sm_framed_init(&sends, client, BYTES_MAX);
    while (sm_stream_write(client, sent, BYTES_MAX, sm_now() + 50 * SM_MS) > 0) {
    }
    ck_assert_int_eq(sm_framed_write(&sends, "x", 1, sm_now()), -ETIMEDOUT);
    ck_assert_int_eq(sm_framed_write(&sends, "x", 1, sm_now()), -ETIMEDOUT);
    close_both();
}

CONFORMANCE_TESTS(frame, frame_sizes, frame_wire_format, frame_in_pieces, frame_garbled,
                  frame_other_protocol, frame_too_long, frame_larger_than_the_buffer, frame_end,
                  frame_cut_off, frame_reset, frame_cancelled_in_the_middle, frame_sent_in_part)
