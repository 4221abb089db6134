/* SPDX-License-Identifier: MIT */
/* What `verify` has to say: for people line by line, as JSON one object at the end. */
#ifndef STEELMILL_SCENARIOS_CLI_VERIFY_REPORT_H
#define STEELMILL_SCENARIOS_CLI_VERIFY_REPORT_H

#include "scenarios/cli/load.h"
#include "scenarios/cli/outcome.h"
#include "sim/record.h"

/* The result of comparing runs of one seed, or of several up to the first that differs. */
struct cli_verified {
    int exit;        /* CLI_PASSED: all equal; CLI_DIVERGED; CLI_USAGE, CLI_NOT_JUDGED: `reason` */
    uint64_t seed;   /* the last one that was run */
    uint32_t number; /* of the run that differs, or that was not judged; the first is 1 */
    const char *reason;
    uint64_t reference_digest, other_digest;
    int reference_fd, other_fd; /* traces of both */
    /* Where the first differing event came from, in one more run of each kind; NULL: not known. */
    const struct job_result *reference_origin, *other_origin;
};

/* A seed whose runs are all the same. */
void cli_verify_report_same(const struct cli_outcome *reference, uint32_t runs);
/*
 * The first events that differ. `reference` or `other` is not set where its run has no such event.
 * Returns: false where all events are the same.
 */
struct cli_first_difference {
    bool has_reference, has_other;
    struct sim_record reference, other;
};
bool cli_verify_first_difference(const struct cli_verified *verified,
                                 struct cli_first_difference *out);

/* Runs that differ, with the first event that does, or a run that was not judged. */
void cli_verify_report(const struct cli_scenario *scenario, const struct cli_verified *verified);
void cli_verify_report_json(const struct cli_scenario *scenario,
                            const struct cli_verified *verified);

#endif
