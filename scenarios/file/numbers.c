/* SPDX-License-Identifier: MIT */
/* Types of numbers: truth values, counts, bytes, shares; and what all values need. */
#include "scenarios/file/values.h"

#include "core/units.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- what all values need ---- */

const char *value_scalar(struct bind *b, const struct bind_field *field,
                         const struct scn_node *node)
{
    if (node->kind == SCN_NODE_SCALAR)
        return node->text;
    bind_fail_type(b, field, node, "");
    return NULL;
}

/* True for digits with at most one point: a number that lacks its unit. */
static bool is_bare_number(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    const char *rest = text + digits;
    if (*rest == '.')
        rest += 1 + strspn(rest + 1, "0123456789");
    return digits > 0 && !*rest;
}

const char *value_unit_hint(const char *text, const char *units)
{
    if (is_bare_number(text))
        return ": the unit is missing";
    return *text >= '0' && *text <= '9' ? units : "";
}

/* ---- truth values ---- */

static int read_bool(struct bind *b, const struct bind_field *field, const struct scn_node *node,
                     char *target)
{
    bool value;
    const char *text = value_scalar(b, field, node);
    if (!text)
        return -EINVAL;
    if (sm__parse_bool(text, &value) != 0)
        return bind_fail_type(b, field, node, "");
    STORE(field, target, value);
    return 0;
}

static void print_bool(struct scn_output *out, const struct bind_field *field, const char *source)
{
    bool value;
    LOAD(field, source, value);
    scn_output_text(out, value ? "true" : "false");
}

const struct bind_type bind_bool = {
    .expected = "true or false",
    .read = read_bool,
    .print = print_bool,
    .schema = "\"type\": \"boolean\"",
    .fallback_is_json = true,
};

/* ---- whole numbers ---- */

/* Reads a whole number and checks it against the field's limits, which must be given. */
static int parse_whole(struct bind *b, const struct bind_field *field, const struct scn_node *node,
                       int64_t *out)
{
    const char *text = value_scalar(b, field, node);
    if (!text)
        return -EINVAL;
    int error = sm__parse_i64(text, out);
    if (error == -EINVAL)
        return bind_fail_type(b, field, node, "");
    if (!error && *out >= field->min && *out <= field->max)
        return 0;
    char least[24], most[24];
    snprintf(least, sizeof least, "%" PRId64, field->min);
    snprintf(most, sizeof most, "%" PRId64, field->max);
    return bind_fail_limits(b, field, node, least, most);
}

static int read_u32(struct bind *b, const struct bind_field *field, const struct scn_node *node,
                    char *target)
{
    int64_t whole;
    int error = parse_whole(b, field, node, &whole);
    uint32_t value = error ? 0 : (uint32_t)whole;
    STORE(field, target, value);
    return error;
}

static int read_u64(struct bind *b, const struct bind_field *field, const struct scn_node *node,
                    char *target)
{
    int64_t whole;
    int error = parse_whole(b, field, node, &whole);
    uint64_t value = error ? 0 : (uint64_t)whole;
    STORE(field, target, value);
    return error;
}

static void print_u32(struct scn_output *out, const struct bind_field *field, const char *source)
{
    uint32_t value;
    LOAD(field, source, value);
    scn_outputf(out, "%" PRIu32, value);
}

static void print_u64(struct scn_output *out, const struct bind_field *field, const char *source)
{
    uint64_t value;
    LOAD(field, source, value);
    scn_outputf(out, "%" PRIu64, value);
}

const struct bind_type bind_u32 = {
    .expected = "a whole number", .read = read_u32, .print = print_u32, .fallback_is_json = true};
const struct bind_type bind_u64 = {
    .expected = "a whole number", .read = read_u64, .print = print_u64, .fallback_is_json = true};

/* ---- bytes ---- */

static int parse_bytes(struct bind *b, const struct bind_field *field, const struct scn_node *node,
                       const char *text, int64_t *out)
{
    int error = sm__parse_bytes(text, out);
    if (error == -EINVAL)
        return bind_fail_type(
            b, field, node,
            is_bare_number(text)
                ? ""
                : value_unit_hint(text, ": the units are kB, MB, GB, TB, KiB, MiB, GiB, TiB"));
    if (!error && *out >= field->min && *out <= field->max)
        return 0;
    char least[SCN_VALUE_BYTES], most[SCN_VALUE_BYTES];
    scn_format_bytes(least, sizeof least, field->min);
    scn_format_bytes(most, sizeof most, field->max);
    return bind_fail_limits(b, field, node, least, most);
}

