/* SPDX-License-Identifier: MIT */
/*
 * The database under test: accounts, their sum, and a log of the latest transactions with an index,
 * of which each transaction changes all.
 *
 *   1. total.value is the number of transactions, and what the accounts have made, together.
 *   2. total.sum is the sum of the accounts' balances.
 *   3. The log has the last LEDGER_LOG transactions, without a gap; amount and payload follow from
 *      number, account and nonce. The index has the same entries.
 */
#ifndef STEELMILL_SQLITE_LEDGER_H
#define STEELMILL_SQLITE_LEDGER_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "wire.h"

#define LEDGER_PATH "ledger"
#define LEDGER_LOG  WIRE_ENTRIES

enum ledger_statement {
    LEDGER_BEGIN,
    LEDGER_BEGIN_TO_WRITE,
    LEDGER_COMMIT,
    LEDGER_ROLLBACK,
    LEDGER_COUNT,
    LEDGER_ACCOUNT,
    LEDGER_SUM,
    LEDGER_INSERT,
    LEDGER_PRUNE,
    LEDGER_MOVE,
    LEDGER_READ_TOTAL,
    LEDGER_READ_ACCOUNTS,
    LEDGER_READ_LOG,
    LEDGER_READ_INDEX,
    LEDGER_STATEMENTS
};

/* A connection, of one task. */
struct ledger {
    sqlite3 *db;
    char report[128];                            /* what the integrity check has said last */
    sqlite3_stmt *statements[LEDGER_STATEMENTS]; /* prepared when they are used first */
};

/* All of these return SQLITE_OK, or a result code of SQLite. */

/* Opens a connection as the configuration says. It is to be closed also after an error. */
int ledger_open(struct ledger *ledger, const struct config *config);
void ledger_close(struct ledger *ledger);
/* Makes the tables, unless they are there. */
int ledger_create(struct ledger *ledger);

struct ledger_entry {
    uint64_t account, nonce;
    bool rewrites; /* it writes all of the log anew, more than the cache holds */
    bool upgrades; /* it begins by reading: SQLITE_BUSY is likely */
};
/*
 * One transaction; it is rolled back after an error.
 *   number: receives which one it is, before it is committed
 */
int ledger_add(struct ledger *ledger, const struct ledger_entry *entry, uint64_t *number);

struct ledger_view {
    uint64_t total;
    uint32_t count;                        /* of entries */
    struct wire_entry entries[LEDGER_LOG]; /* the log, by number */
    const char *broken;                    /* which rule does not hold; NULL: all do */
};
/* Reads all of it in one transaction, and checks the rules. */
int ledger_read(struct ledger *ledger, struct ledger_view *view);
/* PRAGMA integrity_check. *intact is false, too, where SQLite finds the file to be none of its. */
int ledger_integrity(struct ledger *ledger, bool *intact);
/* The damage that was found last may be none: a page could not be read. */
bool ledger_is_unreadable(const struct ledger *ledger);

/* The database is not one any more. */
static inline bool ledger_is_corrupt(int result)
{
    return (result & 0xff) == SQLITE_CORRUPT || (result & 0xff) == SQLITE_NOTADB;
}
/* The disk has failed, or is full. */
static inline bool ledger_is_disk_error(int result)
{
    const int primary = result & 0xff;
    return primary == SQLITE_IOERR || primary == SQLITE_FULL || primary == SQLITE_CANTOPEN ||
           primary == SQLITE_READONLY;
}
/* Somebody else was in the way: try again. */
static inline bool ledger_is_busy(int result)
{
    return (result & 0xff) == SQLITE_BUSY || (result & 0xff) == SQLITE_PROTOCOL;
}

#endif
