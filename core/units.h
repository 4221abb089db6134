/* SPDX-License-Identifier: MIT */
/*
 * Numbers with units, as scenarios and configuration write them. Integer arithmetic, no locale.
 *
 *   durations  5s 1.5s 10ms 20us 7ns 2m 1h       (a bare 0 is allowed)
 *   bytes      64KiB 1MiB 2GiB 1000 5kB 1MB
 *   shares     0.1% 5% 100%  -> parts per million
 *   drifts     50ppm 0.5ppm 20ppb  -> parts per billion   (a bare 0 is allowed)
 * Each returns 0 with *out set; -EINVAL (wrong form or unit), -ERANGE (does not fit).
 * The text must be used up to its end.
 */
#ifndef STEELMILL_CORE_UNITS_H
#define STEELMILL_CORE_UNITS_H

#include <steelmill/base.h>
#include <steelmill/time.h>

int sm__parse_duration(const char *text, sm_time *out_ns);
int sm__parse_bytes(const char *text, int64_t *out_bytes);
int sm__parse_share_ppm(const char *text, uint32_t *out_ppm);
int sm__parse_ppb(const char *text, int64_t *out_ppb);
int sm__parse_i64(const char *text, int64_t *out);
int sm__parse_bool(const char *text, bool *out); /* true false yes no on off */
/* Shortest exact form with one unit: "1500ms", "5s", "0s". Returns the length. */
int sm__format_duration(char *text, size_t size, sm_time ns);

/*
 * The nearest of `count` words to a mistyped one (Damerau-Levenshtein distance, at most a third of
 * its length, at least 1), or NULL: for "did you mean".
 */
const char *sm__suggest(const char *word, const char *const *words, size_t count);

#endif
