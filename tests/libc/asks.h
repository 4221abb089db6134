/* SPDX-License-Identifier: MIT */
/* Each question asks libc for something and states with `expect` what the answer is. */
#ifndef STEELMILL_TESTS_LIBC_ASKS_H
#define STEELMILL_TESTS_LIBC_ASKS_H

#include <steelmill/steelmill.h>

#include <stdbool.h>
#include <string.h>

struct question {
    const char *name;
    void (*ask)(void);
};

/* Each list ends with a name of NULL. */
extern const struct question clock_questions[], identity_questions[], output_questions[],
    memory_questions[], thread_questions[], escape_questions[];

/* False in production, where libc's answers are the host's. */
extern bool is_simulated;

#define EXPECT(condition, text)                                                     \
    sm_always((condition), "libc answers as the machine", sm_str("here", __func__), \
              sm_str("holds", text), sm_i64("line", __LINE__))
/* Holds in both worlds; on a simulated machine; in a process of its own. */
#define expect(condition)         EXPECT(condition, #condition)
#define expect_machine(condition) EXPECT(!is_simulated || (condition), #condition)
#define expect_process(condition) EXPECT(is_simulated || (condition), #condition)

/* Equal on a machine, where no time passes between two questions; within a second elsewhere. */
static inline bool is_time(int64_t ns, int64_t as_ns)
{
    return is_simulated ? ns == as_ns : ns > as_ns - SM_S && ns < as_ns + SM_S;
}
/* Slept for exactly so long on a machine, and not less elsewhere. */
static inline bool has_slept(int64_t ns, int64_t for_ns)
{
    return is_simulated ? ns == for_ns : ns >= for_ns;
}

#endif
