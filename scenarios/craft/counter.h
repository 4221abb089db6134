/* SPDX-License-Identifier: MIT */
/*
 * The replicated counter: what clients ask for and what they are told.
 *
 * A client works in a session and numbers its operations from 1. It asks for the next one only when
 * it was told the result of the one before, and asks again with the same number until then.
 */
#ifndef CRAFT_COUNTER_H
#define CRAFT_COUNTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CRAFT_COMMAND_BYTES 32u
#define CRAFT_ANSWER_BYTES  40u

enum craft_operation {
    CRAFT_ADD = 1,
    CRAFT_READ,
    /* An operator's: about the cluster itself, so they are no entries of the counter's. */
    CRAFT_TRANSFER, /* another node shall lead */
    CRAFT_JOIN,     /* a node becomes a spare: it is sent the log, and counts for nothing */
    CRAFT_PROMOTE,  /* a spare becomes a voter */
    CRAFT_REMOVE,   /* a node leaves */
};

struct craft_command {
    uint64_t operation;       /* enum craft_operation */
    uint64_t session, number; /* an operator's: unused */
    int64_t amount;           /* ADD: to add; an operator's: the node's number; else 0 */
};

enum craft_status {
    CRAFT_OK,
    CRAFT_NOT_LEADER, /* nothing was done; `leader` may know more */
    CRAFT_UNKNOWN,    /* it may have been done, or may be yet */
    CRAFT_REFUSED,    /* nothing was done: not now, or not in this order */
};

struct craft_answer {
    uint64_t status; /* enum craft_status */
    uint64_t leader; /* a node's number; 0: not known */
    uint64_t number; /* of the session's last operation that was applied */
    int64_t total;   /* of all that the session has added */
    int64_t value;   /* of the counter */
};

void craft_command_encode(const struct craft_command *command, uint8_t *out);
/* False: not a command of the counter or of an operator. */
bool craft_command_decode(const uint8_t *bytes, size_t size, struct craft_command *out);
void craft_answer_encode(const struct craft_answer *answer, uint8_t *out);
void craft_answer_decode(const uint8_t *bytes, struct craft_answer *out);

#endif
