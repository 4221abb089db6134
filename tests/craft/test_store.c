/* SPDX-License-Identifier: MIT */
/* A node's durable state: what survives power cuts, and what is never read back. */
#include "storage.h"

#include "codec.h"
#include "snapshot.h"
#include "tests/craft/fake_disk.h"
#include "tests/suite.h"

#include <check.h>
#include <stdlib.h>

#define INDEX_MAX 8192
#define STEPS     1000
#define SEEDS     25

/* ---- what should be there ---- */

struct expected {
    uint64_t value, term; /* of the entry */
};

static struct {
    struct craft_storage storage;
    struct raft_configuration configuration;
    struct expected entries[INDEX_MAX];
    raft_index last, durable; /* the last entry, and the last that was synced */
    raft_index snapshot;
    uint64_t term, durable_term, value;
} store;

static void begin(uint64_t seed)
{
    memset(&store, 0, sizeof store);
    fake_disk_init(seed);
    raft_configuration_init(&store.configuration);
    ck_assert_int_eq(raft_configuration_add(&store.configuration, 1, "raft1", RAFT_VOTER), 0);
}

static void end(void)
{
    craft_storage_close(&store.storage);
    raft_configuration_close(&store.configuration);
    fake_disk_finish();
}

static void check_entry(raft_index index, const struct raft_entry *entry)
{
    uint64_t value = 0;
    if (entry->type == RAFT_COMMAND)
        memcpy(&value, entry->buf.base, sizeof value);
    if (index <= store.durable && index > 1) {
        ck_assert_uint_eq(value, store.entries[index].value);
        ck_assert_uint_eq(entry->term, store.entries[index].term);
    }
    store.entries[index] = (struct expected){value, entry->term};
}

static void check_snapshot(struct raft_snapshot *snapshot, raft_index start)
{
    if (!snapshot) {
        ck_assert_uint_eq(store.snapshot, 0);
        ck_assert_uint_eq(start, 1);
        return;
    }
    ck_assert_uint_ge(snapshot->index, store.snapshot);
    ck_assert_uint_le(start, snapshot->index + 1);
    ck_assert_uint_eq(*(uint64_t *)snapshot->bufs[0].base, snapshot->index * 7);
    store.snapshot = snapshot->index;
    craft_snapshot_free(snapshot);
}

/* Starts again, and compares: all that was durable is there, in order. */
static void reopen(void)
{
    struct raft_snapshot *snapshot;
    struct raft_entry *entries;
    raft_index start;
    raft_term term = 0;
    size_t n;
    memset(&store.storage, 0, sizeof store.storage);
    ck_assert_int_eq(craft_storage_open(&store.storage, fake_disk()), 0);
    if (craft_storage_empty(&store.storage)) {
        ck_assert_uint_eq(store.durable_term, 0);
        ck_assert_int_eq(craft_storage_bootstrap(&store.storage, &store.configuration), 0);
    }
    ck_assert_int_eq(craft_storage_load(&store.storage, &snapshot, &start, &entries, &n), 0);
    check_snapshot(snapshot, start);
    ck_assert_uint_ge(start + n - 1, store.durable);
    for (size_t i = 0; i < n; i++) {
        ck_assert_uint_ge(entries[i].term, term);
        term = entries[i].term;
        check_entry(start + i, &entries[i]);
    }
    ck_assert_uint_ge(store.storage.meta.term, store.durable_term);
    store.term = store.durable_term = store.storage.meta.term;
    store.last = store.durable = start + n - 1;
    if (n > 0)
        raft_free(entries[0].batch);
    raft_free(entries);
}

/* ---- steps; each returns what the store returned ---- */

static int append(bool sync)
{
    struct raft_entry entries[4];
    uint64_t payloads[4][16];
    unsigned n = 1 + (unsigned)fake_disk_below(4);
    for (unsigned i = 0; i < n; i++) {
        memset(payloads[i], (int)i, sizeof payloads[i]);
        payloads[i][0] = ++store.value;
        entries[i] = (struct raft_entry){.term = store.term, .type = RAFT_COMMAND};
        entries[i].buf.base = payloads[i];
        entries[i].buf.len = 8 + fake_disk_below(100);
        store.entries[store.last + 1 + i] = (struct expected){store.value, store.term};
    }
    int error = craft_storage_append(&store.storage, store.last + 1, entries, n);
    store.last += n;
    if (!error && sync)
        error = craft_storage_sync(&store.storage);
    if (!error && sync)
        store.durable = store.last;
    return error;
}

static int next_term(void)
{
    int error = craft_storage_set_term(&store.storage, ++store.term);
    if (!error)
        store.durable_term = store.term;
    return error;
}

/* A leader of a newer term has other entries from some index on. */
static int truncate_log(void)
{
    raft_index least = store.snapshot > 1 ? store.snapshot + 1 : 2;
    if (store.last < least || store.entries[store.last].term >= store.term)
        return 0;
    raft_index index = least + fake_disk_below(store.last - least + 1);
    store.last = index - 1;
    if (store.durable > store.last)
        store.durable = store.last;
    return craft_storage_truncate(&store.storage, index);
}

static int put_snapshot(raft_index index, raft_term term, unsigned trailing)
{
    uint64_t data = index * 7;
    struct raft_buffer buffer = {&data, sizeof data};
    struct raft_snapshot snapshot = {.index = index,
                                     .term = term,
                                     .configuration = store.configuration,
                                     .configuration_index = 1,
                                     .bufs = &buffer,
                                     .n_bufs = 1};
    int error = craft_storage_put_snapshot(&store.storage, &snapshot, trailing);
    if (!error)
        store.snapshot = index;
    return error;
}

