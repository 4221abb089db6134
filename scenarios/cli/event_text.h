/* SPDX-License-Identifier: MIT */
/* Event records as text and as JSON. */
#ifndef STEELMILL_SCENARIOS_CLI_EVENT_TEXT_H
#define STEELMILL_SCENARIOS_CLI_EVENT_TEXT_H

#include <stdio.h>

#include "scenarios/file/scenario.h"
#include "sim/record.h"

/* "12.345678901s" */
void cli_print_time(FILE *file, int64_t time_ns);

/* One line of text, with its line feed. */
void cli_event_print_text(FILE *file, const struct scn *scn, const struct sim_record *record);
/* One JSON object, without a line feed. */
void cli_event_print_json(FILE *file, const struct scn *scn, const struct sim_record *record);

/*
 * Names the fields in which two records differ: "time, object". Returns false if none.
 */
bool cli_event_differs(const struct sim_record *a, const struct sim_record *b, char *text,
                       size_t size);

#endif
