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

#endif