static int take_snapshot(void)
{
    if (store.durable <= store.snapshot + 5)
        return 0;
    raft_index index = store.durable - fake_disk_below(3);
    return put_snapshot(index, store.entries[index].term, 1 + (unsigned)fake_disk_below(20));
}

/* The snapshot comes from a leader, and lies beyond what is here. */
static int install_snapshot(void)
{
    raft_index index = store.last + 1 + fake_disk_below(10);
    store.durable = store.snapshot;
    int error = put_snapshot(index, store.term, 0);
    store.last = index;
    store.entries[index].term = store.term;
    if (!error)
        store.durable = index;
    return error;
}

static int step(void)
{
    switch (fake_disk_below(100)) {
    case 0 ... 9:
        return next_term();
    case 10 ... 19:
        return craft_storage_set_vote(&store.storage, 1 + fake_disk_below(5));
    case 20 ... 26:
        return truncate_log();
    case 27 ... 30:
        return take_snapshot();
    case 31:
        return install_snapshot();
    default:
        return append(fake_disk_below(2));
    }
}

/* ---- tests ---- */

START_TEST(power_cuts_lose_nothing_that_was_synced)
{
    int crashes = 0;
    begin((uint64_t)_i);
    reopen();
    for (int i = 0; i < STEPS && store.last < INDEX_MAX - 64; i++) {
        if (!fake_disk_failing() && fake_disk_below(40) == 0)
            fake_disk_fail_after(1 + (int)fake_disk_below(12));
        if (step() == 0)
            continue;
        ck_assert(fake_disk_failing());
        craft_storage_close(&store.storage);
        fake_disk_crash();
        reopen();
        crashes++;
    }
    ck_assert_int_gt(crashes, 5);
    end();
}
END_TEST

START_TEST(bootstrap_survives_a_crash_at_any_call)
{
    begin(1);
    for (int calls = 1; calls < 30; calls++) {
        fake_disk_fail_after(calls);
        memset(&store.storage, 0, sizeof store.storage);
        if (craft_storage_open(&store.storage, fake_disk()) == 0 &&
            craft_storage_empty(&store.storage))
            craft_storage_bootstrap(&store.storage, &store.configuration);
        craft_storage_close(&store.storage);
        fake_disk_crash();
    }
    reopen();
    ck_assert_uint_eq(store.last, 1);
    ck_assert_uint_eq(store.term, 1);
    ck_assert_int_eq(craft_storage_bootstrap(&store.storage, &store.configuration),
                     RAFT_CANTBOOTSTRAP);
    end();
}
END_TEST

START_TEST(a_damaged_record_ends_the_log)
{
    begin(2);
    reopen();
    for (int i = 0; i < 10; i++)
        ck_assert_int_eq(append(true), 0);
    raft_index third = store.storage.log.first + 2;
    int64_t offset = store.storage.log.records[third - store.storage.log.first].end_offset;
    fake_disk_damage("log", offset + 20, "?", 1);
    craft_storage_close(&store.storage);
    store.durable = third;
    reopen();
    ck_assert_uint_eq(store.last, third);
    end();
}
END_TEST

START_TEST(records_behind_other_records_are_not_read_again)
{
    struct raft_entry entry = {.term = 1, .type = RAFT_COMMAND, .buf = {"12345678", 8}};
    uint8_t tail[256];
    struct sm_file *file;
    begin(3);
    reopen();
    for (raft_index index = 2; index <= 4; index++)
        ck_assert_int_eq(craft_storage_append(&store.storage, index, &entry, 1), 0);
    int64_t from = store.storage.log.records[1].end_offset;
    int64_t to = store.storage.log.records[3].end_offset;
    ck_assert_int_eq(sm_file_open(fake_disk(), &file, "log", SM_FILE_READ), 0);
    ck_assert_int_eq(sm_file_pread(file, tail, (size_t)(to - from), from), (int)(to - from));
    sm_file_close(file);
    ck_assert_int_eq(craft_storage_truncate(&store.storage, 2), 0);
    entry.term = 2; /* as long as the one that it replaces */
    ck_assert_int_eq(craft_storage_append(&store.storage, 2, &entry, 1), 0);
    ck_assert_int_eq(craft_storage_sync(&store.storage), 0);
    fake_disk_damage("log", from, tail, (size_t)(to - from)); /* the truncation got lost */
    craft_storage_close(&store.storage);
    reopen();
    ck_assert_uint_eq(store.last, 2);
    end();
}
END_TEST

START_TEST(after_a_failed_write_nothing_is_written)
{
    struct raft_entry entry = {.term = 1, .type = RAFT_COMMAND, .buf = {"12345678", 8}};
    begin(4);
    reopen();
    ck_assert_int_eq(craft_storage_append(&store.storage, 9, &entry, 1), RAFT_IOERR);
    ck_assert_int_eq(craft_storage_append(&store.storage, 2, &entry, 1), RAFT_IOERR);
    ck_assert_int_eq(craft_storage_sync(&store.storage), RAFT_IOERR);
    end();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("craft store");
    TCase *c = tcase_create("disk");
    tcase_set_timeout(c, 60);
    tcase_add_loop_test(c, power_cuts_lose_nothing_that_was_synced, 1, SEEDS);
    tcase_add_test(c, bootstrap_survives_a_crash_at_any_call);
    tcase_add_test(c, a_damaged_record_ends_the_log);
    tcase_add_test(c, records_behind_other_records_are_not_read_again);
    tcase_add_test(c, after_a_failed_write_nothing_is_written);
    suite_add_tcase(suite, c);
    return suite_run(suite);
}
