/* SPDX-License-Identifier: MIT */
#include "observe.h"

#include "codec.h"
#include "memory.h"

#include <steelmill/factory.h>
#include <steelmill/property.h>
#include <steelmill/task.h>

#include <stdlib.h>

static raft_index last_index(const struct raft_log *log)
{
    size_t count =
        log->front <= log->back ? log->back - log->front : log->size - log->front + log->back;
    return log->offset + count;
}

/* The entry at an index of libraft's own log, a ring of those after `offset`; NULL: not there. */
static const struct raft_entry *entry_at(const struct raft_log *log, raft_index index)
{
    if (index <= log->offset || index > last_index(log))
        return NULL;
    return &log->entries[(log->front + (index - log->offset - 1)) % log->size];
}

static bool is_member(const struct raft *raft)
{
    for (unsigned i = 0; i < raft->configuration.n; i++)
        if (raft->configuration.servers[i].id == raft->id)
            return true;
    return false;
}

static void report(struct craft_observer *observer, const struct craft_report *out)
{
    bool urgent = out->kind == CRAFT_REPORT_LEADS || out->kind == CRAFT_REPORT_YIELDS;
    if (observer->reporter)
        craft_report(observer->reporter, *out, urgent);
}

static void observe_availability(const struct raft *raft)
{
    /* A stop cancels writes, and libraft gives up when it cannot write. */
    if (sm_task_cancelled())
        return;
    sm_always(raft->state != RAFT_UNAVAILABLE, "raft stays available",
              sm_u64("term", raft->current_term), sm_str("error", raft->errmsg));
}

static void observe_role(struct craft_observer *observer)
{
    const struct raft *raft = observer->raft;
    bool leads = raft->state == RAFT_LEADER;
    if (leads == observer->leads)
        return;
    observer->leads = leads;
    sm_role_set("leader", leads);
    if (leads)
        sm_reachable("a leader was elected");
    else
        report(observer, &(struct craft_report){CRAFT_REPORT_YIELDS, .a = raft->current_term});
}

/*
 * A follower that is asked for its vote on behalf of a transfer goes over to the new term, but goes
 * on naming the leader of the old one. So a follower is believed when it turns to another leader.
 */
static void observe_leader(struct craft_observer *observer)
{
    struct raft *raft = observer->raft;
    const char *address;
    raft_id id = 0;
    if (raft->state == RAFT_LEADER || raft->state == RAFT_FOLLOWER)
        raft_leader(raft, &id, &address);
    if (id == observer->leader_id && raft->current_term == observer->leader_term)
        return;
    bool turned = id != observer->leader_id;
    sm_eventually(id != 0 || !is_member(raft), "every node knows a leader");
    observer->leader_id = id;
    observer->leader_term = raft->current_term;
    if (id != 0 && (turned || id == raft->id))
        report(observer,
               &(struct craft_report){CRAFT_REPORT_LEADS, .a = raft->current_term, .b = id});
}

/* Section 5.4.2 of the Raft paper: a leader may count replicas of its own term's entries only. */
static void observe_commit(struct craft_observer *observer)
{
    const struct raft *raft = observer->raft;
    sm_always(raft->commit_index >= observer->commit_index, "the commit index never decreases",
              sm_u64("from", observer->commit_index), sm_u64("to", raft->commit_index));
    if (raft->commit_index == observer->commit_index)
        return;
    observer->commit_index = raft->commit_index;
    const struct raft_entry *entry = entry_at(&raft->log, raft->commit_index);
    if (raft->state == RAFT_LEADER && entry && entry->term < raft->current_term)
        sm_reachable("an entry of an earlier term was committed by counting");
}

static void observe_entries(struct craft_observer *observer)
{
    const struct raft *raft = observer->raft;
    while (observer->applied_index < raft->last_applied) {
        const struct raft_entry *entry = entry_at(&raft->log, ++observer->applied_index);
        if (entry) /* else it came within a snapshot */
            report(observer,
                   &(struct craft_report){CRAFT_REPORT_APPLIED, .a = observer->applied_index,
                                          .b = entry->term, .c = craft_entry_hash(entry),
                                          .d = raft->current_term});
    }
}

/* ---- the log ---- */

static void remember_term(struct craft_observer *observer, raft_index index, raft_term term)
{
    if (index >= observer->term_capacity) {
        size_t capacity = 2 * (index + 32);
        raft_term *terms = realloc(observer->terms, capacity * sizeof(*terms));
        if (!terms)
            abort();
        observer->terms = terms;
        observer->term_capacity = capacity;
    }
    observer->terms[index] = term;
}

/* How far the log is what was reported, or is within a snapshot. */
static raft_index common_index(const struct craft_observer *observer)
{
    const struct raft_log *log = &observer->raft->log;
    raft_index index = observer->last_index;
    if (index > last_index(log))
        index = last_index(log);
    for (; index > log->offset; index--)
        if (entry_at(log, index)->term == observer->terms[index])
            break;
    return index > log->offset ? index : log->offset;
}

static void report_entry(struct craft_observer *observer, raft_index index)
{
    const struct raft_log *log = &observer->raft->log;
    const struct raft_entry *entry = entry_at(log, index), *before = entry_at(log, index - 1);
    struct craft_report out = {CRAFT_REPORT_STORED, .a = index, .b = entry->term};
    raft_term term_before = before ? before->term : 0;
    craft_memory_check(entry, 1);
    if (!before && index - 1 == log->snapshot.last_index)
        term_before = log->snapshot.last_term;
    if (term_before != 0 || index == 1)
        out.c = craft_entry_hash(entry) + term_before * 0x9e3779b97f4a7c15u;
    report(observer, &out);
    remember_term(observer, index, entry->term);
}

static void observe_log(struct craft_observer *observer)
{
    const struct raft_log *log = &observer->raft->log;
    raft_index common = common_index(observer), last = last_index(log);
    bool grown_only =
        common == observer->last_index && observer->snapshot_index == log->snapshot.last_index;
    if (!grown_only)
        report(observer, &(struct craft_report){CRAFT_REPORT_LOG, .a = log->snapshot.last_index,
                                                .b = common});
    for (raft_index index = common + 1; index <= last; index++)
        report_entry(observer, index);
    observer->last_index = last;
    observer->snapshot_index = log->snapshot.last_index;
}

/* ---- life ---- */

void craft_observer_init(struct craft_observer *observer, struct raft *raft,
                         struct craft_reporter *reporter)
{
    *observer = (struct craft_observer){.raft = raft, .reporter = reporter};
    sm_eventually(false, "every node knows a leader");
}

void craft_observe(struct craft_observer *observer)
{
    observe_availability(observer->raft);
    observe_log(observer);
    observe_role(observer);
    observe_leader(observer);
    observe_commit(observer);
    observe_entries(observer);
}

void craft_observer_finish(struct craft_observer *observer)
{
    free(observer->terms);
    observer->terms = NULL;
}
