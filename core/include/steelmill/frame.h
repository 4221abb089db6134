/* SPDX-License-Identifier: MIT */
/*
 * Whole messages over byte streams, as nearly every daemon needs them.
 *
 * A stream delivers bytes in pieces of any size; a framed stream delivers what the peer wrote as
 * one message, whole, or says why it cannot. On the wire a message is
 *
 *   size (4 bytes) | checksum of the bytes (4) | checksum of the 8 bytes before (4) | the bytes
 *
 * in little-endian; a checksum is the low half of XXH3-64. So a peer that speaks something else, or
 * a byte that was altered on its way, is found at once.
 *
 * Reading goes on where it was after a deadline or a cancellation. Writing does not: of a message
 * that went in part nothing else can follow.
 * It uses the stream's reads and writes only: sm_stream_waitable, shutdown, close and the rest stay
 * the caller's to use. Nothing is read ahead of the message that is asked for.
 */
#ifndef STEELMILL_FRAME_H
#define STEELMILL_FRAME_H

#include <steelmill/base.h>
#include <steelmill/net.h>
#include <steelmill/time.h>

SM_C_BEGIN

#define SM_FRAME_HEAD_BYTES 12u
#define SM_FRAME_BYTES_MAX  ((size_t)1 << 30)

/* The caller's memory; its insides are steelmill's. */
struct sm_framed {
    struct sm_stream *stream;
    size_t bytes_max;
    /* ---- the message that is being read ---- */
    uint8_t head[SM_FRAME_HEAD_BYTES];
    size_t head_done, body_done; /* bytes that have come */
    const void *into;            /* where those of the body are */
    int read_error, write_error; /* why it is over, negative */
    bool is_reading, is_writing; /* a task is in the middle of it */
};

/*
 * Begins to read and write a stream by messages; where both sides do from the stream's first byte
 * on, or from a point that they agree on.
 *   bytes_max: the largest message that is sent or taken, 0 to SM_FRAME_BYTES_MAX
 * Ownership: the stream stays the caller's, who closes it; there is nothing to finish.
 * Context: anywhere.
 * Blocks? never.
 * Randomness: none.
 */
SM_API void sm_framed_init(struct sm_framed *framed, struct sm_stream *stream, size_t bytes_max);

/*
 * Sends one message.
 *   data, size: its bytes; none is a message, too
 * Ownership: the bytes are copied, or on their way, when it returns.
 * Context: a task. One task writes at a time (asserted); another one may read.
 * Blocks? until there was room for all of it, the deadline, or cancellation.
 * Randomness: none.
 * Returns: 0; -EMSGSIZE: larger than bytes_max, nothing was sent; and all that sm_stream_write
 *   returns. If a part had gone out by then, every later write is an -EPIPE.
 */
SM_API int sm_framed_write(struct sm_framed *framed, const void *data, size_t size,
                           sm_time deadline);

/*
 * Waits for the next message to begin, and takes nothing of its bytes: for callers who make a
 * buffer of its size.
 * Context, Blocks?, Randomness: as sm_framed_read.
 * Returns: the message's size; or what sm_framed_read returns, but for its last -EMSGSIZE.
 */
SM_API int sm_framed_next(struct sm_framed *framed, sm_time deadline);

/*
 * Receives one message.
 *   buffer: after a read that a deadline or a cancellation has ended, the same again (asserted)
 *   capacity: its size
 * Context: a task. One task reads at a time (asserted); another one may write.
 * Blocks? until all of it is here, the deadline, or cancellation.
 * Randomness: none.
 * Returns: the message's size, 0 or more.
 *   -EPIPE: the stream has ended, in good order after the last message;
 *   -SM_ETRUNCATED: it has ended in the middle of one;
 *   -EBADMSG: garbled, a checksum does not match; or the peer sends no messages at all;
 *   -EMSGSIZE: larger than bytes_max; these four, and -ECONNRESET, are what all later reads return;
 *   -EMSGSIZE: larger than `capacity` only: it can still be read into a larger buffer;
 *   -ETIMEDOUT, -ECANCELED: what has come is kept, the next read goes on.
 */
SM_API int sm_framed_read(struct sm_framed *framed, void *buffer, size_t capacity,
                          sm_time deadline);

SM_C_END
#endif
