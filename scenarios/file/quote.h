/* SPDX-License-Identifier: MIT */
#ifndef STEELMILL_SCENARIOS_FILE_QUOTE_H
#define STEELMILL_SCENARIOS_FILE_QUOTE_H

#include <stddef.h>

#define SCN_QUOTE_BYTES 72

/*
 * What a user wrote, for a message: in single quotes, on one line, shortened where it is long.
 * Returns `buffer`.
 */
const char *scn_quote(char buffer[SCN_QUOTE_BYTES], const char *text);

#endif
