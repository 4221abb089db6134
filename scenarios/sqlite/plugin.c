/* SPDX-License-Identifier: MIT */
#include <steelmill/plugin.h>

#include "judge.h"
#include "store.h"

SM_PLUGIN("Debian's SQLite under simulation: transactions, power cuts, and a check after each.",
          &sqlite_store_daemon, &sqlite_judge_daemon)
