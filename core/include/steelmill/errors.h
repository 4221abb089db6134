/* SPDX-License-Identifier: MIT */
/*
 * Error numbers.
 *
 * Every function of the contract that can fail returns int: 0 (or a count, where it says so), or a
 * negative number. Where POSIX has a fitting number it is -errno (-ECANCELED, -ETIMEDOUT, -ENOMEM);
 * the rest come from the list below, which lies beyond all errno values.
 *
 * Words that every blocking call shares:
 *   -ECANCELED  the calling task, or its factory, is being stopped
 *   -ETIMEDOUT  the deadline passed first
 */
#ifndef STEELMILL_ERRORS_H
#define STEELMILL_ERRORS_H

#include <steelmill/base.h>

#include <errno.h>

SM_C_BEGIN

/* X(name, value, text) */
#define SM_ERROR_LIST(X)                                                             \
    X(SM_ECYCLE, 5001, "daemons depend on each other in a circle")                   \
    X(SM_ESEALED, 5002, "the factory is sealed: no daemon can be added")             \
    X(SM_ENODAEMON, 5003, "no daemon type of this name is known here")               \
    X(SM_EDAEMON, 5004, "a daemon failed")                                           \
    X(SM_ECLOSED, 5005, "the object is closed")                                      \
    X(SM_EFENCED, 5006, "the fence token is older than one that was seen before")    \
    X(SM_ELOST, 5007, "the lease is lost")                                           \
    X(SM_EVERSION, 5008, "the plugin was built for another version of the contract") \
    X(SM_ECONFIG, 5009, "a configuration value has the wrong form")                  \
    X(SM_ETRUNCATED, 5010, "the stream has ended in the middle of a message")        \
    X(SM_EELSEWHERE, 5011, "it lives on another worker")

#define SM_ERROR_ENUM_(name, value, text) name = value,
enum sm_error { SM_ERROR_LIST(SM_ERROR_ENUM_) SM_ERROR_END_ = 5012 };
#undef SM_ERROR_ENUM_

/*
 * The text of an error number.
 *   error: an errno or SM_E number, negative or positive; 0 gives "success"
 * Ownership: a static string, never freed, independent of the locale.
 * Context: anywhere.
 * Blocks? never.
 * Randomness: none.
 * Returns: never NULL; "unknown error" for a number that nobody defines.
 */
SM_API const char *sm_strerror(int error);

SM_C_END
#endif
