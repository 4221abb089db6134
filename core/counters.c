/* SPDX-License-Identifier: MIT */
#include "core/counters.h"

__thread struct sm__counters sm__counters;
