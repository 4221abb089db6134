/* SPDX-License-Identifier: MIT */
#include "codec.h"

#define MESSAGE_HEAD 4u /* the type */
#define SERVERS_MAX  64u
#define ENTRIES_MAX  65536u

/* ---- entries ---- */

size_t craft_entry_size(const struct raft_entry *entry)
{
    return CRAFT_ENTRY_HEAD + CRAFT_PAD8(entry->buf.len);
}

uint8_t *craft_entry_put(uint8_t *at, const struct raft_entry *entry)
{
    at = craft_put_u64(at, entry->term);
    at = craft_put_u32(at, entry->type);
    at = craft_put_u32(at, (uint32_t)entry->buf.len);
    return craft_put_padded(at, entry->buf.base, entry->buf.len);
}

bool craft_entry_get(struct craft_reader *reader, struct raft_entry *entry)
{
    entry->term = craft_get_u64(reader);
    entry->type = (unsigned short)craft_get_u32(reader);
    entry->buf.len = craft_get_u32(reader);
    entry->buf.base = (void *)craft_take(reader, CRAFT_PAD8(entry->buf.len));
    entry->batch = NULL;
    return !reader->bad;
}

uint64_t craft_entry_hash(const struct raft_entry *entry)
{
    uint64_t hash = craft_hash(entry->term, entry->buf.base, entry->buf.len);
    return hash * 31 + entry->type;
}

/* ---- configurations ---- */

size_t craft_configuration_size(const struct raft_configuration *configuration)
{
    size_t size = 4;
    for (unsigned i = 0; i < configuration->n; i++)
        size += 16 + CRAFT_PAD8(strlen(configuration->servers[i].address));
    return size;
}

uint8_t *craft_configuration_put(uint8_t *at, const struct raft_configuration *configuration)
{
    at = craft_put_u32(at, configuration->n);
    for (unsigned i = 0; i < configuration->n; i++) {
        const struct raft_server *server = &configuration->servers[i];
        size_t length = strlen(server->address);
        at = craft_put_u64(at, server->id);
        at = craft_put_u32(at, (uint32_t)server->role);
        at = craft_put_u32(at, (uint32_t)length);
        at = craft_put_padded(at, server->address, length);
    }
    return at;
}

static int get_server(struct craft_reader *reader, struct raft_configuration *out)
{
    char address[64];
    raft_id id = craft_get_u64(reader);
    int role = (int)craft_get_u32(reader);
    size_t length = craft_get_u32(reader);
    const uint8_t *text = craft_take(reader, CRAFT_PAD8(length));
    if (!text || length >= sizeof(address))
        return RAFT_MALFORMED;
    memcpy(address, text, length);
    address[length] = '\0';
    return raft_configuration_add(out, id, address, role);
}

int craft_configuration_get(struct craft_reader *reader, struct raft_configuration *out)
{
    raft_configuration_init(out);
    uint32_t count = craft_get_u32(reader);
    int error = count > SERVERS_MAX ? RAFT_MALFORMED : 0;
    for (uint32_t i = 0; i < count && !error; i++)
        error = get_server(reader, out);
    if (!error && reader->bad)
        error = RAFT_MALFORMED;
    if (error) {
        raft_configuration_close(out);
        raft_configuration_init(out);
    }
    return error;
}

/* ---- messages ---- */

static size_t append_entries_size(const struct raft_append_entries *args)
{
    size_t size = 4 * 8 + 4;
    for (unsigned i = 0; i < args->n_entries; i++)
        size += craft_entry_size(&args->entries[i]);
    return size;
}

