/* SPDX-License-Identifier: MIT */
/* `pins:` of `serve:`, the workers that daemons live on: { shard: 1, index: 2 }. */
#include "scenarios/file/values.h"

#include "core/units.h"

#include <errno.h>

#define NAME_BYTES_MAX 48u

static int read_worker(struct bind *b, const struct scn_node *key, const struct scn_node *value,
                       uint32_t *worker)
{
    int64_t number;
    if (value->kind != SCN_NODE_SCALAR || sm__parse_i64(value->text, &number) != 0 || number < 0 ||
        number >= SCN_WORKERS_MAX)
        return bind_fail(b, value, "'%s' must be the number of a worker, 0 to %u", key->text,
                         SCN_WORKERS_MAX - 1);
    *worker = (uint32_t)number;
    return 0;
}

static int read_pins(struct bind *b, const struct bind_field *field, const struct scn_node *node,
                     char *target)
{
    struct scn_serve *serve = (struct scn_serve *)(void *)(target + field->offset);
    if (node->kind != SCN_NODE_MAP)
        return bind_fail_type(b, field, node, "");
    if (node->count > field->max)
        return bind_fail(b, node, "'%s' has %u entries; %u is the limit", field->key, node->count,
                         (uint32_t)field->max);
    serve->pins = bind_alloc(b, node->count * sizeof *serve->pins);
    if (!serve->pins)
        return -E2BIG;
    for (uint32_t i = 0; i < node->count; i++) {
        if (!bind_is_name(node->keys[i]->text, "", NAME_BYTES_MAX))
            return bind_fail(b, node->keys[i], "'%s' is no daemon's name", node->keys[i]->text);
        int error = read_worker(b, node->keys[i], node->values[i], &serve->pins[i].worker);
        if (error)
            return error;
        serve->pins[i].daemon = bind_text_copy(b, node->keys[i]->text);
        if (!serve->pins[i].daemon)
            return -E2BIG;
    }
    serve->pin_count = node->count;
    return 0;
}

static void print_pins(struct scn_output *out, const struct bind_field *field, const char *source)
{
    const struct scn_serve *serve =
        (const struct scn_serve *)(const void *)(source + field->offset);
    for (uint32_t i = 0; i < serve->pin_count; i++)
        scn_outputf(out, "%s%s: %u", i ? ", " : "{", serve->pins[i].daemon, serve->pins[i].worker);
    scn_output_text(out, "}");
}

const struct bind_type bind_pins = {
    .expected = "a map of workers' numbers by daemon",
    .read = read_pins,
    .print = print_pins,
    .schema = "\"type\": \"object\", \"additionalProperties\": "
              "{\"type\": \"integer\", \"minimum\": 0}",
};
