/* SPDX-License-Identifier: MIT */
/*
 * What a program with malloc.c needs besides in builds with AddressSanitizer: the functions that
 * the sanitizer replaces by ones that allocate past malloc or keep books on what a machine has, and
 * the sanitizers' options.
 */
#include "core/assert.h"
#include "sim/context.h"

#include <dlfcn.h>
#include <sanitizer/lsan_interface.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define EXPORT __attribute__((visibility("default"), no_sanitize("address")))

EXPORT char *strndup(const char *text, size_t size)
{
    const size_t length = strnlen(text, size);
    char *copy = malloc(length + 1);

    if (!copy)
        return NULL;
    copy[length] = '\0';
    return memcpy(copy, text, length);
}

EXPORT char *strdup(const char *text)
{
    return strndup(text, strlen(text));
}

/* libc's own function, past the sanitizer's. */
static void *libc_function(const char *name)
{
    struct sim_heap *heap = sim_context_leave();
    __lsan_disable(); /* the loader keeps what it allocates where nobody looks */
    void *libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
    __lsan_enable();
    void *function = libc ? dlsym(libc, name) : NULL;

    sim_context_enter(heap);
    SM_ASSERT_MSG(function, "the C library has no %s", name);
    return function;
}

/* The sanitizer keeps the addresses of such streams until they are closed, which a crashed machine
 * does not do, and stops when another stream has the address. */
EXPORT FILE *open_memstream(char **text, size_t *bytes)
{
    static __typeof__(&open_memstream) real;

    if (!real)
        real = (__typeof__(real))(uintptr_t)libc_function("open_memstream");
    return real(text, bytes);
}

EXPORT FILE *open_wmemstream(wchar_t **text, size_t *count)
{
    static __typeof__(&open_wmemstream) real;

    if (!real)
        real = (__typeof__(real))(uintptr_t)libc_function("open_wmemstream");
    return real(text, count);
}

/*
 * Signals are the worker's to handle. A fake stack, where locals would outlive their function, is a
 * thread's: fibers cannot share it. An impossible size is answered as libc does.
 */
EXPORT const char *__asan_default_options(void);

EXPORT const char *__asan_default_options(void)
{
    return "handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0:handle_abort=0:"
           "detect_stack_use_after_return=0:allocator_may_return_null=1";
}

EXPORT const char *__ubsan_default_options(void);

EXPORT const char *__ubsan_default_options(void)
{
    return "halt_on_error=1:print_stacktrace=1";
}
