/* SPDX-License-Identifier: MIT */
#include "ledger.h"

#include "payload.h"

#include <stdio.h>
#include <string.h>

#define BUSY_TIMEOUT_MS 20

#define TEXT_(number) #number
#define TEXT(number)  TEXT_(number)

static const char SCHEMA[] =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE IF NOT EXISTS total(id INTEGER PRIMARY KEY, value INTEGER, sum INTEGER);"
    "CREATE TABLE IF NOT EXISTS account(id INTEGER PRIMARY KEY, count INTEGER, balance INTEGER);"
    "CREATE TABLE IF NOT EXISTS log(number INTEGER PRIMARY KEY, account INTEGER, amount INTEGER,"
    " nonce INTEGER, payload BLOB);"
    "CREATE INDEX IF NOT EXISTS log_by_account ON log(account, amount);"
    "INSERT INTO total VALUES(1, 0, 0) ON CONFLICT DO NOTHING;"
    "COMMIT;";

static const char *const SQL[LEDGER_STATEMENTS] = {
    [LEDGER_BEGIN] = "BEGIN",
    [LEDGER_BEGIN_TO_WRITE] = "BEGIN IMMEDIATE",
    [LEDGER_COMMIT] = "COMMIT",
    [LEDGER_ROLLBACK] = "ROLLBACK",
    [LEDGER_COUNT] = "UPDATE total SET value = value + 1 RETURNING value",
    [LEDGER_ACCOUNT] = "INSERT INTO account VALUES(?1, 1, ?2) ON CONFLICT(id) DO UPDATE SET "
                       "count = count + 1, balance = balance + ?2",
    [LEDGER_SUM] = "UPDATE total SET sum = sum + ?1",
    [LEDGER_INSERT] = "INSERT INTO log VALUES(?1, ?2, ?3, ?4, ?5)",
    [LEDGER_PRUNE] = "DELETE FROM log WHERE number <= ?1 - " TEXT(WIRE_ENTRIES),
    [LEDGER_MOVE] = "UPDATE log SET number = number + ?1, account = account + ?1",
    [LEDGER_READ_TOTAL] = "SELECT value, sum FROM total",
    [LEDGER_READ_ACCOUNTS] = "SELECT ifnull(sum(count), 0), ifnull(sum(balance), 0) FROM account",
    [LEDGER_READ_LOG] = "SELECT number, account, amount, nonce, payload FROM log ORDER BY number",
    [LEDGER_READ_INDEX] = "SELECT count(*) FROM log INDEXED BY log_by_account WHERE account >= 0",
};

/* ---- connections ---- */

static int pragmas(struct ledger *ledger, const struct config *config)
{
    char sql[256];
    snprintf(sql, sizeof(sql),
             "PRAGMA page_size=%d; PRAGMA journal_mode=%s; PRAGMA synchronous=%s;"
             "PRAGMA cache_size=%d; PRAGMA wal_autocheckpoint=%d; PRAGMA mmap_size=%d;",
             (int)config->page_bytes, config->journal, config->synchronous,
             (int)config->cache_pages, (int)config->checkpoint_pages, (int)config->map_bytes);
    return sqlite3_exec(ledger->db, sql, NULL, NULL, NULL);
}

