/* SPDX-License-Identifier: MIT */
/*
 * A machine's variables under AddressSanitizer, which knows each by its address and poisons what
 * lies between them. A copy's constructors run again for each life of its machine, but its
 * variables are registered once (twice would be reported as two definitions); they are renewed past
 * the poison. A copy calls the first two functions here where its original calls the sanitizer's:
 * sim/object.c puts their names in.
 */
#ifndef STEELMILL_SIM_ASAN_H
#define STEELMILL_SIM_ASAN_H

#include "core/sanitize.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if SM__ASAN

/* Register `count` variables, or those from start to stop, for the first call only.
 *   flag: of the object, whether it is registered */
__attribute__((visibility("default"))) void sim_asan_register_first(void *variables, size_t count);
__attribute__((visibility("default"))) void sim_asan_register_elf_first(uintptr_t *flag,
                                                                        void *start, void *stop);

/* Write to variables, and to what lies between them. */
void sim_asan_copy(void *to, const void *from, size_t bytes);
void sim_asan_clear(void *to, size_t bytes);

#else

static inline void sim_asan_copy(void *to, const void *from, size_t bytes)
{
    memcpy(to, from, bytes);
}

static inline void sim_asan_clear(void *to, size_t bytes)
{
    memset(to, 0, bytes);
}

#endif
#endif
