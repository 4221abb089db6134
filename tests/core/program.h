/* SPDX-License-Identifier: MIT */
/* For suites that run the real program: its command line, what it prints, its exit code. */
#ifndef STEELMILL_TESTS_CORE_PROGRAM_H
#define STEELMILL_TESTS_CORE_PROGRAM_H

#include "tests/suite.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* What the latest program has printed, on stdout and stderr. */
static char output[1 << 20];

/* Runs a command line, printf-like, through the shell; its exit code. */
static inline int program_run(const char *format, ...) __attribute__((format(printf, 1, 2)));

static inline int program_run(const char *format, ...)
{
    char command[2048];
    va_list args;

    va_start(args, format);
    const int length = vsnprintf(command, sizeof command, format, args);
    va_end(args);
    ck_assert_int_lt(length, (int)(sizeof command - sizeof " 2>&1"));
    strcat(command, " 2>&1");
    FILE *pipe = popen(command, "r");
    ck_assert_ptr_nonnull(pipe);
    const size_t size = fread(output, 1, sizeof output - 1, pipe);
    output[size] = '\0';
    const int status = pclose(pipe);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static inline void must_hold(const char *text)
{
    ck_assert_msg(strstr(output, text), "no '%s' in: %s", text, output);
}

/* The main of a suite that is in one test case. Returns its exit code. */
static inline int program_suite(const char *name, void (*add)(TCase *tc))
{
    Suite *suite = suite_create(name);
    TCase *tc = tcase_create(name);

    tcase_set_timeout(tc, 120);
    add(tc);
    suite_add_tcase(suite, tc);
    return suite_run(suite);
}

#endif
