/* SPDX-License-Identifier: MIT */
#include "core/units.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct unit {
    const char *name;
    int64_t scale;
};

/* The largest first: formatting takes the first that divides. */
static const struct unit durations[] = {
    {"h", 3600 * SM_S}, {"m", 60 * SM_S}, {"s", SM_S}, {"ms", SM_MS}, {"us", SM_US}, {"ns", 1},
};

static const struct unit sizes[] = {
    {"", 1},
    {"B", 1},
    {"kB", 1000},
    {"MB", 1000 * 1000},
    {"GB", 1000 * 1000 * 1000},
    {"TB", INT64_C(1000) * 1000 * 1000 * 1000},
    {"KiB", INT64_C(1) << 10},
    {"MiB", INT64_C(1) << 20},
    {"GiB", INT64_C(1) << 30},
    {"TiB", INT64_C(1) << 40},
};

static const struct unit shares[] = {{"%", 10000}};

static const struct unit drifts[] = {{"ppm", 1000}, {"ppb", 1}};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A decimal number: whole + fraction / 10^fraction_digits. */
struct decimal {
    int64_t whole, fraction;
    int fraction_digits;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Reads digits. Returns where they end, NULL if there are none; *fits is cleared on overflow. */
static const char *read_digits(const char *text, int64_t *value, bool *fits)
{
    *value = 0;
    if (!is_digit(*text))
        return NULL;
    for (; is_digit(*text); text++)
        if (__builtin_mul_overflow(*value, 10, value) ||
            __builtin_add_overflow(*value, *text - '0', value))
            *fits = false;
    return text;
}

/* Zeros at the end of a fraction mean nothing. At most 18 digits are kept: more never fit. */
static const char *read_fraction(const char *text, struct decimal *out, bool *fits)
{
    const char *end = text;
    const char *last = text;
    while (is_digit(*end))
        if (*end++ != '0')
            last = end;
    if (end == text)
        return NULL;
    if (last - text > 18)
        *fits = false;
    for (; text < last && out->fraction_digits < 18; text++, out->fraction_digits++)
        out->fraction = out->fraction * 10 + (*text - '0');
    return end;
}

static const char *read_decimal(const char *text, struct decimal *out, bool *fits)
{
    *out = (struct decimal){0};
    const char *end = read_digits(text, &out->whole, fits);
    if (end && *end == '.')
        end = read_fraction(end + 1, out, fits);
    return end;
}

/* number * scale, if that is a whole number that fits. */
static int scale_exactly(const struct decimal *number, int64_t scale, int64_t *out)
{
    int64_t whole;
    if (__builtin_mul_overflow(number->whole, scale, &whole))
        return -ERANGE;
    int64_t power = 1;
    for (int i = 0; i < number->fraction_digits; i++)
        power *= 10;
    __int128 part = (__int128)number->fraction * scale;
    if (part % power != 0 || __builtin_add_overflow(whole, (int64_t)(part / power), &whole))
        return -ERANGE;
    *out = whole;
    return 0;
}

static int parse(const char *text, const struct unit *units, size_t count, int64_t *out)
{
    bool fits = true;
    struct decimal number;
    const char *unit = read_decimal(text, &number, &fits);
    if (!unit)
        return -EINVAL;
    for (size_t i = 0; i < count; i++)
        if (strcmp(unit, units[i].name) == 0)
            return fits ? scale_exactly(&number, units[i].scale, out) : -ERANGE;
    if (strcmp(text, "0") != 0)
        return -EINVAL;
    *out = 0;
    return 0;
}

int sm__parse_duration(const char *text, sm_time *out_ns)
{
    return parse(text, durations, COUNT(durations), out_ns);
}

int sm__parse_bytes(const char *text, int64_t *out_bytes)
{
    return parse(text, sizes, COUNT(sizes), out_bytes);
}

int sm__parse_share_ppm(const char *text, uint32_t *out_ppm)
{
    int64_t ppm;
    int error = parse(text, shares, COUNT(shares), &ppm);
    if (error)
        return error;
    if (ppm > 1000000)
        return -ERANGE;
    *out_ppm = (uint32_t)ppm;
    return 0;
}

int sm__parse_ppb(const char *text, int64_t *out_ppb)
{
    return parse(text, drifts, COUNT(drifts), out_ppb);
}

int sm__parse_i64(const char *text, int64_t *out)
{
    bool negative = *text == '-';
    const char *digit = text + negative;
    if (!is_digit(*digit))
        return -EINVAL;
    bool fits = true;
    int64_t value = 0;
    /* Counted downwards: INT64_MIN has no positive counterpart. */
    for (; is_digit(*digit); digit++)
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, *digit - '0', &value))
            fits = false;
    if (*digit)
        return -EINVAL;
    if (!fits || (!negative && value == INT64_MIN))
        return -ERANGE;
    *out = negative ? value : -value;
    return 0;
}

int sm__parse_bool(const char *text, bool *out)
{
    static const char *const words[] = {"false", "true", "no", "yes", "off", "on"};
    for (size_t i = 0; i < COUNT(words); i++)
        if (strcmp(text, words[i]) == 0) {
            *out = i % 2 == 1;
            return 0;
        }
    return -EINVAL;
}

int sm__format_duration(char *text, size_t size, sm_time ns)
{
    if (ns == 0)
        return snprintf(text, size, "0s");
    size_t i = 0;
    while (ns % durations[i].scale != 0)
        i++;
    return snprintf(text, size, "%" PRId64 "%s", ns / durations[i].scale, durations[i].name);
}

/* ---- suggestions ---- */

#define WORD_MAX 63

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Insertions, deletions, replacements and swaps of neighbours that lead from one word to the other.
 */
static unsigned distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    unsigned rows[3][WORD_MAX + 1];
    unsigned *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b_length; j++)
        last[j] = (unsigned)j;
    for (size_t i = 1; i <= a_length; i++) {
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_length; j++) {
            row[j] = least(least(row[j - 1], last[j]) + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
        }
        unsigned *oldest = before;
        before = last;
        last = row;
        row = oldest;
    }
    return last[b_length];
}

const char *sm__suggest(const char *word, const char *const *words, size_t count)
{
    size_t length = strlen(word);
    if (length > WORD_MAX)
        return NULL;
    const char *nearest = NULL;
    unsigned nearest_distance = length < 3 ? 2 : (unsigned)length / 3 + 1;
    for (size_t i = 0; i < count; i++) {
        size_t other = strlen(words[i]);
        if (other > WORD_MAX)
            continue;
        unsigned d = distance(word, length, words[i], other);
        if (d < nearest_distance) {
            nearest = words[i];
            nearest_distance = d;
        }
    }
    return nearest;
}
