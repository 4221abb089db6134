/* SPDX-License-Identifier: MIT */
#include "peer.h"

#define BACKOFF_MIN_NS (50 * SM_MS)
#define BACKOFF_MAX_NS (1 * SM_S)

void peer_init(struct peer *peer, struct sm_net *net, const char *machine, uint16_t port)
{
    *peer = (struct peer){.net = net, .machine = machine, .port = port};
}

static int connect_to(struct peer *peer, sm_time deadline)
{
    if (peer->stream)
        return 0;
    const int error = sm_stream_dial(peer->net, &peer->stream, peer->machine, peer->port, deadline);
    if (!error)
        sm_framed_init(&peer->framed, peer->stream, MESSAGE_BYTES_MAX);
    return error;
}

static int exchange(struct peer *peer, const struct message *request, struct message *answer,
                    sm_time deadline)
{
    int error = connect_to(peer, deadline);

    if (!error)
        error = message_send(&peer->framed, request, deadline);
    if (!error)
        error = message_receive(&peer->framed, answer, deadline);
    if (!error && answer->type != MESSAGE_OK && answer->type != MESSAGE_REFUSED)
        error = -EPROTO;
    return error;
}

int peer_call(struct peer *peer, const struct message *request, struct message *answer,
              sm_time deadline)
{
    const int error = exchange(peer, request, answer, deadline);

    /* A late answer must not be taken for that to the next request. */
    if (error)
        peer_close(peer);
    return error;
}

void peer_close(struct peer *peer)
{
    sm_stream_close(peer->stream);
    peer->stream = NULL;
}

int backoff_sleep(struct backoff *backoff)
{
    backoff->ns = backoff->ns ? 2 * backoff->ns : BACKOFF_MIN_NS;
    if (backoff->ns > BACKOFF_MAX_NS)
        backoff->ns = BACKOFF_MAX_NS;
    return sm_sleep(sm_random_range(NULL, backoff->ns / 2, backoff->ns));
}
