/* SPDX-License-Identifier: MIT */
/* How a suite of Check's ends up as a program that prints TAP. */
#ifndef STEELMILL_TESTS_SUITE_H
#define STEELMILL_TESTS_SUITE_H

#include <check.h>
#include <stdlib.h>

#define SUITE_TIMEOUT_S 60

/* Runs the suite, and frees it. Returns the exit code of main. */
static inline int suite_run(Suite *suite)
{
    SRunner *runner = srunner_create(suite);

    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Runs the tests in order. Returns the exit code of main. */
static inline int suite_main(const char *name, const TTest *const *tests, size_t count)
{
    Suite *suite = suite_create(name);
    TCase *tc = tcase_create(name);

    tcase_set_timeout(tc, SUITE_TIMEOUT_S);
    for (size_t i = 0; i < count; i++)
        tcase_add_test(tc, tests[i]);
    suite_add_tcase(suite, tc);
    return suite_run(suite);
}

#define SUITE_MAIN(name_, ...)                                              \
    int main(void)                                                          \
    {                                                                       \
        const TTest *const tests_[] = {__VA_ARGS__};                        \
        return suite_main(name_, tests_, sizeof tests_ / sizeof tests_[0]); \
    }

#endif
