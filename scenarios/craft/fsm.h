/* SPDX-License-Identifier: MIT */
/*
 * The state machine that libraft applies entries to: a counter, and for each session what it has
 * done, so that an operation that is in the log twice takes effect once.
 *
 * Context: the task that drives raft. Never blocks.
 */
#ifndef CRAFT_FSM_H
#define CRAFT_FSM_H

#include "counter.h"

#include <raft.h>

struct craft_session_state {
    uint64_t session, number; /* the last operation applied */
    int64_t total;
};

struct craft_fsm {
    struct raft_fsm raft_fsm; /* first: libraft hands this out */
    const struct raft *raft;
    raft_index last_index; /* of the last entry that was applied here */
    int64_t value;
    size_t session_count, session_capacity;
    struct craft_session_state *sessions;
    struct craft_answer answer; /* of the last entry: valid during the callback of raft_apply */
};

void craft_fsm_init(struct craft_fsm *fsm, const struct raft *raft);
void craft_fsm_finish(struct craft_fsm *fsm);

#endif