size_t craft_message_size(const struct raft_message *message)
{
    switch (message->type) {
    case RAFT_IO_APPEND_ENTRIES:
        return MESSAGE_HEAD + append_entries_size(&message->append_entries);
    case RAFT_IO_APPEND_ENTRIES_RESULT:
        return MESSAGE_HEAD + 3 * 8;
    case RAFT_IO_REQUEST_VOTE:
        return MESSAGE_HEAD + 4 * 8 + 2;
    case RAFT_IO_REQUEST_VOTE_RESULT:
        return MESSAGE_HEAD + 8 + 2;
    case RAFT_IO_INSTALL_SNAPSHOT:
        return MESSAGE_HEAD + 4 * 8 + craft_configuration_size(&message->install_snapshot.conf) +
               4 + message->install_snapshot.data.len;
    case RAFT_IO_TIMEOUT_NOW:
        return MESSAGE_HEAD + 3 * 8;
    default:
        return 0;
    }
}

static void put_append_entries(uint8_t *at, const struct raft_append_entries *args)
{
    at = craft_put_u64(at, args->term);
    at = craft_put_u64(at, args->prev_log_index);
    at = craft_put_u64(at, args->prev_log_term);
    at = craft_put_u64(at, args->leader_commit);
    at = craft_put_u32(at, args->n_entries);
    for (unsigned i = 0; i < args->n_entries; i++)
        at = craft_entry_put(at, &args->entries[i]);
}

static void put_append_entries_result(uint8_t *at, const struct raft_append_entries_result *result)
{
    at = craft_put_u64(at, result->term);
    at = craft_put_u64(at, result->rejected);
    craft_put_u64(at, result->last_log_index);
}

static void put_request_vote(uint8_t *at, const struct raft_request_vote *args)
{
    at = craft_put_u64(at, args->term);
    at = craft_put_u64(at, args->candidate_id);
    at = craft_put_u64(at, args->last_log_index);
    at = craft_put_u64(at, args->last_log_term);
    at = craft_put(at, args->disrupt_leader, 1);
    craft_put(at, args->pre_vote, 1);
}

static void put_request_vote_result(uint8_t *at, const struct raft_request_vote_result *result)
{
    at = craft_put_u64(at, result->term);
    at = craft_put(at, result->vote_granted, 1);
    craft_put(at, (uint64_t)result->pre_vote, 1);
}

static void put_install_snapshot(uint8_t *at, const struct raft_install_snapshot *args)
{
    at = craft_put_u64(at, args->term);
    at = craft_put_u64(at, args->last_index);
    at = craft_put_u64(at, args->last_term);
    at = craft_put_u64(at, args->conf_index);
    at = craft_configuration_put(at, &args->conf);
    at = craft_put_u32(at, (uint32_t)args->data.len);
    memcpy(at, args->data.base, args->data.len);
}

static void put_timeout_now(uint8_t *at, const struct raft_timeout_now *args)
{
    at = craft_put_u64(at, args->term);
    at = craft_put_u64(at, args->last_log_index);
    craft_put_u64(at, args->last_log_term);
}

void craft_message_encode(const struct raft_message *message, uint8_t *out)
{
    out = craft_put_u32(out, message->type);
    switch (message->type) {
    case RAFT_IO_APPEND_ENTRIES:
        put_append_entries(out, &message->append_entries);
        break;
    case RAFT_IO_APPEND_ENTRIES_RESULT:
        put_append_entries_result(out, &message->append_entries_result);
        break;
    case RAFT_IO_REQUEST_VOTE:
        put_request_vote(out, &message->request_vote);
        break;
    case RAFT_IO_REQUEST_VOTE_RESULT:
        put_request_vote_result(out, &message->request_vote_result);
        break;
    case RAFT_IO_INSTALL_SNAPSHOT:
        put_install_snapshot(out, &message->install_snapshot);
        break;
    case RAFT_IO_TIMEOUT_NOW:
        put_timeout_now(out, &message->timeout_now);
        break;
    }
}

