/* SPDX-License-Identifier: MIT */
/*
 * Functions that only have memory fetched. To the compiler they have no effect, so that a call of
 * one is dropped, unless it is inlined first.
 */
#ifndef STEELMILL_CORE_FETCH_H
#define STEELMILL_CORE_FETCH_H

#define SM_FETCHES __attribute__((always_inline))

#endif
