/* SPDX-License-Identifier: MIT */
/* What the suites of production's pieces share: a main that runs a list of tests and prints TAP. */
#ifndef STEELMILL_TESTS_OS_SUITE_H
#define STEELMILL_TESTS_OS_SUITE_H

#include <check.h>
#include <stdlib.h>

static inline int suite_main(const char *name, const TTest *const *tests, size_t count)
{
    Suite *suite = suite_create(name);
    TCase *tc = tcase_create(name);

    tcase_set_timeout(tc, 60);
    for (size_t i = 0; i < count; i++)
        tcase_add_test(tc, tests[i]);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#define SUITE_MAIN(name_, ...)                                              \
    int main(void)                                                          \
    {                                                                       \
        const TTest *const tests_[] = {__VA_ARGS__};                        \
        return suite_main(name_, tests_, sizeof tests_ / sizeof tests_[0]); \
    }

#endif