/* Copies the rest of the message into one batch, which the entries then point into. */
static int get_entries(struct craft_reader *reader, struct raft_append_entries *args)
{
    args->entries = NULL;
    if (args->n_entries == 0)
        return reader->bad ? RAFT_MALFORMED : 0;
    size_t size = (size_t)(reader->end - reader->at);
    if (reader->bad || args->n_entries > ENTRIES_MAX || size < args->n_entries * CRAFT_ENTRY_HEAD)
        return RAFT_MALFORMED;
    uint8_t *batch = raft_malloc(size);
    args->entries = raft_malloc(args->n_entries * sizeof(*args->entries));
    int error = !batch || !args->entries ? RAFT_NOMEM : 0;
    if (batch)
        memcpy(batch, reader->at, size);
    struct craft_reader copy = {batch, batch + size, false};
    for (unsigned i = 0; i < args->n_entries && !error; i++) {
        if (!craft_entry_get(&copy, &args->entries[i]))
            error = RAFT_MALFORMED;
        args->entries[i].batch = batch;
    }
    if (error) {
        raft_free(batch);
        raft_free(args->entries);
    }
    return error;
}

static int get_append_entries(struct craft_reader *reader, struct raft_append_entries *args)
{
    args->term = craft_get_u64(reader);
    args->prev_log_index = craft_get_u64(reader);
    args->prev_log_term = craft_get_u64(reader);
    args->leader_commit = craft_get_u64(reader);
    args->n_entries = craft_get_u32(reader);
    return get_entries(reader, args);
}

static void get_request_vote(struct craft_reader *reader, struct raft_request_vote *args)
{
    args->term = craft_get_u64(reader);
    args->candidate_id = craft_get_u64(reader);
    args->last_log_index = craft_get_u64(reader);
    args->last_log_term = craft_get_u64(reader);
    args->disrupt_leader = craft_get(reader, 1) != 0;
    args->pre_vote = craft_get(reader, 1) != 0;
}

static int get_install_snapshot(struct craft_reader *reader, struct raft_install_snapshot *args)
{
    args->term = craft_get_u64(reader);
    args->last_index = craft_get_u64(reader);
    args->last_term = craft_get_u64(reader);
    args->conf_index = craft_get_u64(reader);
    int error = craft_configuration_get(reader, &args->conf);
    if (error)
        return error;
    args->data.len = craft_get_u32(reader);
    const uint8_t *data = craft_take(reader, args->data.len);
    args->data.base = data ? raft_malloc(args->data.len) : NULL;
    if (!args->data.base) {
        raft_configuration_close(&args->conf);
        return data ? RAFT_NOMEM : RAFT_MALFORMED;
    }
    memcpy(args->data.base, data, args->data.len);
    return 0;
}

static int get_results(struct craft_reader *reader, struct raft_message *out)
{
    switch (out->type) {
    case RAFT_IO_APPEND_ENTRIES_RESULT:
        out->append_entries_result.term = craft_get_u64(reader);
        out->append_entries_result.rejected = craft_get_u64(reader);
        out->append_entries_result.last_log_index = craft_get_u64(reader);
        break;
    case RAFT_IO_REQUEST_VOTE_RESULT:
        out->request_vote_result.term = craft_get_u64(reader);
        out->request_vote_result.vote_granted = craft_get(reader, 1) != 0;
        out->request_vote_result.pre_vote = (raft_tribool)craft_get(reader, 1);
        break;
    case RAFT_IO_TIMEOUT_NOW:
        out->timeout_now.term = craft_get_u64(reader);
        out->timeout_now.last_log_index = craft_get_u64(reader);
        out->timeout_now.last_log_term = craft_get_u64(reader);
        break;
    default:
        return RAFT_MALFORMED;
    }
    return reader->bad ? RAFT_MALFORMED : 0;
}

int craft_message_decode(const uint8_t *bytes, size_t size, struct raft_message *out)
{
    struct craft_reader reader = {bytes, bytes + size, false};
    memset(out, 0, sizeof(*out));
    out->type = (unsigned short)craft_get_u32(&reader);
    switch (out->type) {
    case RAFT_IO_APPEND_ENTRIES:
        return get_append_entries(&reader, &out->append_entries);
    case RAFT_IO_REQUEST_VOTE:
        get_request_vote(&reader, &out->request_vote);
        return reader.bad ? RAFT_MALFORMED : 0;
    case RAFT_IO_INSTALL_SNAPSHOT:
        return get_install_snapshot(&reader, &out->install_snapshot);
    default:
        return get_results(&reader, out);
    }
}
