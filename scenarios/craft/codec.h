/* SPDX-License-Identifier: MIT */
/*
 * Raft's messages, entries and configurations as bytes.
 *
 * What a decoder allocates comes from raft_malloc, in the shape that libraft frees: the entries of
 * a message share one batch.
 */
#ifndef CRAFT_CODEC_H
#define CRAFT_CODEC_H

#include "bytes.h"

#include <raft.h>

/* An entry's head, before its payload, which is padded to eight bytes. */
#define CRAFT_ENTRY_HEAD 16u

/* The bytes that an entry takes. */
size_t craft_entry_size(const struct raft_entry *entry);
uint8_t *craft_entry_put(uint8_t *at, const struct raft_entry *entry);
/* Reads an entry whose payload stays where it is; `batch` is not set. False: there is none. */
bool craft_entry_get(struct craft_reader *reader, struct raft_entry *entry);
/* Tells whether two entries are the same: term, type and payload. */
uint64_t craft_entry_hash(const struct raft_entry *entry);

size_t craft_configuration_size(const struct raft_configuration *configuration);
uint8_t *craft_configuration_put(uint8_t *at, const struct raft_configuration *configuration);
/* Returns 0; RAFT_MALFORMED, RAFT_NOMEM: `out` is empty. */
int craft_configuration_get(struct craft_reader *reader, struct raft_configuration *out);

/* Returns 0 for a type that has no encoding. */
size_t craft_message_size(const struct raft_message *message);
void craft_message_encode(const struct raft_message *message, uint8_t *out);
/*
 * Decodes a message; its server_id and server_address are the caller's to set.
 * Returns 0; RAFT_MALFORMED, RAFT_NOMEM: nothing is left behind.
 */
int craft_message_decode(const uint8_t *bytes, size_t size, struct raft_message *out);

#endif
