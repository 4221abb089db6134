/* SPDX-License-Identifier: MIT */
#include "protocol.h"

#include "bytes.h"

#include <string.h>

/* Returns the size. */
static size_t encode(uint8_t body[static MESSAGE_BYTES_MAX], const struct message *message)
{
    const size_t name_bytes = strnlen(message->client, CLIENT_NAME_BYTES - 1);
    uint8_t *at = bytes_put(body, message->type, 1);

    at = bytes_put(at, message->token, 8);
    at = bytes_put(at, message->sequence, 8);
    at = bytes_put(at, message->value, 8);
    at = bytes_put(at, (uint64_t)message->term_ns, 8);
    memcpy(at, message->client, name_bytes);
    return MESSAGE_BYTES_MIN + name_bytes;
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
    memcpy(message->client, at, size - MESSAGE_BYTES_MIN);
    if (message->type < MESSAGE_ACQUIRE || message->type >= MESSAGE_TYPE_END)
        return -EPROTO;
    return name_valid(message->client, size - MESSAGE_BYTES_MIN) ? 0 : -EPROTO;
}

int message_send(struct sm_framed *framed, const struct message *message, sm_time deadline)
{
    uint8_t body[MESSAGE_BYTES_MAX];
    const size_t size = encode(body, message);

    return sm_framed_write(framed, body, size, deadline);
}

int message_receive(struct sm_framed *framed, struct message *message, sm_time deadline)
{
    uint8_t body[MESSAGE_BYTES_MAX];
    const int size = sm_framed_read(framed, body, sizeof body, deadline);

    if (size < 0)
        return size;
    return size < (int)MESSAGE_BYTES_MIN ? -EPROTO : decode(message, body, (size_t)size);
}
