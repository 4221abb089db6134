/* SPDX-License-Identifier: MIT */
/* The command line program, run as people run it, against a worker that does what it is told. */
#include "tests/cli/fixture.h"
#include "tests/suite.h"

int main(void)
{
    Suite *suite = suite_create("cli");
    TCase *cases[] = {usage_tests(), run_tests(), sweep_tests(), verify_tests(), judge_tests()};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tcase_add_checked_fixture(cases[i], fixture_setup, fixture_teardown);
        tcase_set_timeout(cases[i], 60);
        suite_add_tcase(suite, cases[i]);
    }
    return suite_run(suite);
}
