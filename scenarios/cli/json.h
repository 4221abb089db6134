/* SPDX-License-Identifier: MIT */
/*
 * Writes JSON. Members of objects take a name, elements of arrays take NULL.
 *
 *   cli_json_open(&json, NULL, '{');
 *   cli_json_u64(&json, "seed", 42);
 *   cli_json_close(&json, '}');
 */
#ifndef STEELMILL_SCENARIOS_CLI_JSON_H
#define STEELMILL_SCENARIOS_CLI_JSON_H

#include <stdio.h>

#include <steelmill/base.h>

struct cli_json {
    FILE *file;
    bool comma; /* something stands before the next member */
};

void cli_json_begin(struct cli_json *json, FILE *file);
void cli_json_open(struct cli_json *json, const char *name, char bracket);
void cli_json_close(struct cli_json *json, char bracket);
/* A member whose value the caller prints. */
void cli_json_name(struct cli_json *json, const char *name);
void cli_json_i64(struct cli_json *json, const char *name, int64_t value);
void cli_json_u64(struct cli_json *json, const char *name, uint64_t value);
void cli_json_bool(struct cli_json *json, const char *name, bool value);
/* 16 hexadecimal digits as text: not all readers keep 64 bits of a number. */
void cli_json_hex(struct cli_json *json, const char *name, uint64_t value);
/* Bytes that are not UTF-8 become U+FFFD. */
void cli_json_text(struct cli_json *json, const char *name, const char *text);

#endif
