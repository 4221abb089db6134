/* SPDX-License-Identifier: MIT */
/* What the plugin keeps in variables, looked at and changed in one go. */
#ifndef STEELMILL_TESTS_GLOBALS_KEEPS_H
#define STEELMILL_TESTS_GLOBALS_KEEPS_H

/* NULL if all variables are as a fresh process would find them, else which one is not. */
typedef const char *keeps_look_fn(void);
/* Changes all of them, step 1, 2, ...; NULL if they were as the last step of `name` left them. */
typedef const char *keeps_change_fn(const char *name, int step);

#endif
