/* SPDX-License-Identifier: MIT */
/* Uses of libraries that ask libc for things by themselves. */
#ifndef STEELMILL_TESTS_LIBRARIES_USES_H
#define STEELMILL_TESTS_LIBRARIES_USES_H

#include <steelmill/steelmill.h>

struct use {
    const char *name;
    void (*use)(void);
};

/* Each list ends with a name of NULL. */
extern const struct use sqlite_uses[], hiredis_uses[], uv_uses[];

#define expect(condition)                                                              \
    sm_always((condition), "a library works on the machine", sm_str("here", __func__), \
              sm_str("holds", #condition), sm_i64("line", __LINE__))

#endif
