/* SPDX-License-Identifier: MIT */
/* Recording; the judge is linearize.c. */
#include "sim/history.h"

#include "sim/host.h"
#include "sim/world.h"

#include <string.h>

uint64_t sm_history_invoke(enum sm_operation operation, uint64_t key, uint64_t value,
                           uint64_t expected)
{
    struct sim_world *world = sim_world_current();

    SM_ASSERT_MSG(world && sm__current, "an operation is recorded outside of any task");
    struct sim_history *history = &world->history;
    if (history->count == history->capacity) {
        history->capacity = history->capacity ? history->capacity * 2 : 256;
        history->operations =
            sim_host_resize(history->operations, history->capacity * sizeof *history->operations);
    }
    history->operations[history->count] = (struct sim_operation){
        .key = key,
        .value = value,
        .expected = expected,
        .invoked = history->position++,
        .completed = UINT64_MAX,
        .invoked_ns = world->now,
        .completed_ns = INT64_MAX,
        .machine = sm__current->home->index,
        .operation = (uint8_t)operation,
        .outcome = SM_OUTCOME_UNKNOWN,
    };
    return history->count++;
}

void sm_history_complete(uint64_t number, enum sm_outcome outcome, uint64_t result)
{
    struct sim_world *world = sim_world_current();

    SM_ASSERT_MSG(world && number < world->history.count, "no operation has this number");
    struct sim_operation *operation = &world->history.operations[number];
    SM_ASSERT_MSG(!operation->is_complete, "an operation is completed twice");
    operation->is_complete = true;
    operation->outcome = (uint8_t)outcome;
    operation->result = result;
    if (outcome != SM_OUTCOME_UNKNOWN) {
        operation->completed = world->history.position++;
        operation->completed_ns = world->now;
    }
}

void sim_history_finish(struct sim_history *history)
{
    sim_host_free(history->operations);
    memset(history, 0, sizeof *history);
}
