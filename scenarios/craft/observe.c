/* SPDX-License-Identifier: MIT */
#include "observe.h"

#include "codec.h"

#include <steelmill/factory.h>
#include <steelmill/property.h>
#include <steelmill/task.h>

/* The entry at an index of libraft's own log, a ring of those after `offset`; NULL: not there. */
static const struct raft_entry *entry_at(const struct raft_log *log, raft_index index)
{
    size_t count =
        log->front <= log->back ? log->back - log->front : log->size - log->front + log->back;
    if (index <= log->offset || index > log->offset + count)
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

static void report(struct craft_observer *observer, enum craft_report_kind kind, uint64_t a,
                   uint64_t b, uint64_t c)
{
    struct craft_report out = {.kind = kind, .a = a, .b = b, .c = c};
    if (observer->reporter)
        craft_report(observer->reporter, out, kind != CRAFT_REPORT_APPLIED);
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
        report(observer, CRAFT_REPORT_YIELDS, raft->current_term, 0, 0);
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
        report(observer, CRAFT_REPORT_LEADS, raft->current_term, id, 0);
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
            report(observer, CRAFT_REPORT_APPLIED, observer->applied_index, entry->term,
                   craft_entry_hash(entry));
    }
}

void craft_observer_init(struct craft_observer *observer, struct raft *raft,
                         struct craft_reporter *reporter)
{
    *observer = (struct craft_observer){.raft = raft, .reporter = reporter};
    sm_eventually(false, "every node knows a leader");
}

void craft_observe(struct craft_observer *observer)
{
    observe_availability(observer->raft);
    observe_role(observer);
    observe_leader(observer);
    observe_commit(observer);
    observe_entries(observer);
}
