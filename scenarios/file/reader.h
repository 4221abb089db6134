/* SPDX-License-Identifier: MIT */
#ifndef STEELMILL_SCENARIOS_FILE_READER_H
#define STEELMILL_SCENARIOS_FILE_READER_H

#include "scenarios/file/scenario.h"

/* scn_read for a text in memory; `path` is for messages and for the scenario's file and folder. */
int scn_read_text(const char *path, const char *text, size_t size, const char *const *sets,
                  size_t set_count, struct scn_arena **arena, struct scn **out,
                  struct scn_error *error);

#endif
