/* SPDX-License-Identifier: MIT */
/*
 * Looks at a raft instance from outside after every step, states what must hold for it alone, and
 * reports to the judge what must hold for all together.
 */
#ifndef CRAFT_OBSERVE_H
#define CRAFT_OBSERVE_H

#include "report.h"

#include <raft.h>

struct craft_observer {
    struct raft *raft;
    struct craft_reporter *reporter; /* NULL: there is no judge */
    raft_index commit_index, applied_index;
    raft_term leader_term; /* that was reported last */
    raft_id leader_id;
    bool leads;
    /* The log, as it was reported: its entries' terms by index. */
    raft_index snapshot_index, last_index;
    size_t term_capacity;
    raft_term *terms;
};

void craft_observer_init(struct craft_observer *observer, struct raft *raft,
                         struct craft_reporter *reporter);
/* After raft_start, and after each call into libraft. Context: the driver. Never blocks. */
void craft_observe(struct craft_observer *observer);
void craft_observer_finish(struct craft_observer *observer);

#endif
