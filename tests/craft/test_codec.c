/* SPDX-License-Identifier: MIT */
/* Messages of raft as bytes. */
#include "codec.h"
#include "tests/suite.h"

#include <check.h>
#include <stdlib.h>

#define BYTES_MAX 4096

static uint8_t bytes[BYTES_MAX];

static size_t encode(const struct raft_message *message)
{
    size_t size = craft_message_size(message);
    ck_assert_uint_gt(size, 0);
    ck_assert_uint_le(size, BYTES_MAX);
    memset(bytes, 0xa5, sizeof bytes);
    craft_message_encode(message, bytes);
    ck_assert_uint_eq(bytes[size], 0xa5);
    return size;
}

static void free_message(struct raft_message *message)
{
    if (message->type == RAFT_IO_APPEND_ENTRIES && message->append_entries.n_entries > 0) {
        raft_free(message->append_entries.entries[0].batch);
        raft_free(message->append_entries.entries);
    }
    if (message->type == RAFT_IO_INSTALL_SNAPSHOT) {
        raft_configuration_close(&message->install_snapshot.conf);
        raft_free(message->install_snapshot.data.base);
    }
}

/* Every shorter piece of a message is refused, and none is read beyond its end. */
static void check_pieces(size_t size)
{
    struct raft_message out;
    for (size_t piece = 0; piece < size; piece++) {
        uint8_t *copy = malloc(piece ? piece : 1);
        memcpy(copy, bytes, piece);
        ck_assert_int_eq(craft_message_decode(copy, piece, &out), RAFT_MALFORMED);
        free(copy);
    }
}

static struct raft_message append_entries(struct raft_entry *entries, unsigned n)
{
    struct raft_message message = {.type = RAFT_IO_APPEND_ENTRIES};
    message.append_entries = (struct raft_append_entries){.term = 7,
                                                          .prev_log_index = 3,
                                                          .prev_log_term = 6,
                                                          .leader_commit = 2,
                                                          .entries = entries,
                                                          .n_entries = n};
    return message;
}

START_TEST(entries_come_back)
{
    struct raft_entry entries[3] = {
        {.term = 6, .type = RAFT_COMMAND, .buf = {"one", 3}},
        {.term = 7, .type = RAFT_CHANGE, .buf = {"eight...", 8}},
        {.term = 7, .type = RAFT_BARRIER, .buf = {"eleven.....", 11}},
    };
    struct raft_message message = append_entries(entries, 3), out;
    size_t size = encode(&message);
    ck_assert_int_eq(craft_message_decode(bytes, size, &out), 0);
    ck_assert_uint_eq(out.append_entries.term, 7);
    ck_assert_uint_eq(out.append_entries.prev_log_index, 3);
    ck_assert_uint_eq(out.append_entries.prev_log_term, 6);
    ck_assert_uint_eq(out.append_entries.leader_commit, 2);
    ck_assert_uint_eq(out.append_entries.n_entries, 3);
    for (unsigned i = 0; i < 3; i++) {
        const struct raft_entry *entry = &out.append_entries.entries[i];
        ck_assert_uint_eq(entry->term, entries[i].term);
        ck_assert_uint_eq(entry->type, entries[i].type);
        ck_assert_uint_eq(entry->buf.len, entries[i].buf.len);
        ck_assert_mem_eq(entry->buf.base, entries[i].buf.base, entry->buf.len);
        ck_assert_uint_eq(craft_entry_hash(entry), craft_entry_hash(&entries[i]));
        ck_assert_ptr_eq(entry->batch, out.append_entries.entries[0].batch);
    }
    free_message(&out);
    check_pieces(size);
}
END_TEST

START_TEST(a_heartbeat_has_no_entries)
{
    struct raft_message message = append_entries(NULL, 0), out;
    ck_assert_int_eq(craft_message_decode(bytes, encode(&message), &out), 0);
    ck_assert_uint_eq(out.append_entries.n_entries, 0);
    ck_assert_ptr_null(out.append_entries.entries);
}
END_TEST

