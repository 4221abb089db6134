/* SPDX-License-Identifier: MIT */
/*
 * The process's own allocator by the names that stay when malloc itself is replaced (malloc.c):
 * glibc's, or AddressSanitizer's in its builds.
 */
#ifndef STEELMILL_SIM_LIBC_MALLOC_H
#define STEELMILL_SIM_LIBC_MALLOC_H

#include "core/sanitize.h"

#include <stddef.h>

#if SM__ASAN
#define sim_libc_malloc   __interceptor_malloc
#define sim_libc_calloc   __interceptor_calloc
#define sim_libc_realloc  __interceptor_realloc
#define sim_libc_memalign __interceptor_memalign
#define sim_libc_free     __interceptor_free
#else
#define sim_libc_malloc   __libc_malloc
#define sim_libc_calloc   __libc_calloc
#define sim_libc_realloc  __libc_realloc
#define sim_libc_memalign __libc_memalign
#define sim_libc_free     __libc_free
#endif

extern void *sim_libc_malloc(size_t size);
extern void *sim_libc_calloc(size_t count, size_t size);
extern void *sim_libc_realloc(void *memory, size_t size);
extern void *sim_libc_memalign(size_t alignment, size_t size);
extern void sim_libc_free(void *memory);

#endif
