/* SPDX-License-Identifier: MIT */
/* Types of ranges that may lie below zero: what is done to clocks. */
#include "scenarios/file/values.h"

#include "core/units.h"

#include <errno.h>
#include <string.h>

/* One of the two: how a number without its sign is read, and limits are written. */
struct quantity {
    int (*parse)(const char *text, int64_t *out);
    int (*format)(char *text, size_t size, int64_t value);
    const char *units; /* a hint for a number with a wrong one */
};

static int read_number(struct bind *b, const struct bind_field *field, const struct scn_node *node,
                       const struct quantity *quantity, const char *text, int64_t *out)
{
    const bool negative = *text == '-';
    int error = quantity->parse(text + negative, out);

    if (error == -EINVAL)
        return bind_fail_type(b, field, node, value_unit_hint(text + negative, quantity->units));
    if (negative)
        *out = -*out;
    if (!error && *out >= field->min && *out <= field->max)
        return 0;
    char least[SCN_VALUE_BYTES], most[SCN_VALUE_BYTES];
    quantity->format(least, sizeof least, field->min);
    quantity->format(most, sizeof most, field->max);
    return bind_fail_limits(b, field, node, least, most);
}

static int read_both(struct bind *b, const struct bind_field *field, const struct scn_node *node,
                     const struct quantity *quantity, int64_t *least, int64_t *most)
{
    const char *text = value_scalar(b, field, node);
    char min[VALUE_PART_BYTES], max[VALUE_PART_BYTES];

    if (!text)
        return -EINVAL;
    const char *dots = strstr(text, "..");
    const char *second = dots ? dots + 2 : text;
    if (!value_trim(min, text, dots ? (size_t)(dots - text) : strlen(text)) ||
        !value_trim(max, second, strlen(second)))
        return bind_fail_type(b, field, node, "");
    int error = read_number(b, field, node, quantity, min, least);
    if (!error)
        error = read_number(b, field, node, quantity, max, most);
    if (!error && *least > *most)
        return bind_fail(b, node, "'%s' runs backwards; did you mean %s..%s?", field->key, max,
                         min);
    return error;
}

/* ---- offsets: durations with a sign ---- */

static int parse_offset(const char *text, int64_t *out)
{
    return sm__parse_duration(text, out);
}

static int format_offset(char *text, size_t size, int64_t value)
{
    return sm__format_duration(text, size, value);
}

static int read_offset(struct bind *b, const struct bind_field *field, const struct scn_node *node,
                       char *target)
{
    static const struct quantity offset = {parse_offset, format_offset,
                                           ": the units are ns, us, ms, s, m, h"};
    struct scn_range range;
    const int error = read_both(b, field, node, &offset, &range.min_ns, &range.max_ns);

    if (!error)
        STORE(field, target, range);
    return error;
}

static void print_offset(struct scn_output *out, const struct bind_field *field, const char *source)
{
    struct scn_range range;
    char text[SCN_VALUE_BYTES];
    LOAD(field, source, range);
    scn_format_range(text, sizeof text, &range);
    scn_output_text(out, text);
}

#define SIGNED_PATTERN(units_)                                                               \
    "\"type\": [\"string\", \"integer\"], \"pattern\": \"^(0|-?[0-9]+(\\\\.[0-9]+)?(" units_ \
    "))( *\\\\.\\\\. *(0|-?[0-9]+(\\\\.[0-9]+)?(" units_ ")))?$\""

const struct bind_type bind_offset = {
    .expected = "a duration or a range of them, which may be negative, such as -50ms..50ms",
    .read = read_offset,
    .print = print_offset,
    .schema = SIGNED_PATTERN("ns|us|ms|s|m|h"),
};

/* ---- drifts ---- */

static int read_drift(struct bind *b, const struct bind_field *field, const struct scn_node *node,
                      char *target)
{
    static const struct quantity drift = {sm__parse_ppb, scn_format_ppb,
                                          ": the units are ppm and ppb"};
    struct scn_drift range;
    const int error = read_both(b, field, node, &drift, &range.min_ppb, &range.max_ppb);

    if (!error)
        STORE(field, target, range);
    return error;
}

static void print_drift(struct scn_output *out, const struct bind_field *field, const char *source)
{
    struct scn_drift range;
    char min[SCN_VALUE_BYTES], max[SCN_VALUE_BYTES];
    LOAD(field, source, range);
    scn_format_ppb(min, sizeof min, range.min_ppb);
    scn_format_ppb(max, sizeof max, range.max_ppb);
    if (range.min_ppb == range.max_ppb)
        scn_output_text(out, min);
    else
        scn_outputf(out, "%s..%s", min, max);
}

const struct bind_type bind_drift = {
    .expected = "parts per million or a range of them, such as 50ppm or -100ppm..100ppm",
    .read = read_drift,
    .print = print_drift,
    .schema = SIGNED_PATTERN("ppm|ppb"),
};
