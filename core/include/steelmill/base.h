/* SPDX-License-Identifier: MIT */
/*
 * Attributes that the contract's headers share. Nothing here is a part of the interface.
 */
#ifndef STEELMILL_BASE_H
#define STEELMILL_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define SM_C_BEGIN extern "C" {
#define SM_C_END   }
#else
#define SM_C_BEGIN
#define SM_C_END
#endif

/* A function of the contract: defined by libsteelmill or by libsteelmill-sim, never by a plugin. */
#define SM_API __attribute__((visibility("default")))

#define SM_PRINTF(fmt_index, first_index) __attribute__((format(printf, fmt_index, first_index)))

#endif
