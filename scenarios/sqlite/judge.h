/* SPDX-License-Identifier: MIT */
#ifndef STEELMILL_SQLITE_JUDGE_H
#define STEELMILL_SQLITE_JUDGE_H

#include <steelmill/steelmill.h>

SM_DAEMON_DECLARE(sqlite_judge)

#endif
