/* SPDX-License-Identifier: MIT */
/*
 * What the suites of the kernel's pieces share: worlds that run one body under several seeds and
 * policies, or to the bug that it has.
 */
#ifndef STEELMILL_TESTS_CORE_SUITE_H
#define STEELMILL_TESTS_CORE_SUITE_H

#include "tests/core/world.h"
#include "tests/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/*
 * Runs a body on one machine under `seed_count` seeds of each policy; `check` (may be NULL) looks
 * at the outcome in host context. A failed run fails the test and names its seed.
 */
static inline void suite_sweep(tw_body body, void *arg, uint64_t seed_count)
{
    static struct tw tw;

    for (uint64_t seed = 0; seed < 3 * seed_count; seed++) {
        const struct sim_options options = {.seed = seed, .policy = (enum sim_policy)(seed % 3)};
        tw_create(&tw, 1, &options, body, arg);
        const enum sim_outcome outcome = tw_run(&tw, 3600 * SM_S);
        ck_assert_msg(outcome == SIM_IDLE, "seed %llu: %s", (unsigned long long)seed,
                      outcome == SIM_FAILED ? tw.failure.text : "it did not come to an end");
        ck_assert_msg(tw.world->tasks_alive == 0, "seed %llu: %u tasks wait for ever",
                      (unsigned long long)seed, tw.world->tasks_alive);
        tw_destroy(&tw);
    }
}

/* Runs a body that must break an assertion whose text contains `words`. */
static inline void suite_bug(tw_body body, void *arg, const char *words)
{
    static struct tw tw;

    tw_create(&tw, 2, NULL, body, arg);
    ck_assert_int_eq(tw_run(&tw, SM_S), SIM_FAILED);
    ck_assert_int_eq(tw.failure.kind, SIM_FAILURE_ASSERT);
    ck_assert_msg(strstr(tw.failure.text, words), "'%s' lacks '%s'", tw.failure.text, words);
    tw_destroy(&tw);
}

#endif
