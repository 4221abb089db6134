/* SPDX-License-Identifier: MIT */
/*
 * A client's side of a connection to a server: made when it is needed, and anew after an error.
 */
#ifndef LEASE_LOCK_PEER_H
#define LEASE_LOCK_PEER_H

#include "protocol.h"

/* One task at a time may use it. */
struct peer {
    struct sm_net *net;
    const char *machine; /* a static string */
    uint16_t port;
    struct sm_stream *stream; /* NULL: not connected */
    struct sm_framed framed;  /* its messages */
};

void peer_init(struct peer *peer, struct sm_net *net, const char *machine, uint16_t port);

/*
 * Sends a request and waits for its answer, MESSAGE_OK or MESSAGE_REFUSED.
 * Returns 0. Otherwise nobody knows whether the request was or will be carried out, and the
 * connection is closed: -ETIMEDOUT, -ECANCELED, -EPROTO, and what sm_stream_dial and
 * sm_framed_* return.
 */
int peer_call(struct peer *peer, const struct message *request, struct message *answer,
              sm_time deadline);

/* Twice is allowed. What was sent may still arrive, much later. */
void peer_close(struct peer *peer);

/* How long to wait before the next attempt: longer each time, at random. */
struct backoff {
    sm_time ns; /* 0: no attempt has failed yet */
};
/* Returns 0, -ECANCELED. */
int backoff_sleep(struct backoff *backoff);

#endif
