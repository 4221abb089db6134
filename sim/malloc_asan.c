/* SPDX-License-Identifier: MIT */
/*
 * What a program with malloc.c needs besides in builds with AddressSanitizer: the functions that
 * the sanitizer replaces by ones that allocate past malloc, and the sanitizers' options.
 */
#include <stdlib.h>
#include <string.h>

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
