/* SPDX-License-Identifier: MIT */
#include "tests/conformance/conformance.h"

#include "tests/suite.h"

#include <string.h>

#define TIMEOUT_S 60

static TCase *add_case(Suite *suite, const char *name)
{
    TCase *tc = tcase_create(name);

    tcase_set_timeout(tc, TIMEOUT_S);
    suite_add_tcase(suite, tc);
    return tc;
}

/* The program's arguments name parts; without any, all of them run. */
static bool wants(int argc, char **argv, const char *part)
{
    bool wanted = argc < 2;

    for (int i = 1; i < argc; i++)
        wanted = wanted || strcmp(argv[i], part) == 0;
    return wanted;
}

int main(int argc, char **argv)
{
    const int status = conformance_main();

    if (status >= 0)
        return status;
    Suite *suite = suite_create("conformance");

#define ADD_(name_) conformance_add_##name_(add_case(suite, #name_));
    if (wants(argc, argv, "network")) {
        CONFORMANCE_NETWORK(ADD_)
    }
    if (wants(argc, argv, "streams")) {
        CONFORMANCE_STREAMS(ADD_)
    }
    if (wants(argc, argv, "rest")) {
        CONFORMANCE_REST(ADD_)
    }
    return suite_run(suite);
}
