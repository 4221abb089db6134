/* SPDX-License-Identifier: MIT */
/*
 * The signature of a finding: which failure it is. Equal signatures are one finding.
 *
 * It is made from the kind of the finding, its subject (the property's, signal's or daemon's name)
 * and the names of user functions in the backtrace: not from addresses, lines, machines or seeds,
 * so it holds across builds, hosts and machines of a group.
 */
#ifndef STEELMILL_SCENARIOS_CLI_SIGNATURE_H
#define STEELMILL_SCENARIOS_CLI_SIGNATURE_H

#include "scenarios/cli/symbol.h"

uint64_t cli_signature(const struct job_result *result, const struct cli_frame *frames,
                       size_t frame_count);

#endif
