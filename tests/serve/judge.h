/* SPDX-License-Identifier: MIT */
/* What `serve --history FILE` has written, read and judged. */
#ifndef STEELMILL_TESTS_SERVE_JUDGE_H
#define STEELMILL_TESTS_SERVE_JUDGE_H

#include <stdbool.h>
#include <stddef.h>

/* How many operations have been acknowledged. */
size_t judge_acknowledged(const char *path);
/* Whether the history is linearizable as registers; if not, text says what cannot be explained. */
bool judge_linearizable(const char *path, char *text, size_t size);

#endif
