/* SPDX-License-Identifier: MIT */
/*
 * Check's assertions on a task. There, to report to the runner and to jump out (CK_FORK=no) or to
 * exit would be wrong: the failure is one of the run. The linker sends all calls here (--wrap),
 * from the daemons' objects, too; __real_ is Check's own.
 */
#include "scenarios/unit/unit.h"

#include <stdarg.h>

_Noreturn void __real__ck_assert_failed(const char *file, int line, const char *expression,
                                        const char *message, ...);
void __real__mark_point(const char *file, int line);

SM_API _Noreturn void __wrap__ck_assert_failed(const char *file, int line, const char *expression,
                                               const char *message, ...) SM_PRINTF(4, 5);
SM_API void __wrap__mark_point(const char *file, int line);

static _Noreturn void fail_run(struct sim_env *env, const char *file, int line, const char *text)
{
    snprintf(env->shared->file, sizeof env->shared->file, "%s", file);
    env->shared->line = line;
    sim_failf(env->run.world, SIM_FAILURE_ASSERT, NULL, "assertion", "%s", text);
    __builtin_unreachable();
}

_Noreturn void __wrap__ck_assert_failed(const char *file, int line, const char *expression,
                                        const char *message, ...)
{
    char text[UNIT_TEXT_BYTES];
    va_list args;

    va_start(args, message);
    if (message)
        vsnprintf(text, sizeof text, message, args);
    else
        snprintf(text, sizeof text, "%s", expression);
    va_end(args);
    if (sm__current)
        fail_run(unit_env(), file, line, text);
    unit_fail_test(file, line, text);
}

/* Each assertion that holds comes here. A run has other ways to say where it was. */
void __wrap__mark_point(const char *file, int line)
{
    if (!sm__current)
        __real__mark_point(file, line);
}

_Noreturn void unit_fail_test(const char *file, int line, const char *text)
{
    __real__ck_assert_failed(file, line, "Failed", "%s", text);
}
