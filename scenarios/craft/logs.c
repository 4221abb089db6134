/* SPDX-License-Identifier: MIT */
#include "logs.h"

#include <steelmill/property.h>

#include <stdlib.h>
#include <string.h>

#define PLACES_MAX (1u << 24) /* terms and indices: more than that is nonsense */

void *craft_logs_grow(void *items, size_t *capacity, size_t place, size_t item_bytes)
{
    if (place < *capacity)
        return items;
    size_t wanted = 2 * (place + 32);
    char *grown = place < PLACES_MAX ? realloc(items, wanted * item_bytes) : NULL;
    if (!grown)
        abort();
    memset(grown + *capacity * item_bytes, 0, (wanted - *capacity) * item_bytes);
    *capacity = wanted;
    return grown;
}

/* ---- log matching ---- */

static void match(struct craft_logs *logs, const struct craft_report *report, uint64_t from)
{
    logs->known =
        craft_logs_grow(logs->known, &logs->known_capacity, report->a, sizeof(*logs->known));
    struct craft_entry_known *known = logs->known[report->a];
    while (known && known->term != report->b)
        known = known->next;
    if (known) {
        sm_always(known->hash == report->c, "entries of equal index and term are equal",
                  sm_u64("index", report->a), sm_u64("term", report->b), sm_u64("from", from));
        return;
    }
    known = malloc(sizeof(*known));
    if (!known)
        abort();
    *known = (struct craft_entry_known){logs->known[report->a], report->b, report->c};
    logs->known[report->a] = known;
}

static void hear_stored(struct craft_logs *logs, const struct craft_report *report, uint64_t from)
{
    struct craft_log_seen *log = &logs->nodes[from];
    log->terms = craft_logs_grow(log->terms, &log->capacity, report->a, sizeof(*log->terms));
    log->terms[report->a] = report->b;
    log->last_index = report->a;
    if (report->c != 0)
        match(logs, report, from);
}

/* ---- state machine safety ---- */

static void hear_applied(struct craft_logs *logs, const struct craft_report *report, uint64_t from)
{
    logs->committed = craft_logs_grow(logs->committed, &logs->committed_capacity, report->a,
                                      sizeof(*logs->committed));
    struct craft_entry_committed *seen = &logs->committed[report->a];
    sm_always(seen->term == 0 || (seen->term == report->b && seen->hash == report->c),
              "committed entries never change", sm_u64("index", report->a),
              sm_u64("term", seen->term), sm_u64("another", report->b), sm_u64("from", from));
    if (seen->term == 0)
        sm_reachable("an entry was committed");
    if (seen->term == 0 || report->d < seen->by)
        seen->by = report->d;
    seen->term = report->b;
    seen->hash = report->c;
}

void craft_logs_hear(struct craft_logs *logs, const struct craft_report *report, uint64_t from)
{
    switch (report->kind) {
    case CRAFT_REPORT_APPLIED:
        hear_applied(logs, report, from);
        break;
    case CRAFT_REPORT_LOG:
        logs->nodes[from].snapshot_index = report->a;
        logs->nodes[from].last_index = report->b;
        break;
    case CRAFT_REPORT_STORED:
        hear_stored(logs, report, from);
        break;
    }
}

/* ---- leader completeness ---- */

static bool has(const struct craft_log_seen *log, uint64_t index, uint64_t term)
{
    if (index <= log->snapshot_index)
        return true;
    return index <= log->last_index && log->terms[index] == term;
}

void craft_logs_judge_leader(const struct craft_logs *logs, uint64_t leader, uint64_t term)
{
    const struct craft_log_seen *log = &logs->nodes[leader];
    for (uint64_t index = 1; index < logs->committed_capacity; index++) {
        const struct craft_entry_committed *entry = &logs->committed[index];
        if (entry->term == 0 || entry->by >= term)
            continue;
        sm_always(has(log, index, entry->term), "a leader has every committed entry",
                  sm_u64("leader", leader), sm_u64("term", term), sm_u64("index", index),
                  sm_u64("of_term", entry->term), sm_u64("committed", entry->by));
    }
}

/* ---- life ---- */

void craft_logs_forget(struct craft_logs *logs, uint64_t node)
{
    logs->nodes[node].snapshot_index = 0;
    logs->nodes[node].last_index = 0;
}

void craft_logs_finish(struct craft_logs *logs)
{
    for (size_t i = 0; i < logs->known_capacity; i++)
        while (logs->known[i]) {
            struct craft_entry_known *known = logs->known[i];
            logs->known[i] = known->next;
            free(known);
        }
    for (size_t i = 0; i <= CRAFT_NODES_MAX; i++)
        free(logs->nodes[i].terms);
    free(logs->known);
    free(logs->committed);
}