static int read_bytes(struct bind *b, const struct bind_field *field, const struct scn_node *node,
                      char *target)
{
    int64_t value;
    const char *text = value_scalar(b, field, node);
    if (!text || parse_bytes(b, field, node, text, &value) != 0)
        return -EINVAL;
    STORE(field, target, value);
    return 0;
}

static int read_bytes_u32(struct bind *b, const struct bind_field *field,
                          const struct scn_node *node, char *target)
{
    int64_t bytes;
    const char *text = value_scalar(b, field, node);
    if (!text || parse_bytes(b, field, node, text, &bytes) != 0)
        return -EINVAL;
    uint32_t value = (uint32_t)bytes;
    STORE(field, target, value);
    return 0;
}

/* Bytes per second: "/s" may follow. */
static int read_rate(struct bind *b, const struct bind_field *field, const struct scn_node *node,
                     char *target)
{
    const char *text = value_scalar(b, field, node);
    if (!text)
        return -EINVAL;
    char amount[VALUE_PART_BYTES];
    size_t length = strlen(text);
    if (length > 2 && strcmp(text + length - 2, "/s") == 0)
        length -= 2;
    int64_t value;
    if (!value_trim(amount, text, length))
        return bind_fail_type(b, field, node, "");
    int error = parse_bytes(b, field, node, amount, &value);
    if (!error)
        STORE(field, target, value);
    return error;
}

static void print_bytes(struct scn_output *out, const struct bind_field *field, const char *source)
{
    int64_t value;
    char text[SCN_VALUE_BYTES];
    LOAD(field, source, value);
    scn_format_bytes(text, sizeof text, value);
    scn_output_text(out, text);
}

static void print_bytes_u32(struct scn_output *out, const struct bind_field *field,
                            const char *source)
{
    uint32_t value;
    char text[SCN_VALUE_BYTES];
    LOAD(field, source, value);
    scn_format_bytes(text, sizeof text, value);
    scn_output_text(out, text);
}

static void print_rate(struct scn_output *out, const struct bind_field *field, const char *source)
{
    print_bytes(out, field, source);
    scn_output_text(out, "/s");
}

#define BYTES_PATTERN "[0-9]+(\\\\.[0-9]+)?(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)?"

const struct bind_type bind_bytes = {
    .expected = "a size such as 64KiB or 1MiB",
    .read = read_bytes,
    .print = print_bytes,
    .schema = "\"type\": [\"string\", \"integer\"], \"pattern\": \"^" BYTES_PATTERN "$\"",
};
const struct bind_type bind_bytes_u32 = {
    .expected = "a size such as 64KiB or 1MiB",
    .read = read_bytes_u32,
    .print = print_bytes_u32,
    .schema = "\"type\": [\"string\", \"integer\"], \"pattern\": \"^" BYTES_PATTERN "$\"",
};
const struct bind_type bind_rate = {
    .expected = "bytes per second such as 10MiB/s",
    .read = read_rate,
    .print = print_rate,
    .schema = "\"type\": [\"string\", \"integer\"], \"pattern\": \"^" BYTES_PATTERN "(/s)?$\"",
};

/* ---- shares ---- */

int value_share(struct bind *b, const struct bind_field *field, const struct scn_node *node,
                const char *text, uint32_t *out)
{
    int error = sm__parse_share_ppm(text, out);
    if (error == -ERANGE || (!error && *out > 1000000))
        return bind_fail_limits(b, field, node, "0%", "100% (in steps of 0.0001%)");
    if (error)
        return bind_fail_type(b, field, node, is_bare_number(text) ? ": the % is missing" : "");
    return 0;
}

static int read_share(struct bind *b, const struct bind_field *field, const struct scn_node *node,
                      char *target)
{
    uint32_t ppm;
    const char *text = value_scalar(b, field, node);
    if (!text || value_share(b, field, node, text, &ppm) != 0)
        return -EINVAL;
    STORE(field, target, ppm);
    return 0;
}

static void print_share(struct scn_output *out, const struct bind_field *field, const char *source)
{
    uint32_t ppm;
    char text[SCN_VALUE_BYTES];
    LOAD(field, source, ppm);
    scn_format_share(text, sizeof text, ppm);
    scn_output_text(out, text);
}

const struct bind_type bind_share = {
    .expected = "a share such as 0.1% or 5%",
    .read = read_share,
    .print = print_share,
    .schema = "\"type\": \"string\", \"pattern\": \"^[0-9]+(\\\\.[0-9]+)?%$\"",
};
