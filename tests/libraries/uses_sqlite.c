/* SPDX-License-Identifier: MIT */
/* SQLite: randomness, time, mutexes, and files through its own view of the operating system. */
#include "uses.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

static int keep_text(void *text, int count, char **values, char **names)
{
    (void)names;
    snprintf(text, 64, "%s", count > 0 && values[0] ? values[0] : "");
    return 0;
}

/* The first value of the last row. */
static const char *ask(sqlite3 *db, const char *sql)
{
    static char text[64];

    text[0] = '\0';
    expect(sqlite3_exec(db, sql, keep_text, text, NULL) == SQLITE_OK);
    return text;
}

/* Of the library's, for the whole process: that is a machine. */
static int opened;

static int count_open(sqlite3 *db, const char **error, const void *thunk)
{
    (void)db, (void)error, (void)thunk;
    opened++;
    return SQLITE_OK;
}

/* Tables in memory work; the time is the machine's, random numbers come from its stream, and what
 * the library keeps for the whole process it keeps for the machine. */
static void sqlite_memory(void)
{
    sqlite3 *db;

    if (strcmp(sm_machine_name(), "one") == 0)
        expect(sqlite3_auto_extension((void (*)(void))count_open) == SQLITE_OK);
    sm_sleep(SM_S);
    expect(sqlite3_open(":memory:", &db) == SQLITE_OK);
    expect(opened == (strcmp(sm_machine_name(), "one") == 0));
    expect(strcmp(ask(db, "select datetime('now')"), "2026-01-01 00:00:02") == 0);
    ask(db, "create table t (id integer primary key, word text)");
    ask(db, "begin");
    for (int i = 0; i < 1000; i++)
        ask(db, "insert into t (word) values (hex(randomblob(8)))");
    ask(db, "commit");
    expect(strcmp(ask(db, "select count(distinct word) from t"), "1000") == 0);
    printf("random %s\n", ask(db, "select word from t order by word limit 1"));
    expect(sqlite3_close(db) == SQLITE_OK);
}

/* A database in a file ends the run: a machine's files are on its disk, and SQLite's own view of
 * the operating system does not know of that. */
static void sqlite_file(void)
{
    sqlite3 *db;

    if (sqlite3_open("/tmp/steelmill-test.db", &db) == SQLITE_OK)
        sqlite3_exec(db, "create table t (id integer)", NULL, NULL, NULL);
}

const struct use sqlite_uses[] = {
    {"sqlite_memory", sqlite_memory}, {"sqlite_file", sqlite_file}, {NULL, NULL}};
