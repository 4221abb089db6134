/* SPDX-License-Identifier: MIT */
/* What the tasks of a store do: writers, readers and checkpointers, each with its connection. */
#include "store.h"

#include <errno.h>

#define TASKS_MAX         48
#define ACCOUNTS          7
#define CHECKPOINT_PAUSE  (8 * SM_MS)
#define RETRY_PAUSE       (4 * SM_MS)
#define READ_PAUSE        (4 * SM_MS)
#define ONE_IN_REWRITES   12
#define ONE_IN_UPGRADES   4
#define ONE_IN_RECONNECTS 40

struct worker {
    struct sqlite_store *store;
    struct ledger ledger;
    bool is_open;
    uint64_t seen; /* the highest total that it has read */
};

static bool one_in(struct sqlite_store *store, uint64_t count)
{
    return sm_random_below(&store->random, count) == 0;
}

static int pause_up_to(struct sqlite_store *store, sm_time longest_ns)
{
    return sm_sleep((sm_time)sm_random_below(&store->random, (uint64_t)longest_ns + 1));
}

static void disconnect(struct worker *worker)
{
    if (worker->is_open)
        ledger_close(&worker->ledger);
    worker->is_open = false;
}

static int connect(struct worker *worker)
{
    struct sqlite_store *store = worker->store;

    if (worker->is_open)
        return 0;
    const int result = ledger_open(&worker->ledger, &store->config);
    const int error = store_judge_result(store, worker->ledger.db, result);
    worker->is_open = true;
    if (error)
        disconnect(worker);
    return error;
}

/* ---- one step of each kind of worker: 0, or an error of store_judge_result ---- */

static int write_once(struct worker *worker)
{
    struct sqlite_store *store = worker->store;
    struct ledger_entry entry;
    uint64_t number = 0;

    entry.account = sm_random_below(&store->random, ACCOUNTS);
    entry.nonce = sm_random_u64(&store->random) >> 1; /* SQLite's numbers have a sign */
    entry.rewrites = one_in(store, ONE_IN_REWRITES);
    entry.upgrades = one_in(store, ONE_IN_UPGRADES);
    const int result = ledger_add(&worker->ledger, &entry, &number);
    if (result == SQLITE_OK) {
        sm_reachable("a transaction was acknowledged");
        if (number > store->acknowledged)
            store->acknowledged = number;
        store_tell(store, (uint64_t[]){WIRE_ACKNOWLEDGED, number, entry.nonce}, 3);
        sm_log_debug(store->log, "acknowledged", sm_u64("number", number));
    }
    return store_judge_result(store, worker->ledger.db, result);
}

static int read_once(struct worker *worker)
{
    struct sqlite_store *store = worker->store;
    const uint64_t committed = store->acknowledged;
    struct ledger_view view;

    const int result = ledger_read(&worker->ledger, &view);
    if (result == SQLITE_OK) {
        sm_always(!view.broken, "readers see whole transactions",
                  sm_str("broken", view.broken ? view.broken : ""));
        sm_always(view.total >= committed && view.total >= worker->seen,
                  "readers see what was acknowledged", sm_u64("acknowledged", committed),
                  sm_u64("seen before", worker->seen), sm_u64("seen", view.total));
        worker->seen = view.total;
    }
    const int error = store_judge_result(store, worker->ledger.db, result);
    return error ? error : pause_up_to(store, READ_PAUSE);
}

static int checkpoint_once(struct worker *worker)
{
    static const int MODES[] = {SQLITE_CHECKPOINT_PASSIVE, SQLITE_CHECKPOINT_FULL,
                                SQLITE_CHECKPOINT_RESTART, SQLITE_CHECKPOINT_TRUNCATE};
    struct sqlite_store *store = worker->store;
    const int mode = MODES[sm_random_below(&store->random, 4)];

    const int result = sqlite3_wal_checkpoint_v2(worker->ledger.db, NULL, mode, NULL, NULL);
    if (result == SQLITE_OK)
        sm_reachable("a checkpoint was made");
    const int error = store_judge_result(store, worker->ledger.db, result);
    return error ? error : pause_up_to(store, CHECKPOINT_PAUSE);
}

/* ---- their lives ---- */

static int work(struct worker *worker, int (*once)(struct worker *worker))
{
    struct sqlite_store *store = worker->store;
    int error = 0;

    while (!error && !store->corrupt) {
        error = connect(worker);
        if (!error)
            error = once(worker);
        if (one_in(store, ONE_IN_RECONNECTS))
            disconnect(worker);
        if (error == -EAGAIN)
            error = pause_up_to(store, RETRY_PAUSE);
        else if (!error && store->config.think_ns > 0)
            error = pause_up_to(store, store->config.think_ns);
    }
    disconnect(worker);
    return error == -EIO ? 0 : error;
}

static int write_task(void *arg)
{
    return work(&(struct worker){.store = arg}, write_once);
}

static int read_task(void *arg)
{
    return work(&(struct worker){.store = arg}, read_once);
}

static int checkpoint_task(void *arg)
{
    return work(&(struct worker){.store = arg}, checkpoint_once);
}

static int spawn(struct sqlite_store *store, struct sm_task **tasks, size_t *used, int64_t count,
                 const char *name, sm_task_fn body)
{
    for (int64_t i = 0; i < count; i++) {
        const int error = sm_task_spawn(&tasks[*used], name, body, store);
        if (error)
            return error;
        ++*used;
    }
    return 0;
}

int store_work(struct sqlite_store *store)
{
    const struct config *config = &store->config;
    struct sm_task *tasks[TASKS_MAX];
    size_t count = 0;

    int error = spawn(store, tasks, &count, config->writers, "writer", write_task);
    if (!error)
        error = spawn(store, tasks, &count, config->readers, "reader", read_task);
    if (!error)
        error = spawn(store, tasks, &count, config->checkpointers, "checkpointer", checkpoint_task);
    for (size_t i = 0; i < count; i++) {
        int ended = 0;
        if (!error)
            error = sm_task_join(tasks[i], &ended, SM_FOREVER);
        if (!error)
            error = ended;
    }
    return error;
}