int ledger_open(struct ledger *ledger, const struct config *config)
{
    memset(ledger, 0, sizeof(*ledger));
    int result =
        sqlite3_open_v2(LEDGER_PATH, &ledger->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_busy_timeout(ledger->db, BUSY_TIMEOUT_MS);
    return result == SQLITE_OK ? pragmas(ledger, config) : result;
}

void ledger_close(struct ledger *ledger)
{
    for (int i = 0; i < LEDGER_STATEMENTS; i++)
        sqlite3_finalize(ledger->statements[i]);
    sqlite3_close(ledger->db);
    memset(ledger, 0, sizeof(*ledger));
}

int ledger_create(struct ledger *ledger)
{
    const int result = sqlite3_exec(ledger->db, SCHEMA, NULL, NULL, NULL);
    if (result != SQLITE_OK)
        (void)sqlite3_exec(ledger->db, "ROLLBACK", NULL, NULL, NULL);
    return result;
}

/* ---- statements ---- */

static int prepared(struct ledger *ledger, enum ledger_statement which, sqlite3_stmt **out)
{
    sqlite3_stmt **statement = &ledger->statements[which];
    int result = SQLITE_OK;
    if (!*statement)
        result = sqlite3_prepare_v3(ledger->db, SQL[which], -1, SQLITE_PREPARE_PERSISTENT,
                                    statement, NULL);
    *out = *statement;
    return result;
}

/* Runs a statement with numbers for its parameters; takes up to two numbers from its first row. */
static int run(struct ledger *ledger, enum ledger_statement which, const int64_t *parameters,
               int parameter_count, int64_t *columns)
{
    sqlite3_stmt *statement;
    int result = prepared(ledger, which, &statement);
    if (result != SQLITE_OK)
        return result;
    for (int i = 0; i < parameter_count; i++)
        sqlite3_bind_int64(statement, i + 1, parameters[i]);
    result = sqlite3_step(statement);
    for (int i = 0; columns && result == SQLITE_ROW && i < sqlite3_column_count(statement); i++)
        columns[i] = sqlite3_column_int64(statement, i);
    while (result == SQLITE_ROW)
        result = sqlite3_step(statement);
    const int reset = sqlite3_reset(statement);
    return result == SQLITE_DONE ? reset : result;
}

static int plain(struct ledger *ledger, enum ledger_statement which)
{
    return run(ledger, which, NULL, 0, NULL);
}

static void rollback(struct ledger *ledger)
{
    if (!sqlite3_get_autocommit(ledger->db))
        (void)plain(ledger, LEDGER_ROLLBACK);
}

/* ---- one transaction ---- */

static int insert(struct ledger *ledger, const struct ledger_entry *entry, uint64_t number,
                  int64_t amount)
{
    unsigned char payload[PAYLOAD_BYTES_MAX];
    sqlite3_stmt *statement;
    const int result = prepared(ledger, LEDGER_INSERT, &statement);
    if (result != SQLITE_OK)
        return result;
    const int64_t numbers[] = {(int64_t)number, (int64_t)entry->account, amount,
                               (int64_t)entry->nonce};
    const size_t size = payload_make(payload, number, entry->account, entry->nonce);
    sqlite3_bind_blob(statement, 5, payload, (int)size, SQLITE_STATIC);
    return run(ledger, LEDGER_INSERT, numbers, 4, NULL);
}

/* Writes all of the log and of its index twice, the second time as it was. */
static int rewrite(struct ledger *ledger)
{
    static const int64_t BY[] = {1000000000, -1000000000};
    const int result = run(ledger, LEDGER_MOVE, &BY[0], 1, NULL);
    return result == SQLITE_OK ? run(ledger, LEDGER_MOVE, &BY[1], 1, NULL) : result;
}

static int change(struct ledger *ledger, const struct ledger_entry *entry, uint64_t *number)
{
    int64_t columns[2] = {0}, ignored[2];
    if (entry->upgrades) {
        const int result = run(ledger, LEDGER_READ_TOTAL, NULL, 0, ignored);
        if (result != SQLITE_OK)
            return result;
    }
    int result = run(ledger, LEDGER_COUNT, NULL, 0, columns);
    *number = (uint64_t)columns[0];
    const int64_t amount = payload_amount(*number, entry->account, entry->nonce);
    if (result == SQLITE_OK)
        result = run(ledger, LEDGER_ACCOUNT, (int64_t[]){(int64_t)entry->account, amount}, 2, NULL);
    if (result == SQLITE_OK)
        result = insert(ledger, entry, *number, amount);
    if (result == SQLITE_OK && entry->rewrites)
        result = rewrite(ledger);
    if (result == SQLITE_OK)
        result = run(ledger, LEDGER_PRUNE, columns, 1, NULL);
    return result == SQLITE_OK ? run(ledger, LEDGER_SUM, &amount, 1, NULL) : result;
}

int ledger_add(struct ledger *ledger, const struct ledger_entry *entry, uint64_t *number)
{
    int result = plain(ledger, entry->upgrades ? LEDGER_BEGIN : LEDGER_BEGIN_TO_WRITE);
    if (result == SQLITE_OK)
        result = change(ledger, entry, number);
    if (result == SQLITE_OK)
        result = plain(ledger, LEDGER_COMMIT);
    if (result != SQLITE_OK)
        rollback(ledger);
    return result;
}

/* ---- reading ---- */

/* What is wrong with a row of the log; NULL: nothing. */
static const char *judge_row(sqlite3_stmt *row, const struct ledger_view *view, uint64_t number)
{
    unsigned char payload[PAYLOAD_BYTES_MAX];
    const uint64_t account = (uint64_t)sqlite3_column_int64(row, 1);
    const uint64_t nonce = (uint64_t)sqlite3_column_int64(row, 3);
    const size_t size = payload_make(payload, number, account, nonce);

    if (view->count > 0 && view->entries[view->count - 1].number + 1 != number)
        return "the log has no gaps";
    if (view->count == LEDGER_LOG)
        return "the log is pruned";
    if (sqlite3_column_int64(row, 2) != payload_amount(number, account, nonce))
        return "amounts are as they were written";
    if ((size_t)sqlite3_column_bytes(row, 4) != size ||
        memcmp(sqlite3_column_blob(row, 4), payload, size) != 0)
        return "payloads are as they were written";
    return NULL;
}

static int read_log(struct ledger *ledger, struct ledger_view *view)
{
    sqlite3_stmt *row;
    int result = prepared(ledger, LEDGER_READ_LOG, &row);
    if (result != SQLITE_OK)
        return result;
    while (!view->broken && (result = sqlite3_step(row)) == SQLITE_ROW) {
        const uint64_t number = (uint64_t)sqlite3_column_int64(row, 0);
        view->broken = judge_row(row, view, number);
        if (view->count < LEDGER_LOG)
            view->entries[view->count++] =
                (struct wire_entry){number, (uint64_t)sqlite3_column_int64(row, 3)};
    }
    const int reset = sqlite3_reset(row);
    return result == SQLITE_DONE || result == SQLITE_ROW ? reset : result;
}

static const char *judge_numbers(const struct ledger_view *view, const int64_t *total,
                                 const int64_t *accounts, int64_t indexed)
{
    const uint64_t expected = view->total < LEDGER_LOG ? view->total : LEDGER_LOG;

    if (total[0] != accounts[0])
        return "the accounts have made all transactions";
    if (total[1] != accounts[1])
        return "the balances make the sum";
    if (view->count != expected ||
        (view->count > 0 && view->entries[view->count - 1].number != view->total))
        return "the log has the latest transactions";
    if ((uint64_t)indexed != view->count)
        return "the index has the entries of the log";
    return NULL;
}

static int read_all(struct ledger *ledger, struct ledger_view *view)
{
    int64_t total[2] = {0}, accounts[2] = {0}, indexed[2] = {0};
    int result = run(ledger, LEDGER_READ_TOTAL, NULL, 0, total);
    view->total = (uint64_t)total[0];
    if (result == SQLITE_OK)
        result = run(ledger, LEDGER_READ_ACCOUNTS, NULL, 0, accounts);
    if (result == SQLITE_OK)
        result = run(ledger, LEDGER_READ_INDEX, NULL, 0, indexed);
    if (result == SQLITE_OK)
        result = read_log(ledger, view);
    if (result == SQLITE_OK && !view->broken)
        view->broken = judge_numbers(view, total, accounts, indexed[0]);
    return result;
}

int ledger_read(struct ledger *ledger, struct ledger_view *view)
{
    memset(view, 0, sizeof(*view));
    int result = plain(ledger, LEDGER_BEGIN);
    if (result == SQLITE_OK)
        result = read_all(ledger, view);
    if (result == SQLITE_OK)
        result = plain(ledger, LEDGER_COMMIT);
    if (result != SQLITE_OK)
        rollback(ledger);
    return result;
}

int ledger_integrity(struct ledger *ledger, bool *intact)
{
    sqlite3_stmt *statement;

    *intact = false;
    int result = sqlite3_prepare_v2(ledger->db, "PRAGMA integrity_check(1)", -1, &statement, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_step(statement);
    if (result == SQLITE_ROW) {
        const char *report = (const char *)sqlite3_column_text(statement, 0);
        *intact = strcmp(report, "ok") == 0;
        snprintf(ledger->report, sizeof(ledger->report), "%s", report);
        result = SQLITE_OK;
    }
    sqlite3_finalize(statement);
    return ledger_is_corrupt(result) ? SQLITE_OK : result;
}

bool ledger_is_unreadable(const struct ledger *ledger)
{
    const char *report = ledger->report;
    return strstr(report, "failed to get page") || strstr(report, "unable to get the page") ||
           strstr(report, "returns error code");
}
