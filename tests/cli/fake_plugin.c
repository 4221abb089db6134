/* SPDX-License-Identifier: MIT */
/*
 * Stands in for a user's plugin: functions that fail, with a backtrace whose names the tests know.
 * It is compiled with debug information and without optimisation, so that frames are as written.
 */
#include "tests/cli/fake_plugin.h"

static inline __attribute__((always_inline)) void check_fence(void (*capture)(void))
{
    capture();
}

static __attribute__((noinline)) void store_write(void (*capture)(void))
{
    check_fence(capture);
    __asm__ volatile(""); /* no tail call */
}

static __attribute__((noinline)) void store_read(void (*capture)(void))
{
    capture();
    __asm__ volatile("");
}

void fake_plugin_fail(int how, void (*capture)(void))
{
    if (how == FAKE_PLUGIN_WRITE)
        store_write(capture);
    else
        store_read(capture);
    __asm__ volatile("");
}
