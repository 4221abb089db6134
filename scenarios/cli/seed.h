/* SPDX-License-Identifier: MIT */
/* Fresh seeds. */
#ifndef STEELMILL_SCENARIOS_CLI_SEED_H
#define STEELMILL_SCENARIOS_CLI_SEED_H

#include <steelmill/base.h>

/* A seed from the operating system, below 2^48: every reader of JSON keeps it exactly. */
uint64_t cli_fresh_seed(void);

#endif
