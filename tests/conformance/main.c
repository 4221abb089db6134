/* SPDX-License-Identifier: MIT */
#include "tests/conformance/conformance.h"

#include <stdlib.h>

#define TIMEOUT_S 60

static TCase *add_case(Suite *suite, const char *name)
{
    TCase *tc = tcase_create(name);

    tcase_set_timeout(tc, TIMEOUT_S);
    suite_add_tcase(suite, tc);
    return tc;
}

int main(void)
{
    const int status = conformance_main();

    if (status >= 0)
        return status;
    Suite *suite = suite_create("conformance");

#define ADD_(name_) conformance_add_##name_(add_case(suite, #name_));
    CONFORMANCE_SUITES(ADD_)
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
