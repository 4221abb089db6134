/* SPDX-License-Identifier: MIT */
#include "store.h"

#include <errno.h>

/* Half of the cuts are early, while the database is opened and recovered. */
#define EARLY_CUT_CALLS 80

void store_tell(struct sqlite_store *store, const uint64_t *words, size_t count)
{
    (void)sm_datagram_send(store->socket, &store->judge, words, count * sizeof(*words));
}

int store_judge_result(struct sqlite_store *store, sqlite3 *db, int result)
{
    if (sm_task_cancelled())
        return -ECANCELED;
    if (result == SQLITE_OK)
        return 0;
    if (ledger_is_busy(result)) {
        sm_reachable("another connection was in the way");
        return -EAGAIN;
    }
    if (store->config.disk_fails && ledger_is_disk_error(result)) {
        sm_reachable("the disk failed");
        return -EAGAIN;
    }
    if (store->config.allowed == ALLOWED_CORRUPTION && ledger_is_corrupt(result)) {
        store->corrupt = true;
        return -EIO;
    }
    sm_always(false, "SQLite reports no error", sm_i64("code", result),
              sm_str("error", sqlite3_errmsg(db)));
    return -EIO;
}

static int construct(void *self, struct sm_factory *factory)
{
    struct sqlite_store *store = self;

    store->factory = factory;
    store->net = sm_net_get(factory);
    store->log = sm_log_get(factory);
    if (!store->net || !sm_disk_get(factory))
        return sm_factory_fail(factory, -ENODEV, "a store needs a network and a disk");
    sm_random_init(&store->random, "sqlite store");
    return config_read(factory, &store->config);
}

static int prepare(void *self)
{
    struct sqlite_store *store = self;
    const struct config *config = &store->config;

    if (vfs_init(&store->vfs, sm_disk_get(store->factory)) != SQLITE_OK)
        return sm_factory_fail(store->factory, -ENOMEM, "SQLite refuses the VFS");
    store->vfs.pause_ns = config->pause_ns;
    store->judge.port = WIRE_PORT;
    const int error = sm_net_resolve(store->net, config->judge, &store->judge.ip, SM_FOREVER);
    return error ? error : sm_datagram_open(store->net, &store->socket, 0);
}

/* Chooses the call after which the power goes, if it goes by count. */
static void choose_cut(struct sqlite_store *store)
{
    const int64_t calls = store->config.cut_calls;
    if (calls == 0)
        return;
    const bool early = sm_random_chance(&store->random, 500000);
    const int64_t most = early && calls > EARLY_CUT_CALLS ? EARLY_CUT_CALLS : calls;
    store->vfs.cut_at = store->vfs.calls + 1 + sm_random_below(&store->random, (uint64_t)most);
}

static int run(void *self)
{
    struct sqlite_store *store = self;
    int error = 0;

    choose_cut(store);
    while (!error) {
        error = store_recover(store);
        if (!error)
            error = store_work(store);
    }
    return error;
}

static int stop(void *self, sm_time deadline)
{
    struct sqlite_store *store = self;
    (void)deadline;
    sm_datagram_close(store->socket);
    sqlite3_vfs_unregister(&store->vfs.base);
    return 0;
}

const struct sm_daemon_type sqlite_store_daemon = {
    SM_DAEMON_HEAD(sqlite_store),
    .about = "Transactions on a database of SQLite's, which is checked after each power cut.",
    .construct = construct,
    .prepare = prepare,
    .run = run,
    .stop = stop,
};
