/* SPDX-License-Identifier: MIT */
/* A shared library with state of its own: a list in its heap, made by a constructor, and a count.
 */
#ifndef STEELMILL_TESTS_GLOBALS_KEPT_H
#define STEELMILL_TESTS_GLOBALS_KEPT_H

#define KEPT __attribute__((visibility("default")))

KEPT void kept_add(const char *name);
KEPT int kept_count(void);
/* The name that was added first; "constructed" until then. */
KEPT const char *kept_first(void);
/* Of the calling thread. */
KEPT int *kept_thread_count(void);

#endif
