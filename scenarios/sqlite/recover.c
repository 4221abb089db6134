/* SPDX-License-Identifier: MIT */
#include "store.h"

#include <errno.h>
#include <string.h>

#define ANSWER_TIMEOUT (5 * SM_MS)
#define RETRY_PAUSE    (1 * SM_MS)

/* ---- the judge ---- */

static int receive_state(struct sqlite_store *store, struct wire_state *state)
{
    uint64_t words[WIRE_WORDS_MAX];
    const int got =
        sm_datagram_receive(store->socket, words, sizeof(words), NULL, sm_now() + ANSWER_TIMEOUT);
    if (got < 0)
        return got;
    if (got < 4 * (int)sizeof(*words) || words[0] != WIRE_STATE)
        return -ETIMEDOUT;
    state->known = words[1];
    state->acknowledged = words[2];
    state->count = (uint32_t)words[3];
    for (uint32_t i = 0; i < state->count; i++)
        state->entries[i] = (struct wire_entry){words[4 + 2 * i], words[5 + 2 * i]};
    return 0;
}

static int ask(struct sqlite_store *store, struct wire_state *state)
{
    int error = -ETIMEDOUT;

    while (error == -ETIMEDOUT || error == -ECONNREFUSED) {
        store_tell(store, (uint64_t[]){WIRE_HELLO}, 1);
        error = receive_state(store, state);
    }
    return error;
}

/* ---- what is there against what was acknowledged ---- */

static const struct wire_entry *find(const struct ledger_view *view, uint64_t number)
{
    for (uint32_t i = 0; i < view->count; i++) {
        if (view->entries[i].number == number)
            return &view->entries[i];
    }
    return NULL;
}

/* The entries that were acknowledged and are in the log's range are in the log, as they were. */
static void judge_entries(const struct wire_state *state, const struct ledger_view *view)
{
    for (uint32_t i = 0; i < state->count; i++) {
        const struct wire_entry *expected = &state->entries[i];
        if (expected->number > view->total || expected->number + LEDGER_LOG <= view->total)
            continue;
        const struct wire_entry *found = find(view, expected->number);
        sm_always(found && found->nonce == expected->nonce,
                  "an acknowledged transaction is as it was committed",
                  sm_u64("number", expected->number), sm_u64("total", view->total));
    }
}

static void judge_losses(const struct sqlite_store *store, const struct wire_state *state,
                         const struct ledger_view *view)
{
    const enum allowed allowed = store->config.allowed;
    const uint64_t lost = view->total < state->acknowledged ? state->acknowledged - view->total : 0;
    const uint64_t allowed_count = allowed == ALLOWED_NOTHING ? 0
                                   : allowed == ALLOWED_LAST  ? 1
                                                              : UINT64_MAX;

    sm_always(lost <= allowed_count, "acknowledged transactions are there after a power cut",
              sm_u64("acknowledged", state->acknowledged), sm_u64("found", view->total));
    if (!store->config.disk_fails) /* else a commit that failed may be there, and one after it */
        sm_always(view->total <= state->acknowledged + (uint64_t)store->config.writers,
                  "no transaction comes from nowhere", sm_u64("acknowledged", state->acknowledged),
                  sm_u64("found", view->total));
    if (lost == 1)
        sm_reachable("the last commit was lost");
    else if (lost > 1)
        sm_reachable("several commits were lost");
    if (view->total > state->acknowledged)
        sm_reachable("a commit survived that nobody was told of");
}

/* Reads all there is. Returns SQLITE_OK, or what SQLite says. */
static int read_all(const struct sqlite_store *store, struct ledger *ledger,
                    struct ledger_view *view, bool *intact)
{
    int result = ledger_integrity(ledger, intact);

    if (store->config.disk_fails && !*intact && ledger_is_unreadable(ledger))
        return SQLITE_IOERR;
    if (result == SQLITE_OK && *intact)
        result = ledger_create(ledger);
    if (result == SQLITE_OK && *intact)
        result = ledger_read(ledger, view);
    if (!ledger_is_corrupt(result))
        return result;
    *intact = false;
    return SQLITE_OK;
}

/* Returns SQLITE_OK, or what SQLite says; *sound is false if the database is corrupt. */
static int check(struct sqlite_store *store, struct ledger *ledger, const struct wire_state *state,
                 struct ledger_view *view, bool *sound)
{
    const int result = read_all(store, ledger, view, sound);

    if (result != SQLITE_OK)
        return result;
    if (sm_task_cancelled())
        return SQLITE_INTERRUPT; /* the disk does not answer any more */
    if (store->config.allowed == ALLOWED_CORRUPTION) {
        *sound = *sound && !view->broken;
        return SQLITE_OK;
    }
    sm_always(*sound, "the database is intact after a power cut", sm_str("report", ledger->report));
    sm_always(!view->broken, "transactions are whole",
              sm_str("broken", view->broken ? view->broken : ""));
    if (!state->known)
        return SQLITE_OK;
    judge_entries(state, view);
    judge_losses(store, state, view);
    return SQLITE_OK;
}

/* ---- recovery ---- */

static int discard(struct sqlite_store *store)
{
    static const char *const FILES[] = {LEDGER_PATH, LEDGER_PATH "-journal", LEDGER_PATH "-wal"};
    int error = 0;

    sm_reachable("a corrupt database was replaced");
    for (size_t i = 0; i < 3 && (!error || error == -ENOENT); i++)
        error = sm_disk_unlink(store->vfs.disk, FILES[i]);
    return error && error != -ENOENT ? error : sm_disk_sync_dir(store->vfs.disk, VFS_DIRECTORY);
}

/* Opens, checks, closes. Returns 0; -EAGAIN: once more; -errno. */
static int recover_once(struct sqlite_store *store, const struct wire_state *state, bool *sound,
                        uint64_t *total)
{
    struct ledger ledger;
    struct ledger_view view = {0};

    *sound = false;
    int result = ledger_open(&ledger, &store->config);
    if (result == SQLITE_OK)
        result = check(store, &ledger, state, &view, sound);
    const int error = store_judge_result(store, ledger.db, result);
    ledger_close(&ledger);
    *total = view.total;
    return error == -EIO ? 0 : error;
}

int store_recover(struct sqlite_store *store)
{
    struct wire_state state;
    uint64_t total = 0;
    bool sound;

    int error = ask(store, &state);
    while (!error) {
        error = recover_once(store, &state, &sound, &total);
        while (error == -EAGAIN) {
            error = sm_sleep(RETRY_PAUSE);
            if (!error)
                error = recover_once(store, &state, &sound, &total);
        }
        if (error || sound)
            break;
        error = discard(store);
        memset(&state, 0, sizeof(state));
        store_tell(store, (uint64_t[]){WIRE_RECOVERED, 0}, 2);
    }
    if (error)
        return error;
    sm_reachable("a database was checked");
    sm_log_info(store->log, "the database is sound", sm_u64("acknowledged", state.acknowledged),
                sm_u64("transactions", total));
    store->acknowledged = total;
    store->corrupt = false;
    store_tell(store, (uint64_t[]){WIRE_RECOVERED, total}, 2);
    return 0;
}
