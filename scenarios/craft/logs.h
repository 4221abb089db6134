/* SPDX-License-Identifier: MIT */
/*
 * What the judge knows of the nodes' logs, and what must hold of them (the Raft paper, figure 3):
 *
 *   log matching         entries of equal index and term are equal, and so are their predecessors
 *   leader completeness  who leads in a term has what was committed in the terms before
 *   state machine safety an index has one committed entry, whoever applies it
 */
#ifndef CRAFT_LOGS_H
#define CRAFT_LOGS_H

#include "report.h"
#include "wire.h"

struct craft_entry_known {
    struct craft_entry_known *next; /* of another term */
    uint64_t term, hash;
};

struct craft_entry_committed {
    uint64_t term, hash; /* term 0: not seen */
    uint64_t by;         /* it was committed in this term, at the latest */
};

struct craft_log_seen {
    uint64_t snapshot_index, last_index;
    size_t capacity;
    uint64_t *terms; /* by index, up to last_index */
};

struct craft_logs {
    size_t known_capacity, committed_capacity;
    struct craft_entry_known **known; /* by index */
    struct craft_entry_committed *committed;
    struct craft_log_seen nodes[CRAFT_NODES_MAX + 1]; /* by the node's number */
};

/* Makes room for items[place]; new places are zeroed. */
void *craft_logs_grow(void *items, size_t *capacity, size_t place, size_t item_bytes);
/* A report of kind LOG, STORED or APPLIED. */
void craft_logs_hear(struct craft_logs *logs, const struct craft_report *report, uint64_t from);
/* The node has become the leader of the term. */
void craft_logs_judge_leader(const struct craft_logs *logs, uint64_t leader, uint64_t term);
/* The node has started again, and will tell its log anew. */
void craft_logs_forget(struct craft_logs *logs, uint64_t node);
void craft_logs_finish(struct craft_logs *logs);

#endif
