/* SPDX-License-Identifier: MIT */
/* The command line program, run as people run it, against a worker that does what it is told. */
#include <stdlib.h>

#include "tests/cli/fixture.h"

int main(void)
{
    Suite *suite = suite_create("cli");
    TCase *cases[] = {usage_tests(), run_tests(), sweep_tests(), verify_tests(), judge_tests()};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tcase_add_checked_fixture(cases[i], fixture_setup, fixture_teardown);
        tcase_set_timeout(cases[i], 60);
        suite_add_tcase(suite, cases[i]);
    }
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
