/* SPDX-License-Identifier: MIT */
/*
 * Assertions: they state what cannot happen, stay on in release builds, and say what broke.
 */
#ifndef STEELMILL_CORE_ASSERT_H
#define STEELMILL_CORE_ASSERT_H

#include <steelmill/base.h>

#define SM_LIKELY(x)   __builtin_expect(!!(x), 1)
#define SM_UNLIKELY(x) __builtin_expect(!!(x), 0)

/* Says what broke and where, and aborts: in simulation that is a finding of the run. */
SM_API _Noreturn void sm__bug(const char *file, int line, const char *format, ...) SM_PRINTF(3, 4);

#define SM_ASSERT(condition)                                               \
    do {                                                                   \
        if (SM_UNLIKELY(!(condition)))                                     \
            sm__bug(__FILE__, __LINE__, "this must hold: %s", #condition); \
    } while (0)

/* The same with words of its own: SM_ASSERT_MSG(depth == 0, "blocking call inside a read section")
 */
#define SM_ASSERT_MSG(condition, ...)                 \
    do {                                              \
        if (SM_UNLIKELY(!(condition)))                \
            sm__bug(__FILE__, __LINE__, __VA_ARGS__); \
    } while (0)

#endif
