/* SPDX-License-Identifier: MIT */
/*
 * A daemon's send in a program that is linked statically: direct.sh looks at its machine code. It
 * runs, too: a byte goes over a connection of the machine with itself.
 */
#include "core/factory.h"
#include "core/os/net.h"
#include "core/os/worker.h"

#include <steelmill/steelmill.h>

int sender_send(struct sm_stream *stream, const void *data, size_t size);
int sender_send_by_table(struct sm_stream *stream, const void *data, size_t size);

/* What is looked at; not to be specialised, so that it keeps its name. */
__attribute__((noipa)) int sender_send(struct sm_stream *stream, const void *data, size_t size)
{
    return sm_stream_write(stream, data, size, SM_FOREVER);
}

/* What the look must find fault with. */
static int (*volatile table[])(struct sm_stream *, const void *, size_t,
                               sm_time) = {sm_stream_write};

__attribute__((noipa)) int sender_send_by_table(struct sm_stream *stream, const void *data,
                                                size_t size)
{
    return table[0](stream, data, size, SM_FOREVER);
}

static struct sm_net *net;
static int status = 1;

static int exchange(void)
{
    struct sm_listener *listener;
    struct sm_stream *client, *server;
    char byte = 0;

    if (sm_listener_open(net, &listener, 0, 1))
        return 1;
    const struct sm_address to = {.ip = sm_net_ip(net), .port = sm_listener_port(listener)};
    if (sm_stream_connect(net, &client, &to, SM_FOREVER) ||
        sm_listener_accept(listener, &server, NULL, SM_FOREVER))
        return 1;
    const bool right = sender_send(client, "x", 1) == 1 &&
                       sm_stream_read(server, &byte, 1, SM_FOREVER) == 1 && byte == 'x' &&
                       sender_send_by_table(server, "y", 1) == 1 &&
                       sm_stream_read(client, &byte, 1, SM_FOREVER) == 1 && byte == 'y';
    sm_stream_close(client);
    sm_stream_close(server);
    sm_listener_close(listener);
    return right ? 0 : 1;
}

static int boot(void *worker)
{
    status = exchange();
    os_worker_quit(worker);
    return 0;
}

int main(void)
{
    static const struct os_name names[] = {{"one", 0x7f0207d2u}};
    struct os_worker *worker;

    if (os_worker_create(&worker, &(struct os_worker_options){.name = "one", .machine_index = 1}) ||
        os_net_create(&net, worker, names[0].ip, names, 1) ||
        os_worker_spawn(worker, "boot", boot, worker))
        return 1;
    os_worker_run(worker);
    os_net_destroy(net);
    os_worker_destroy(worker);
    return status;
}
