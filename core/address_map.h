/* SPDX-License-Identifier: MIT */
/*
 * Where the big reservations lie: the same addresses in every run of a build, whatever the
 * address-space layout. Free under a usual Linux layout and under valgrind (which ends at 16 TiB);
 * AddressSanitizer keeps its shadow there, so its builds use addresses of their own. So does
 * ThreadSanitizer (x86-64: a program may have what is below 512 GiB), under which nothing is
 * simulated.
 */
#ifndef STEELMILL_CORE_ADDRESS_MAP_H
#define STEELMILL_CORE_ADDRESS_MAP_H

#include "core/sanitize.h"

#include <stdint.h>

#if SM__ASAN
#define SM__MAP_STACKS   ((uintptr_t)0x210000000000)
#define SM__MAP_SCENARIO ((uintptr_t)0x220000000000)
#define SM__MAP_HEAPS    ((uintptr_t)0x230000000000)
#else
#define SM__MAP_STACKS ((uintptr_t)0x010000000000)
#if SM__TSAN
#define SM__MAP_SCENARIO ((uintptr_t)0x004000000000)
#else
#define SM__MAP_SCENARIO ((uintptr_t)0x021000000000)
#endif
#define SM__MAP_HEAPS ((uintptr_t)0x030000000000)
#endif

#endif
