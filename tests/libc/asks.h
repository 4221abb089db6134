/* SPDX-License-Identifier: MIT */
/* Each question asks libc for something and states with `expect` what a machine's answer is. */
#ifndef STEELMILL_TESTS_LIBC_ASKS_H
#define STEELMILL_TESTS_LIBC_ASKS_H

#include <steelmill/steelmill.h>

#include <string.h>

struct question {
    const char *name;
    void (*ask)(void);
};

/* Each list ends with a name of NULL. */
extern const struct question clock_questions[], identity_questions[], output_questions[],
    thread_questions[], escape_questions[];

#define expect(condition)                                                           \
    sm_always((condition), "libc answers as the machine", sm_str("here", __func__), \
              sm_str("holds", #condition), sm_i64("line", __LINE__))

#endif
