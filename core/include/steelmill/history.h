/* SPDX-License-Identifier: MIT */
/*
 * Histories: what clients asked for and what they were told, recorded as it happens and judged when
 * the run ends, if the scenario says so (`expect: { linearizable: register }`).
 *
 *   uint64_t op = sm_history_invoke(SM_OPERATION_WRITE, key, value, 0);
 *   int error = put(key, value);
 *   sm_history_complete(op, error ? SM_OUTCOME_UNKNOWN : SM_OUTCOME_OK, 0);
 *
 * An operation that is never completed (its client crashed) counts as SM_OUTCOME_UNKNOWN. In
 * production these calls append to the file of `serve --history FILE`, which `steelmill judge`
 * judges, else they do nothing.
 */
#ifndef STEELMILL_HISTORY_H
#define STEELMILL_HISTORY_H

#include <steelmill/base.h>

SM_C_BEGIN

enum sm_operation {
    SM_OPERATION_READ,
    SM_OPERATION_WRITE,
    SM_OPERATION_COMPARE_AND_SET,
};

enum sm_outcome {
    SM_OUTCOME_OK,      /* it took effect between invocation and completion */
    SM_OUTCOME_FAILED,  /* it certainly did not take effect and never will; a compare-and-set that
                         * found another value than expected is OK with result 0 */
    SM_OUTCOME_UNKNOWN, /* it may have taken effect, may still, or never will */
};

/*
 * An operation begins.
 *   key: which register; registers are independent of each other and hold 0 at first
 *   value: what is written (ignored for a read); expected: compare-and-set only
 * Context: a task. Blocks? never. Randomness: none; histories are outside of the digest.
 * Returns: a number for sm_history_complete.
 */
SM_API uint64_t sm_history_invoke(enum sm_operation operation, uint64_t key, uint64_t value,
                                  uint64_t expected);

/*
 * An operation ends; once per number (asserted).
 *   result: OK read: the value that was read; OK compare-and-set: 1 if it was set, else 0
 */
SM_API void sm_history_complete(uint64_t number, enum sm_outcome outcome, uint64_t result);

SM_C_END
#endif
