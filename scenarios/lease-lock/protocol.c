/* SPDX-License-Identifier: MIT */
#include "protocol.h"

#include "bytes.h"

#include <string.h>

#define SIZE_BYTES      4u
#define BODY_BYTES_MIN  (1u + 4 * 8)
#define BODY_BYTES_MAX  (BODY_BYTES_MIN + CLIENT_NAME_BYTES - 1)
#define FRAME_BYTES_MAX (SIZE_BYTES + BODY_BYTES_MAX)

/* Returns the size of the frame. */
static size_t encode(uint8_t frame[static FRAME_BYTES_MAX], const struct message *message)
{
    const size_t name_bytes = strnlen(message->client, CLIENT_NAME_BYTES - 1);
    uint8_t *at = bytes_put(frame, BODY_BYTES_MIN + name_bytes, SIZE_BYTES);

    at = bytes_put(at, message->type, 1);
    at = bytes_put(at, message->token, 8);
    at = bytes_put(at, message->sequence, 8);
    at = bytes_put(at, message->value, 8);
    at = bytes_put(at, (uint64_t)message->term_ns, 8);
    memcpy(at, message->client, name_bytes);
    return SIZE_BYTES + BODY_BYTES_MIN + name_bytes;
}

static bool name_valid(const char *name, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (name[i] <= ' ' || name[i] > '~')
            return false;
    }
    return true;
}

/* Returns 0, -EPROTO. */
static int decode(struct message *message, const uint8_t *body, size_t size)
{
    const uint8_t *at = body;

    *message = (struct message){.type = (enum message_type)bytes_get(&at, 1)};
    message->token = bytes_get(&at, 8);
    message->sequence = bytes_get(&at, 8);
    message->value = bytes_get(&at, 8);
    message->term_ns = (sm_time)bytes_get(&at, 8);
    memcpy(message->client, at, size - BODY_BYTES_MIN);
    if (message->type < MESSAGE_ACQUIRE || message->type >= MESSAGE_TYPE_END)
        return -EPROTO;
    return name_valid(message->client, size - BODY_BYTES_MIN) ? 0 : -EPROTO;
}

int message_send(struct sm_stream *stream, const struct message *message, sm_time deadline)
{
    uint8_t frame[FRAME_BYTES_MAX];
    const size_t size = encode(frame, message);

    return sm_stream_write_all(stream, frame, size, NULL, deadline);
}

int message_receive(struct sm_stream *stream, struct message *message, sm_time deadline)
{
    uint8_t head[SIZE_BYTES], body[BODY_BYTES_MAX];
    const uint8_t *at = head;

    int error = sm_stream_read_exact(stream, head, sizeof head, NULL, deadline);
    if (error)
        return error;
    const size_t size = bytes_get(&at, SIZE_BYTES);
    if (size < BODY_BYTES_MIN || size > BODY_BYTES_MAX)
        return -EPROTO;
    error = sm_stream_read_exact(stream, body, size, NULL, deadline);
    return error ? error : decode(message, body, size);
}
