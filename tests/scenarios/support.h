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

/* Makes a test suite of one test case, runs it, and returns main's exit code. */
#define RUN_SUITE(name_, ...)                                          \
    int main(void)                                                     \
    {                                                                  \
        const TTest *const tests_[] = {__VA_ARGS__};                   \
        Suite *suite_ = suite_create(name_);                           \
        TCase *case_ = tcase_create(name_);                            \
        tcase_set_timeout(case_, 60);                                  \
        for (size_t i_ = 0; i_ < sizeof tests_ / sizeof *tests_; i_++) \
            tcase_add_test(case_, tests_[i_]);                         \
        suite_add_tcase(suite_, case_);                                \
        SRunner *runner_ = srunner_create(suite_);                     \
        srunner_set_tap(runner_, "-");                                 \
        srunner_run_all(runner_, CK_SILENT);                           \
        int failed_ = srunner_ntests_failed(runner_);                  \
        srunner_free(runner_);                                         \
        return failed_ != 0;                                           \
    }

#endif
