/* SPDX-License-Identifier: MIT */
#ifndef STEELMILL_TESTS_CLI_FAKE_PLUGIN_H
#define STEELMILL_TESTS_CLI_FAKE_PLUGIN_H

enum { FAKE_PLUGIN_WRITE, FAKE_PLUGIN_READ };

/* Calls `capture` from check_fence, inlined in store_write, or from store_read. */
__attribute__((visibility("default"))) void fake_plugin_fail(int how, void (*capture)(void));

#endif
