/* SPDX-License-Identifier: MIT */
/*
 * The recorded history of a run, and whether it is linearizable.
 *
 * The search is Wing and Gong's, with Lowe's memory of configurations ("Testing for
 * linearizability", 2017), register by register, since a history is linearizable if each object's
 * part is (Herlihy and Wing, 1990).
 */
#ifndef STEELMILL_SIM_HISTORY_H
#define STEELMILL_SIM_HISTORY_H

#include <steelmill/history.h>

struct sim_operation {
    uint64_t key, value, expected, result;
    uint64_t invoked, completed; /* positions in the history; completed UINT64_MAX: never */
    int64_t invoked_ns, completed_ns;
    uint32_t machine; /* from 1 */
    uint8_t operation, outcome;
    bool is_complete;
};

struct sim_history {
    struct sim_operation *operations;
    size_t count, capacity;
    uint64_t position;
};

void sim_history_finish(struct sim_history *history);

enum sim_linearizable { SIM_LINEARIZABLE, SIM_NOT_LINEARIZABLE, SIM_TOO_COSTLY };

/*
 * Judges a history against the model of a register.
 *   steps_max: how far to search, for all registers together
 *   text: says what cannot be explained, if SIM_NOT_LINEARIZABLE
 */
enum sim_linearizable sim_history_judge_register(const struct sim_history *history,
                                                 uint64_t steps_max, char *text, size_t size);

#endif
