/* SPDX-License-Identifier: MIT */
/*
 * The daemon with the database. After each start it recovers and checks (recover.c), then its tasks
 * work on the database until the power goes (work.c).
 */
#ifndef STEELMILL_SQLITE_STORE_H
#define STEELMILL_SQLITE_STORE_H

#include <steelmill/steelmill.h>

#include "config.h"
#include "ledger.h"
#include "vfs.h"
#include "wire.h"

struct sqlite_store {
    struct sm_factory *factory;
    struct sm_net *net;
    struct sm_log *log;
    struct sm_datagram *socket;
    struct sm_address judge;
    struct sm_random random;
    struct config config;
    struct vfs vfs;
    uint64_t acknowledged; /* the highest number that was acknowledged since the start, or found */
    bool corrupt;          /* a task has found the database corrupt, which is allowed */
};

SM_DAEMON_DECLARE(sqlite_store)

/*
 * Opens the database, which recovers it, checks it against what the judge knows, and tells the
 * judge what is there. A corrupt database is replaced by a new one where it is allowed.
 * Returns 0, -errno.
 */
int store_recover(struct sqlite_store *store);

/* Starts the tasks and waits for their ends. Returns 0 where the database is corrupt; -errno. */
int store_work(struct sqlite_store *store);

/*
 * Says what a result code means for the task: judges it as a property.
 * Returns 0: go on; -EAGAIN: somebody was in the way, try again; -EIO: corrupt, and allowed;
 * -ECANCELED.
 */
int store_judge_result(struct sqlite_store *store, sqlite3 *db, int result);

/* Sends words to the judge; nothing is lost on the way. */
void store_tell(struct sqlite_store *store, const uint64_t *words, size_t count);

#endif
