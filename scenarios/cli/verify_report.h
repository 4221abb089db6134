/* SPDX-License-Identifier: MIT */
/* What `verify` has to say: for people line by line, as JSON one object at the end. */
#ifndef STEELMILL_SCENARIOS_CLI_VERIFY_REPORT_H
#define STEELMILL_SCENARIOS_CLI_VERIFY_REPORT_H

#include "scenarios/cli/load.h"
#include "scenarios/cli/verify_lanes.h"

/* What will be done, before anything runs. */
void cli_verify_report_header(const struct cli_verify *verify);

/* One seed: that all of its runs are the same; the first event that differs; why it was not judged.
 */
void cli_verify_report(const struct cli_scenario *scenario, const struct cli_args *args,
                       const struct cli_verified *verified);

/* The last line, where all seeds from `first` to `last` are deterministic. */
void cli_verify_report_passed(uint64_t first, uint64_t last);

/* verified: of the seed that failed, or of the last one. */
void cli_verify_report_json(const struct cli_scenario *scenario, const struct cli_args *args,
                            const struct cli_verified *verified);

#endif
