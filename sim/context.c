/* SPDX-License-Identifier: MIT */
#include "sim/context.h"

struct sim_heap *sim_heap_current;
volatile char sim_trap_selector;
