/* SPDX-License-Identifier: MIT */
/* Latencies: a constant, a range, or a distribution. */
#include "scenarios/file/values.h"

#include "core/units.h"

#include <errno.h>
#include <string.h>

#define PARTS_MAX     3u
#define SIGMA_MAX_PPM 4000000u /* e^(4 sigma) is 10^7 already */

/* "name(a, b)" taken apart. */
struct call {
    char name[VALUE_PART_BYTES];
    char parts[PARTS_MAX][VALUE_PART_BYTES];
    size_t count;
};

/* Returns false if the text has another form. */
static bool take_apart(struct call *call, const char *text)
{
    const char *open = strchr(text, '('), *close = strrchr(text, ')');
    if (!open || !close || close[1] != '\0' || close < open ||
        !value_trim(call->name, text, (size_t)(open - text)))
        return false;
    for (const char *at = open + 1; at <= close; call->count++) {
        size_t length = strcspn(at, ",)");
        if (call->count == PARTS_MAX || !value_trim(call->parts[call->count], at, length))
            return false;
        at += length + 1;
    }
    return true;
}

/* A number such as 0.8 in millionths. Returns 0, -EINVAL, -ERANGE. */
static int parse_millionths(const char *text, uint32_t *out)
{
    uint64_t value = 0;
    int decimals = -1; /* digits after the point; -1: before it */
    for (const char *at = text; *at; at++) {
        if (*at == '.' && decimals < 0 && at > text) {
            decimals = 0;
            continue;
        }
        if (*at < '0' || *at > '9' || decimals == 6)
            return -EINVAL;
        value = value * 10 + (uint64_t)(*at - '0');
        decimals += decimals >= 0;
        if (value > UINT32_MAX)
            return -ERANGE;
    }
    if (!*text || decimals == 0)
        return -EINVAL;
    for (int i = decimals < 0 ? 0 : decimals; i < 6; i++)
        value *= 10;
    *out = (uint32_t)value;
    return value > UINT32_MAX ? -ERANGE : 0;
}

static int read_sigma(struct bind *b, const struct bind_field *field, const struct scn_node *node,
                      const char *text, uint32_t *out)
{
    int error = parse_millionths(text, out);
    if (error == -EINVAL)
        return bind_fail_type(b, field, node, ": sigma is a number such as 0.8");
    if (error || *out == 0 || *out > SIGMA_MAX_PPM)
        return bind_fail(b, node, "sigma in '%s' must be above 0 and at most 4", field->key);
    return 0;
}

static int read_lognormal(struct bind *b, const struct bind_field *field,
                          const struct scn_node *node, const struct call *call,
                          struct scn_latency *out)
{
    out->kind = SCN_LATENCY_LOGNORMAL;
    if (call->count != 2)
        return bind_fail(b, node, "lognormal takes a median and sigma: lognormal(2ms, 0.8)");
    int error = value_duration(b, field, node, call->parts[0], &out->a_ns);
    return error ? error : read_sigma(b, field, node, call->parts[1], &out->shape_ppm);
}

static int read_exponential(struct bind *b, const struct bind_field *field,
                            const struct scn_node *node, const struct call *call,
                            struct scn_latency *out)
{
    out->kind = SCN_LATENCY_EXPONENTIAL;
    if (call->count != 1)
        return bind_fail(b, node, "exponential takes a mean: exponential(3ms)");
    return value_duration(b, field, node, call->parts[0], &out->a_ns);
}

static int read_bimodal(struct bind *b, const struct bind_field *field, const struct scn_node *node,
                        const struct call *call, struct scn_latency *out)
{
    out->kind = SCN_LATENCY_BIMODAL;
    if (call->count != 3)
        return bind_fail(b, node,
                         "bimodal takes two durations and the share of the second: "
                         "bimodal(1ms, 50ms, 5%%)");
    int error = value_duration(b, field, node, call->parts[0], &out->a_ns);
    if (!error)
        error = value_duration(b, field, node, call->parts[1], &out->b_ns);
    return error ? error : value_share(b, field, node, call->parts[2], &out->shape_ppm);
}

static const struct {
    const char *name;
    int (*read)(struct bind *b, const struct bind_field *field, const struct scn_node *node,
                const struct call *call, struct scn_latency *out);
} distributions[] = {
    {"lognormal", read_lognormal},
    {"exponential", read_exponential},
    {"bimodal", read_bimodal},
};
#define DISTRIBUTIONS (sizeof distributions / sizeof *distributions)

static int fail_distribution(struct bind *b, const struct bind_field *field,
                             const struct scn_node *node, const char *name)
{
    const char *names[DISTRIBUTIONS];
    for (size_t i = 0; i < DISTRIBUTIONS; i++)
        names[i] = distributions[i].name;
    const char *near = bind_suggest(name, names, DISTRIBUTIONS);
    if (near)
        return bind_fail(b, node, "unknown distribution '%s' in '%s'; did you mean '%s'?", name,
                         field->key, near);
    return bind_fail(b, node,
                     "unknown distribution '%s' in '%s'; there are: lognormal, exponential, "
                     "bimodal",
                     name, field->key);
}

static int parse_latency(struct bind *b, const struct bind_field *field,
                         const struct scn_node *node, const char *text, struct scn_latency *out)
{
    if (!strchr(text, '(')) {
        struct scn_range range;
        int error = value_range(b, field, node, text, &range);
        if (!error)
            *out = (struct scn_latency){.a_ns = range.min_ns, .b_ns = range.max_ns};
        return error;
    }
    struct call call = {.count = 0};
    if (!take_apart(&call, text))
        return bind_fail_type(b, field, node, "");
    for (size_t i = 0; i < DISTRIBUTIONS; i++)
        if (strcmp(call.name, distributions[i].name) == 0)
            return distributions[i].read(b, field, node, &call, out);
    return fail_distribution(b, field, node, call.name);
}

static int read_latency(struct bind *b, const struct bind_field *field, const struct scn_node *node,
                        char *target)
{
    struct scn_latency latency = {0};
    const char *text = value_scalar(b, field, node);
    if (!text || parse_latency(b, field, node, text, &latency) != 0)
        return -EINVAL;
    STORE(field, target, latency);
    return 0;
}

static void print_latency(struct scn_output *out, const struct bind_field *field,
                          const char *source)
{
    struct scn_latency latency;
    char text[SCN_VALUE_BYTES];
    LOAD(field, source, latency);
    scn_format_latency(text, sizeof text, &latency);
    scn_output_text(out, text);
}

const struct bind_type bind_latency = {
    .expected = "a latency such as 2ms, 1ms..5ms or lognormal(2ms, 0.8)",
    .read = read_latency,
    .print = print_latency,
    .schema = "\"type\": [\"string\", \"integer\"], \"pattern\": "
              "\"^([0-9].*|(lognormal|exponential|bimodal) *\\\\(.*)$\"",
};
