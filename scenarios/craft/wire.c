/* SPDX-License-Identifier: MIT */
#include "wire.h"

#include <steelmill/errors.h>
#include <steelmill/frame.h>

#include <stdlib.h>

/* Whoever fails to read or write closes the connection: no message is taken up again, and so
 * nothing has to be kept from one to the next. */
static void begin(struct sm_framed *framed, struct sm_stream *stream)
{
    sm_framed_init(framed, stream, CRAFT_FRAME_MAX);
}

int craft_frame_read(struct sm_stream *stream, uint8_t **bytes, size_t *size, sm_time deadline)
{
    struct sm_framed framed;
    begin(&framed, stream);
    int count = sm_framed_next(&framed, deadline);
    if (count <= 0)
        return count ? count : -EMSGSIZE;
    *size = (size_t)count;
    *bytes = malloc(*size);
    if (!*bytes)
        return -ENOMEM;
    count = sm_framed_read(&framed, *bytes, *size, deadline);
    if (count < 0)
        free(*bytes);
    return count < 0 ? count : 0;
}

int craft_frame_read_into(struct sm_stream *stream, void *buffer, size_t size, sm_time deadline)
{
    struct sm_framed framed;
    begin(&framed, stream);
    int count = sm_framed_read(&framed, buffer, size, deadline);
    if (count < 0)
        return count;
    return (size_t)count == size ? 0 : -EMSGSIZE;
}

int craft_frame_write(struct sm_stream *stream, const void *bytes, size_t size, sm_time deadline)
{
    struct sm_framed framed;
    begin(&framed, stream);
    return sm_framed_write(&framed, bytes, size, deadline);
}
