/* SPDX-License-Identifier: MIT */
/*
 * What the suites share: a folder of their own with a scenario in it, the program that is tested,
 * and checks of what it printed.
 */
#ifndef STEELMILL_TESTS_CLI_FIXTURE_H
#define STEELMILL_TESTS_CLI_FIXTURE_H

#include <check.h>
#include <stdio.h>

#include "tests/cli/command.h"

/* Before and after each test: the current directory is a fresh folder with writer.yaml in it. */
void fixture_setup(void);
void fixture_teardown(void);

/* Writes a scenario of the fake plugin; `more` ends the text and may be "". */
void fixture_scenario(const char *path, const char *more);

/*
 * Runs the program in a shell, with FAKE_WORKER set.
 *   rules: what the fake worker does, by seed (fake_worker.c)
 *   format: the arguments, as typed
 */
struct command steelmill(const char *rules, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The line in `text` that begins with `start`, copied without the blanks around it; "" if none. */
char *fixture_line(const char *text, const char *start);

#define ASSERT_EXIT(command, code)                                                                \
    ck_assert_msg((command).exit == (code), "exit code %d instead of %d\n--- out\n%s--- err\n%s", \
                  (command).exit, (code), (command).out, (command).err)
#define ASSERT_HAS(text, part) \
    ck_assert_msg(strstr((text), (part)) != NULL, "\"%s\" is missing in:\n%s", (part), (text))
#define ASSERT_LACKS(text, part) \
    ck_assert_msg(strstr((text), (part)) == NULL, "\"%s\" is there in:\n%s", (part), (text))

TCase *usage_tests(void);
TCase *run_tests(void);
TCase *sweep_tests(void);
TCase *verify_tests(void);
TCase *judge_tests(void);

#endif
