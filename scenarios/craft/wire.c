/* SPDX-License-Identifier: MIT */
#include "wire.h"

#include "bytes.h"

#include <steelmill/errors.h>

#include <stdlib.h>

static int read_length(struct sm_stream *stream, size_t *size, sm_time deadline)
{
    uint8_t head[CRAFT_FRAME_HEAD];
    int error = sm_stream_read_exact(stream, head, sizeof(head), NULL, deadline);
    if (error)
        return error;
    struct craft_reader reader = {head, head + sizeof(head), false};
    *size = craft_get_u32(&reader);
    return *size == 0 || *size > CRAFT_FRAME_MAX ? -EMSGSIZE : 0;
}

int craft_frame_read(struct sm_stream *stream, uint8_t **bytes, size_t *size, sm_time deadline)
{
    int error = read_length(stream, size, deadline);
    if (error)
        return error;
    *bytes = malloc(*size);
    if (!*bytes)
        return -ENOMEM;
    error = sm_stream_read_exact(stream, *bytes, *size, NULL, deadline);
    if (error)
        free(*bytes);
    return error;
}

int craft_frame_read_into(struct sm_stream *stream, void *buffer, size_t size, sm_time deadline)
{
    size_t length;
    int error = read_length(stream, &length, deadline);
    if (error)
        return error;
    if (length != size)
        return -EMSGSIZE;
    return sm_stream_read_exact(stream, buffer, size, NULL, deadline);
}

int craft_frame_write(struct sm_stream *stream, const void *bytes, size_t size, sm_time deadline)
{
    uint8_t *frame = malloc(CRAFT_FRAME_HEAD + size);
    if (!frame)
        return -ENOMEM;
    memcpy(craft_put_u32(frame, (uint32_t)size), bytes, size);
    int error = sm_stream_write_all(stream, frame, CRAFT_FRAME_HEAD + size, NULL, deadline);
    free(frame);
    return error;
}
