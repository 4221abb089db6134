/* SPDX-License-Identifier: MIT */
/* Numbers as the command line has them. Each function returns false where the text is not one. */
#ifndef STEELMILL_SCENARIOS_CLI_NUMBER_H
#define STEELMILL_SCENARIOS_CLI_NUMBER_H

#include <steelmill/base.h>

bool cli_parse_u64(const char *text, uint64_t *out); /* decimal, or 0x and hexadecimal digits */
/* Two numbers with a separator between them. */
bool cli_parse_u64_pair(const char *text, const char *separator, uint64_t *a, uint64_t *b);
bool cli_parse_u64_range(const char *text, uint64_t *first, uint64_t *last); /* "A..B", A <= B */
bool cli_parse_digest(const char *text, uint64_t *out); /* 16 hexadecimal digits, as printed */

/* 48234 as "48,234". Returns `text`. */
const char *cli_group_digits(uint64_t value, char text[static 32]);

/* part of whole in tenths of a percent, rounded down; 0 where whole is 0. */
uint64_t cli_per_mille(uint64_t part, uint64_t whole);

/* amount * 1e9 / ns, without overflow; 0 where ns is not positive. */
uint64_t cli_per_second(uint64_t amount, int64_t ns);

#endif
