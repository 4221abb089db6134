/* SPDX-License-Identifier: MIT */
#include "tests/serve/judge.h"

#include "sim/history.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEPS_MAX 50000000u

/* An operation's number is its process's. */
struct origin {
    int process;
    uint64_t number;
};

struct reading {
    struct sim_history history;
    struct origin *origins;
};

static void add(struct reading *reading, struct origin origin,
                const struct sim_operation *operation)
{
    struct sim_history *history = &reading->history;

    if (history->count == history->capacity) {
        history->capacity = history->capacity ? history->capacity * 2 : 256;
        history->operations =
            realloc(history->operations, history->capacity * sizeof *history->operations);
        reading->origins = realloc(reading->origins, history->capacity * sizeof *reading->origins);
        ck_assert(history->operations && reading->origins);
    }
    history->operations[history->count] = *operation;
    history->operations[history->count].invoked = history->position++;
    reading->origins[history->count++] = origin;
}

static void complete(struct reading *reading, struct origin origin, int outcome, uint64_t result)
{
    for (size_t i = reading->history.count; i-- > 0;) {
        struct sim_operation *operation = &reading->history.operations[i];
        if (reading->origins[i].process != origin.process ||
            reading->origins[i].number != origin.number)
            continue;
        ck_assert(!operation->is_complete);
        operation->is_complete = true;
        operation->outcome = (uint8_t)outcome;
        operation->result = result;
        if (outcome != SM_OUTCOME_UNKNOWN)
            operation->completed = reading->history.position++;
        return;
    }
    ck_abort_msg("operation %" PRIu64 " of process %d ends before it begins", origin.number,
                 origin.process);
}

static void read_line(struct reading *reading, const char *line)
{
    struct sim_operation new = {.completed = UINT64_MAX, .outcome = SM_OUTCOME_UNKNOWN};
    struct origin origin;
    uint64_t result;
    int operation, outcome;

    if (sscanf(line, "invoke %d %" SCNu64 " %" SCNu32 " %d %" SCNu64 " %" SCNu64 " %" SCNu64,
               &origin.process, &origin.number, &new.machine, &operation, &new.key, &new.value,
               &new.expected) == 7) {
        new.operation = (uint8_t)operation;
        add(reading, origin, &new);
    } else if (sscanf(line, "complete %d %" SCNu64 " %d %" SCNu64, &origin.process, &origin.number,
                      &outcome, &result) == 4) {
        complete(reading, origin, outcome, result);
    } else {
        ck_abort_msg("the history has a line that says nothing: %s", line);
    }
}

static void read_history(struct reading *reading, const char *path)
{
    char line[256];
    FILE *file = fopen(path, "r");

    *reading = (struct reading){0};
    while (file && fgets(line, sizeof line, file)) {
        if (strchr(line, '\n')) /* else it is being written */
            read_line(reading, line);
    }
    if (file)
        fclose(file);
}

static void finish(struct reading *reading)
{
    free(reading->history.operations);
    free(reading->origins);
}

size_t judge_acknowledged(const char *path)
{
    struct reading reading;
    size_t count = 0;

    read_history(&reading, path);
    for (size_t i = 0; i < reading.history.count; i++)
        count += reading.history.operations[i].is_complete &&
                 reading.history.operations[i].outcome == SM_OUTCOME_OK;
    finish(&reading);
    return count;
}

bool judge_linearizable(const char *path, char *text, size_t size)
{
    struct reading reading;

    read_history(&reading, path);
    const enum sim_linearizable verdict =
        sim_history_judge_register(&reading.history, STEPS_MAX, text, size);
    ck_assert_msg(verdict != SIM_TOO_COSTLY, "the history could not be judged");
    finish(&reading);
    return verdict == SIM_LINEARIZABLE;
}
