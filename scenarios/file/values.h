/* SPDX-License-Identifier: MIT */
/* What the types of values share (times.c, numbers.c, latency.c, words.c, targets.c). */
#ifndef STEELMILL_SCENARIOS_FILE_VALUES_H
#define STEELMILL_SCENARIOS_FILE_VALUES_H

#include "scenarios/file/bind.h"

#include <steelmill/time.h>

#include <string.h>

/* A year. Sums of a few durations stay far from the end of int64_t. */
#define SCN_DURATION_MAX_NS (8760 * 3600 * SM_S)

/* Ten percent: no clock that anybody uses is as bad. */
#define SCN_DRIFT_MAX_PPB INT64_C(100000000)

/* Fields are reached by offset; memcpy keeps that free of aliasing and alignment questions. */
#define STORE(field, target, value) memcpy((target) + (field)->offset, &(value), sizeof(value))
#define LOAD(field, source, value)  memcpy(&(value), (source) + (field)->offset, sizeof(value))

/* The text of a scalar, or NULL after the message that one was expected. */
const char *value_scalar(struct bind *b, const struct bind_field *field,
                         const struct scn_node *node);
/* ": the unit is missing" for a bare number, `units` for a number with a wrong one, else "". */
const char *value_unit_hint(const char *text, const char *units);

#define VALUE_PART_BYTES 96u
/* Copies a part of a value without the spaces around it. Returns false if it does not fit. */
bool value_trim(char *out, const char *from, size_t size);

/* Each reads a part of the node's text; fails with the message for the whole. */
int value_duration(struct bind *b, const struct bind_field *field, const struct scn_node *node,
                   const char *text, int64_t *out);
int value_range(struct bind *b, const struct bind_field *field, const struct scn_node *node,
                const char *text, struct scn_range *out);
int value_share(struct bind *b, const struct bind_field *field, const struct scn_node *node,
                const char *text, uint32_t *out);

/* Writes a text so that YAML reads it back: plain where that is safe, else in double quotes. */
void value_print_text(struct scn_output *out, const char *text);

#endif
