/* SPDX-License-Identifier: MIT */
/* What the tests of scenarios and plans share. */
#ifndef STEELMILL_TESTS_SCENARIOS_SUPPORT_H
#define STEELMILL_TESTS_SCENARIOS_SUPPORT_H

#include "scenarios/file/scenario.h"

#include <stddef.h>

struct loaded {
    struct scn_arena *arena;
    struct scn *scn;
};

/* A text that grows. */
struct text {
    char *bytes; /* ended by a NUL */
    size_t size, capacity;
};

/* Reads a file of tests/scenarios; fails the test with its message if that fails. */
struct loaded load(const char *file, const char *const *sets, size_t set_count);
/* The same for a text. */
struct loaded load_text(const char *text);
void unload(struct loaded *loaded);

/* Appends to a struct text: for scn_print. */
int text_append(void *text, const char *bytes, size_t size);
/* The resolved scenario as YAML; the caller frees it. */
char *printed(const struct scn *scn);
/* The contents of a file of tests/scenarios; fails the test if there is none. The caller frees it.
 */
struct text read_file(const char *file);

#endif
