/* SPDX-License-Identifier: MIT */
/* Whole messages over byte streams: see the header for what they look like. */
#include "core/assert.h"

#include <steelmill/errors.h>
#include <steelmill/frame.h>

#include <endian.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* Head and bytes of a small message are one write, and so one segment. */
#define TOGETHER_BYTES 1024u
#define CHECKED_BYTES  8u /* of the head: what its own checksum covers */

/* ---- the head ---- */

/* At once, not byte by byte: what is read as a whole right after would wait for all of them. */
static void put(uint8_t *at, uint32_t number)
{
    const uint32_t little = htole32(number);
    memcpy(at, &little, sizeof little);
}

static uint32_t get(const uint8_t *at)
{
    uint32_t little;
    memcpy(&little, at, sizeof little);
    return le32toh(little);
}

static uint32_t checksum(const void *data, size_t size)
{
    return size ? (uint32_t)XXH3_64bits(data, size) : 0;
}

static void make_head(uint8_t head[static SM_FRAME_HEAD_BYTES], const void *data, size_t size)
{
    put(head, (uint32_t)size);
    put(head + 4, checksum(data, size));
    put(head + 8, checksum(head, CHECKED_BYTES));
}

void sm_framed_init(struct sm_framed *framed, struct sm_stream *stream, size_t bytes_max)
{
    SM_ASSERT_MSG(bytes_max <= SM_FRAME_BYTES_MAX, "sm_framed_init: bytes_max is above 2^30");
    *framed = (struct sm_framed){.stream = stream, .bytes_max = bytes_max};
}

/* ---- writing ---- */

/* On failure `*sent` says how many bytes have gone out. */
static int send_message(struct sm_framed *framed, const void *data, size_t size, size_t *sent,
                        sm_time deadline)
{
    uint8_t together[TOGETHER_BYTES];
    const size_t room = sizeof together - SM_FRAME_HEAD_BYTES, first = size < room ? size : room;

    make_head(together, data, size);
    if (first)
        memcpy(together + SM_FRAME_HEAD_BYTES, data, first);
    const int error =
        sm_stream_write_all(framed->stream, together, SM_FRAME_HEAD_BYTES + first, sent, deadline);
    if (error || first == size)
        return error;
    return sm_stream_write_all(framed->stream, (const char *)data + first, size - first, NULL,
                               deadline);
}

int sm_framed_write(struct sm_framed *framed, const void *data, size_t size, sm_time deadline)
{
    size_t sent = 0;

    SM_ASSERT_MSG(!framed->is_writing, "sm_framed_write: another task writes a message");
    if (framed->write_error)
        return framed->write_error;
    if (size > framed->bytes_max)
        return -EMSGSIZE;
    framed->is_writing = true;
    const int error = send_message(framed, data, size, &sent, deadline);
    framed->is_writing = false;
    if (error && sent)
        framed->write_error = -EPIPE;
    return error;
}

/* ---- reading ---- */

static int pauses(int error)
{
    return error == -ETIMEDOUT || error == -ECANCELED;
}

/* Remembers what ends the reading for good. */
static int over(struct sm_framed *framed, int error)
{
    if (!pauses(error))
        framed->read_error = error;
    return error;
}

/* Reads until `*done` is `size`, beginning where an earlier call has stopped. */
static int read_on(struct sm_framed *framed, void *buffer, size_t size, size_t *done,
                   sm_time deadline)
{
    size_t more = 0;

    SM_ASSERT_MSG(!framed->is_reading, "sm_framed_read: another task reads a message");
    framed->is_reading = true;
    const int error =
        sm_stream_read_exact(framed->stream, (char *)buffer + *done, size - *done, &more, deadline);
    framed->is_reading = false;
    *done += more;
    if (error == -EPIPE && framed->head_done > 0)
        return over(framed, -SM_ETRUNCATED);
    return error ? over(framed, error) : 0;
}

int sm_framed_next(struct sm_framed *framed, sm_time deadline)
{
    if (framed->read_error)
        return framed->read_error;
    const int error =
        read_on(framed, framed->head, SM_FRAME_HEAD_BYTES, &framed->head_done, deadline);
    if (error)
        return error;
    if (get(framed->head + 8) != checksum(framed->head, CHECKED_BYTES))
        return over(framed, -EBADMSG);
    if (get(framed->head) > framed->bytes_max)
        return over(framed, -EMSGSIZE);
    return (int)get(framed->head);
}

int sm_framed_read(struct sm_framed *framed, void *buffer, size_t capacity, sm_time deadline)
{
    const int size = sm_framed_next(framed, deadline);

    if (size < 0)
        return size;
    if ((size_t)size > capacity)
        return -EMSGSIZE;
    SM_ASSERT_MSG(framed->body_done == 0 || framed->into == buffer,
                  "sm_framed_read: a part of the message lies in another buffer");
    framed->into = buffer;
    const int error = read_on(framed, buffer, (size_t)size, &framed->body_done, deadline);
    if (error)
        return error;
    framed->head_done = framed->body_done = 0;
    if (checksum(buffer, (size_t)size) != get(framed->head + 4))
        return over(framed, -EBADMSG);
    return size;
}
