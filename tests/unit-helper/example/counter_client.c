/* SPDX-License-Identifier: MIT */
#include "counter.h"

#define PORT 7000

int counter_add(struct sm_net *net, const char *machine, uint64_t amount, uint64_t *value,
                sm_time deadline)
{
    struct sm_stream *stream;
    int error = sm_stream_dial(net, &stream, machine, PORT, deadline);

    if (error)
        return error;
    error = sm_stream_write_all(stream, &amount, sizeof amount, NULL, deadline);
    if (!error)
        error = sm_stream_read_exact(stream, value, sizeof *value, NULL, deadline);
    sm_stream_close(stream);
    return error;
}
