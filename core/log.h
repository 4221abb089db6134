/* SPDX-License-Identifier: MIT */
/* Fields as the log's lines show them. */
#ifndef STEELMILL_CORE_LOG_H
#define STEELMILL_CORE_LOG_H

#include <steelmill/log.h>

#include <stddef.h>

/*
 * Writes ` name=value` for each; texts that are not a plain word are in quotes. What does not fit
 * is left out, field by field. fields: NULL: none Returns how many bytes that took, without the
 * zero that ends them.
 */
size_t sm__log_fields_print(char *text, size_t size, const struct sm_field *fields);

#endif
