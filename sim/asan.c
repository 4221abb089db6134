/* SPDX-License-Identifier: MIT */
#include "sim/asan.h"

#include <stdbool.h>

/* Under names of their own, as the compiler declares them itself. */
void register_variables(void *variables, size_t count) __asm__("__asan_register_globals");
void register_elf(uintptr_t *flag, void *start, void *stop) __asm__("__asan_register_elf_globals");

/* The sanitizer poisons what it was told of variables. */
static bool is_registered(const void *variables)
{
    return __asan_address_is_poisoned(variables);
}

void sim_asan_register_first(void *variables, size_t count)
{
    if (count > 0 && !is_registered(variables))
        register_variables(variables, count);
}

void sim_asan_register_elf_first(uintptr_t *flag, void *start, void *stop)
{
    if (start != stop && !is_registered(start))
        register_elf(flag, start, stop);
}

typedef uint64_t word __attribute__((may_alias, aligned(1)));

/* memcpy and memset look at the poison, and so would a loop that the compiler takes for one of
 * them: the barriers keep it a loop. */
__attribute__((no_sanitize("address"))) void sim_asan_copy(void *to, const void *from, size_t bytes)
{
    char *at = to;
    const char *source = from;

    for (; bytes >= 8; bytes -= 8, at += 8, source += 8) {
        *(word *)at = *(const word *)source;
        __asm__ volatile("" ::: "memory");
    }
    for (; bytes > 0; bytes--) {
        *at++ = *source++;
        __asm__ volatile("" ::: "memory");
    }
}

__attribute__((no_sanitize("address"))) void sim_asan_clear(void *to, size_t bytes)
{
    char *at = to;

    for (; bytes >= 8; bytes -= 8, at += 8) {
        *(word *)at = 0;
        __asm__ volatile("" ::: "memory");
    }
    for (; bytes > 0; bytes--) {
        *at++ = 0;
        __asm__ volatile("" ::: "memory");
    }
}
