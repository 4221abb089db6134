/* SPDX-License-Identifier: MIT */
/* Types of durations and their ranges. */
#include "scenarios/file/values.h"

#include "core/units.h"

#include <errno.h>
#include <string.h>

/* ---- durations ---- */

int value_duration(struct bind *b, const struct bind_field *field, const struct scn_node *node,
                   const char *text, int64_t *out)
{
    int error = sm__parse_duration(text, out);
    if (error == -EINVAL || (!error && *out < 0))
        return bind_fail_type(b, field, node,
                              value_unit_hint(text, ": the units are ns, us, ms, s, m, h"));
    int64_t max = field->max ? field->max : SCN_DURATION_MAX_NS;
    if (!error && *out >= field->min && *out <= max)
        return 0;
    char least[32], most[32];
    sm__format_duration(least, sizeof least, field->min);
    sm__format_duration(most, sizeof most, max);
    return bind_fail_limits(b, field, node, least, most);
}

static int read_duration(struct bind *b, const struct bind_field *field,
                         const struct scn_node *node, char *target)
{
    int64_t value;
    const char *text = value_scalar(b, field, node);
    if (!text || value_duration(b, field, node, text, &value) != 0)
        return -EINVAL;
    STORE(field, target, value);
    return 0;
}

static void print_duration(struct scn_output *out, const struct bind_field *field,
                           const char *source)
{
    int64_t value;
    char text[SCN_VALUE_BYTES];
    LOAD(field, source, value);
    sm__format_duration(text, sizeof text, value);
    scn_output_text(out, text);
}

#define DURATION_PATTERN "(0|[0-9]+(\\\\.[0-9]+)?(ns|us|ms|s|m|h))"

const struct bind_type bind_duration = {
    .expected = "a duration such as 10ms or 5s",
    .read = read_duration,
    .print = print_duration,
    .schema = "\"type\": [\"string\", \"integer\"], \"pattern\": \"^" DURATION_PATTERN "$\"",
};

/* ---- ranges of durations ---- */

bool value_trim(char *out, const char *from, size_t size)
{
    while (size && *from == ' ') {
        from++;
        size--;
    }
    while (size && from[size - 1] == ' ')
        size--;
    if (size >= VALUE_PART_BYTES)
        return false;
    memcpy(out, from, size);
    out[size] = '\0';
    return true;
}

int value_range(struct bind *b, const struct bind_field *field, const struct scn_node *node,
                const char *text, struct scn_range *out)
{
    char min[VALUE_PART_BYTES], max[VALUE_PART_BYTES];
    const char *dots = strstr(text, "..");
    size_t length = dots ? (size_t)(dots - text) : strlen(text);
    const char *second = dots ? dots + 2 : text;
    if (!value_trim(min, text, length) || !value_trim(max, second, strlen(second)))
        return bind_fail_type(b, field, node, "");
    int error = value_duration(b, field, node, min, &out->min_ns);
    if (!error)
        error = value_duration(b, field, node, max, &out->max_ns);
    if (!error && out->min_ns > out->max_ns)
        return bind_fail(b, node, "'%s' runs backwards; did you mean %s..%s?", field->key, max,
                         min);
    return error;
}

static int read_range(struct bind *b, const struct bind_field *field, const struct scn_node *node,
                      char *target)
{
    struct scn_range range;
    const char *text = value_scalar(b, field, node);
    if (!text || value_range(b, field, node, text, &range) != 0)
        return -EINVAL;
    STORE(field, target, range);
    return 0;
}

static void print_range(struct scn_output *out, const struct bind_field *field, const char *source)
{
    struct scn_range range;
    char text[SCN_VALUE_BYTES];
    LOAD(field, source, range);
    scn_format_range(text, sizeof text, &range);
    scn_output_text(out, text);
}

#define RANGE_PATTERN DURATION_PATTERN "( *\\\\.\\\\. *" DURATION_PATTERN ")?"

const struct bind_type bind_range = {
    .expected = "a duration or a range of them, such as 5s or 1s..10s",
    .read = read_range,
    .print = print_range,
    .schema = "\"type\": [\"string\", \"integer\"], \"pattern\": \"^" RANGE_PATTERN "$\"",
};

static int read_restart(struct bind *b, const struct bind_field *field, const struct scn_node *node,
                        char *target)
{
    const char *text = value_scalar(b, field, node);
    if (!text)
        return -EINVAL;
    bool restarts = strcmp(text, "never") != 0;
    memcpy(target + field->second, &restarts, sizeof restarts);
    static const char *const words[] = {"never"};
    if (restarts && bind_suggest(text, words, 1))
        return bind_fail(b, node, "'%s' knows no '%s'; did you mean 'never'?", field->key, text);
    return restarts ? read_range(b, field, node, target) : 0;
}

static void print_restart(struct scn_output *out, const struct bind_field *field,
                          const char *source)
{
    bool restarts;
    memcpy(&restarts, source + field->second, sizeof restarts);
    if (restarts)
        print_range(out, field, source);
    else
        scn_output_text(out, "never");
}

const struct bind_type bind_restart = {
    .expected = "a range of durations such as 1s..3s, or never",
    .read = read_restart,
    .print = print_restart,
    .schema = "\"type\": [\"string\", \"integer\"], \"pattern\": \"^(never|" RANGE_PATTERN ")$\"",
};
