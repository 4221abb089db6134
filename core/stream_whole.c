/* SPDX-License-Identifier: MIT */
/* What streams offer in both worlds, made of what each world defines: whole reads and writes. */
#include <steelmill/net.h>

#include <errno.h>

#define READ_BYTES_MAX ((size_t)1 << 30)

int sm_stream_read_exact(struct sm_stream *stream, void *buffer, size_t size, size_t *done,
                         sm_time deadline)
{
    size_t total = 0;
    int count = 1;

    while (total < size && count > 0) {
        const size_t left = size - total;
        count = sm_stream_read(stream, (char *)buffer + total,
                               left < READ_BYTES_MAX ? left : READ_BYTES_MAX, deadline);
        if (count > 0)
            total += (size_t)count;
    }
    if (done)
        *done = total;
    if (count < 0)
        return count;
    return total < size ? -EPIPE : 0;
}

int sm_stream_write_all(struct sm_stream *stream, const void *data, size_t size, size_t *done,
                        sm_time deadline)
{
    size_t total = 0;
    int count = 0;

    while (total < size && count >= 0) {
        count = sm_stream_write(stream, (const char *)data + total, size - total, deadline);
        if (count > 0)
            total += (size_t)count;
    }
    if (done)
        *done = total;
    return count < 0 ? count : 0;
}

int sm_stream_dial(struct sm_net *net, struct sm_stream **out, const char *machine, uint16_t port,
                   sm_time deadline)
{
    struct sm_address to = {.port = port};
    const int error = sm_net_resolve(net, machine, &to.ip, deadline);

    *out = NULL;
    return error ? error : sm_stream_connect(net, out, &to, deadline);
}
