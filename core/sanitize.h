/* SPDX-License-Identifier: MIT */
/* The one place that knows which tool the build is instrumented for. */
#ifndef STEELMILL_CORE_SANITIZE_H
#define STEELMILL_CORE_SANITIZE_H

#if defined(__SANITIZE_ADDRESS__)
#define SM__ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SM__ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define SM__TSAN 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define SM__TSAN 1
#endif
#ifndef SM__TSAN
#define SM__TSAN 0
#endif
#ifndef SM__ASAN
#define SM__ASAN 0
#endif

#if SM__ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#else
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif

/* What happens in code that is not instrumented, told to ThreadSanitizer: all before a release of
 * an address comes before all after an acquire of it. */
#if SM__TSAN
#include <sanitizer/tsan_interface.h>
#define SM__TSAN_RELEASE(address) __tsan_release(address)
#define SM__TSAN_ACQUIRE(address) __tsan_acquire(address)
#else
#define SM__TSAN_RELEASE(address) ((void)(address))
#define SM__TSAN_ACQUIRE(address) ((void)(address))
#endif

#endif
