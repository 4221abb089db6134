/* SPDX-License-Identifier: MIT */
#include "scenarios/cli/history_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reading {
    struct cli_history *out;
    const char *path;
    uint64_t line;
};

static bool SM_PRINTF(2, 3) fail(struct reading *reading, const char *format, ...)
{
    char *text = reading->out->error;
    const size_t size = sizeof reading->out->error;
    va_list list;

    snprintf(text, size, "%s:%" PRIu64 ": ", reading->path, reading->line);
    va_start(list, format);
    vsnprintf(text + strlen(text), size - strlen(text), format, list);
    va_end(list);
    return false;
}

static bool fail_whole(struct reading *reading)
{
    snprintf(reading->out->error, sizeof reading->out->error, "%s: cannot be read: %s",
             reading->path, strerror(errno));
    return false;
}

static bool make_room(struct cli_history *out)
{
    struct sim_history *history = &out->history;
    const size_t capacity = history->capacity > 0 ? history->capacity * 2 : 256;

    if (history->count < history->capacity)
        return true;
    void *operations = realloc(history->operations, capacity * sizeof *history->operations);
    if (operations != NULL)
        history->operations = operations;
    void *origins = realloc(out->origins, capacity * sizeof *out->origins);
    if (origins != NULL)
        out->origins = origins;
    if (operations == NULL || origins == NULL)
        return false;
    history->capacity = capacity;
    return true;
}

static bool begin(struct reading *reading, struct cli_history_origin origin,
                  struct sim_operation *operation)
{
    struct sim_history *history = &reading->out->history;

    if (operation->operation > SM_OPERATION_COMPARE_AND_SET)
        return fail(reading, "there is no operation %u", operation->operation);
    if (!make_room(reading->out))
        return fail(reading, "out of memory");
    operation->invoked = history->position++;
    operation->completed = UINT64_MAX;
    operation->outcome = SM_OUTCOME_UNKNOWN;
    history->operations[history->count] = *operation;
    reading->out->origins[history->count++] = origin;
    return true;
}

/* The latest one: a process may have the number of another that was before it. */
static struct sim_operation *find(const struct cli_history *out, struct cli_history_origin origin)
{
    for (size_t i = out->history.count; i-- > 0;) {
        if (out->origins[i].process == origin.process && out->origins[i].number == origin.number)
            return &out->history.operations[i];
    }
    return NULL;
}

static bool complete(struct reading *reading, struct cli_history_origin origin, unsigned outcome,
                     uint64_t result)
{
    struct sim_operation *operation = find(reading->out, origin);

    if (outcome > SM_OUTCOME_UNKNOWN)
        return fail(reading, "there is no outcome %u", outcome);
    if (operation == NULL || operation->is_complete)
        return fail(reading, "operation %" PRIu64 " of process %d ends, and %s", origin.number,
                    origin.process, operation == NULL ? "has not begun" : "has ended before");
    operation->is_complete = true;
    operation->outcome = (uint8_t)outcome;
    operation->result = result;
    if (outcome != SM_OUTCOME_UNKNOWN)
        operation->completed = reading->out->history.position++;
    return true;
}

static bool read_line(struct reading *reading, const char *line)
{
    struct sim_operation operation = {0};
    struct cli_history_origin origin;
    unsigned what;
    uint64_t result;

    if (sscanf(line, "invoke %d %" SCNu64 " %" SCNu32 " %u %" SCNu64 " %" SCNu64 " %" SCNu64,
               &origin.process, &origin.number, &operation.machine, &what, &operation.key,
               &operation.value, &operation.expected) == 7) {
        operation.operation = (uint8_t)(what < UINT8_MAX ? what : UINT8_MAX);
        return begin(reading, origin, &operation);
    }
    if (sscanf(line, "complete %d %" SCNu64 " %u %" SCNu64, &origin.process, &origin.number, &what,
               &result) == 4)
        return complete(reading, origin, what, result);
    if (strcmp(line, "gap\n") != 0)
        return fail(reading, "this is no line of a history: %.*s", (int)strcspn(line, "\n"), line);
    if (reading->out->gap_line == 0)
        reading->out->gap_line = reading->line;
    return true;
}

bool cli_history_read(struct cli_history *out, const char *path)
{
    char line[256];
    bool well = true;
    FILE *file = fopen(path, "re");
    struct reading reading = {.out = out, .path = path};

    *out = (struct cli_history){0};
    if (file == NULL)
        return fail_whole(&reading);
    while (well && fgets(line, sizeof line, file) != NULL) {
        reading.line++;
        if (strchr(line, '\n') != NULL)
            well = read_line(&reading, line);
        else if (feof(file))
            out->cut_line = reading.line;
        else
            well = fail(&reading, "this is no line of a history: %.20s...", line);
    }
    if (well && ferror(file))
        well = fail_whole(&reading);
    fclose(file);
    return well;
}

void cli_history_finish(struct cli_history *history)
{
    free(history->history.operations);
    free(history->origins);
}