START_TEST(votes_come_back)
{
    struct raft_message message = {.type = RAFT_IO_REQUEST_VOTE}, out;
    message.request_vote = (struct raft_request_vote){.term = 5,
                                                      .candidate_id = 2,
                                                      .last_log_index = 9,
                                                      .last_log_term = 4,
                                                      .disrupt_leader = true,
                                                      .pre_vote = false};
    size_t size = encode(&message);
    ck_assert_int_eq(craft_message_decode(bytes, size, &out), 0);
    ck_assert_uint_eq(out.request_vote.candidate_id, 2);
    ck_assert_uint_eq(out.request_vote.last_log_index, 9);
    ck_assert_uint_eq(out.request_vote.last_log_term, 4);
    ck_assert(out.request_vote.disrupt_leader && !out.request_vote.pre_vote);
    check_pieces(size);

    message = (struct raft_message){.type = RAFT_IO_REQUEST_VOTE_RESULT};
    message.request_vote_result = (struct raft_request_vote_result){
        .term = 5, .vote_granted = true, .pre_vote = raft_tribool_false};
    size = encode(&message);
    ck_assert_int_eq(craft_message_decode(bytes, size, &out), 0);
    ck_assert_uint_eq(out.request_vote_result.term, 5);
    ck_assert(out.request_vote_result.vote_granted);
    ck_assert_int_eq(out.request_vote_result.pre_vote, raft_tribool_false);
    check_pieces(size);
}
END_TEST

START_TEST(results_come_back)
{
    struct raft_message message = {.type = RAFT_IO_APPEND_ENTRIES_RESULT}, out;
    message.append_entries_result =
        (struct raft_append_entries_result){.term = 1, .rejected = 2, .last_log_index = 3};
    size_t size = encode(&message);
    ck_assert_int_eq(craft_message_decode(bytes, size, &out), 0);
    ck_assert_uint_eq(out.append_entries_result.term, 1);
    ck_assert_uint_eq(out.append_entries_result.rejected, 2);
    ck_assert_uint_eq(out.append_entries_result.last_log_index, 3);
    check_pieces(size);

    message = (struct raft_message){.type = RAFT_IO_TIMEOUT_NOW};
    message.timeout_now =
        (struct raft_timeout_now){.term = 4, .last_log_index = 5, .last_log_term = 6};
    size = encode(&message);
    ck_assert_int_eq(craft_message_decode(bytes, size, &out), 0);
    ck_assert_uint_eq(out.timeout_now.last_log_index, 5);
    ck_assert_uint_eq(out.timeout_now.last_log_term, 6);
    check_pieces(size);
}
END_TEST

START_TEST(a_snapshot_comes_back)
{
    struct raft_message message = {.type = RAFT_IO_INSTALL_SNAPSHOT}, out;
    struct raft_install_snapshot *args = &message.install_snapshot;
    *args = (struct raft_install_snapshot){
        .term = 9, .last_index = 8, .last_term = 7, .conf_index = 1, .data = {"state", 5}};
    raft_configuration_init(&args->conf);
    ck_assert_int_eq(raft_configuration_add(&args->conf, 1, "raft1", RAFT_VOTER), 0);
    ck_assert_int_eq(raft_configuration_add(&args->conf, 2, "raft2", RAFT_SPARE), 0);
    size_t size = encode(&message);
    ck_assert_int_eq(craft_message_decode(bytes, size, &out), 0);
    ck_assert_uint_eq(out.install_snapshot.last_index, 8);
    ck_assert_uint_eq(out.install_snapshot.conf.n, 2);
    ck_assert_uint_eq(out.install_snapshot.conf.servers[1].id, 2);
    ck_assert_str_eq(out.install_snapshot.conf.servers[1].address, "raft2");
    ck_assert_int_eq(out.install_snapshot.conf.servers[1].role, RAFT_SPARE);
    ck_assert_uint_eq(out.install_snapshot.data.len, 5);
    ck_assert_mem_eq(out.install_snapshot.data.base, "state", 5);
    free_message(&out);
    check_pieces(size);
    raft_configuration_close(&args->conf);
}
END_TEST

START_TEST(nonsense_is_refused)
{
    struct raft_message message = append_entries(NULL, 0), out;
    size_t size = encode(&message);
    craft_put_u32(bytes + size - 4, UINT32_MAX); /* so many entries */
    ck_assert_int_eq(craft_message_decode(bytes, size, &out), RAFT_MALFORMED);
    craft_put_u32(bytes, 99); /* no such type */
    ck_assert_int_eq(craft_message_decode(bytes, size, &out), RAFT_MALFORMED);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("craft codec");
    TCase *c = tcase_create("messages");
    tcase_add_test(c, entries_come_back);
    tcase_add_test(c, a_heartbeat_has_no_entries);
    tcase_add_test(c, votes_come_back);
    tcase_add_test(c, results_come_back);
    tcase_add_test(c, a_snapshot_comes_back);
    tcase_add_test(c, nonsense_is_refused);
    suite_add_tcase(suite, c);
    return suite_run(suite);
}
