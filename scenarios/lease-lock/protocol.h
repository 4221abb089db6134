/* SPDX-License-Identifier: MIT */
/*
 * What clients and servers say to each other: a request, then its answer, as framed messages.
 *
 *   type (1 byte) | token (8) | sequence (8) | value (8) | term (8) | name of the client (0 to 31)
 *
 * Numbers are little-endian. After a message of a wrong size, type or name nothing else that comes
 * over the connection can be trusted: it is closed.
 */
#ifndef LEASE_LOCK_PROTOCOL_H
#define LEASE_LOCK_PROTOCOL_H

#include <steelmill/steelmill.h>

#define LOCK_MACHINE  "lock"
#define LOCK_PORT     7000
#define STORE_MACHINE "store"
#define STORE_PORT    7001

#define CLIENT_NAME_BYTES 32 /* with its NUL */
#define MESSAGE_BYTES_MIN (1u + 4 * 8)
#define MESSAGE_BYTES_MAX (MESSAGE_BYTES_MIN + CLIENT_NAME_BYTES - 1)

enum message_type {
    MESSAGE_ACQUIRE = 1, /* to the lock server: wants the lease. OK: token, term_ns */
    MESSAGE_RENEW,       /* token. OK: term_ns */
    MESSAGE_RELEASE,     /* token */
    MESSAGE_READ,        /* to the store: token. OK: value */
    MESSAGE_WRITE,       /* token, sequence (grows with each write of one token), value */
    MESSAGE_OK,          /* answers */
    MESSAGE_REFUSED,
    MESSAGE_TYPE_END
};

struct message {
    enum message_type type;
    uint64_t token;
    uint64_t sequence;
    uint64_t value;
    sm_time term_ns;
    char client[CLIENT_NAME_BYTES];
};

/* Sends a message. Returns what sm_framed_write does. */
int message_send(struct sm_framed *framed, const struct message *message, sm_time deadline);

/* Receives one. Returns 0; -EPROTO: it is none; or what sm_framed_read does. */
int message_receive(struct sm_framed *framed, struct message *message, sm_time deadline);

#endif
