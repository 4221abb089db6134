/* SPDX-License-Identifier: MIT */
/* Reads maps and lists by their tables, and words the messages. */
#include "scenarios/file/bind.h"

#include "scenarios/file/quote.h"

#include "core/assert.h"
#include "core/units.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORD_BYTES_MAX 64u /* longer ones are no misspelling of ours */

/* ---- messages ---- */

int bind_fail(struct bind *b, const struct scn_node *node, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int code = scn_source_vfail(b->tree->source, node->place, b->tree->error, format, args);
    va_end(args);
    return code;
}

int bind_fail_type(struct bind *b, const struct bind_field *field, const struct scn_node *node,
                   const char *hint)
{
    char quoted[SCN_QUOTE_BYTES];
    if (node->kind == SCN_NODE_SCALAR)
        return bind_fail(b, node, "'%s' must be %s, not %s%s", field->key, field->type->expected,
                         scn_quote(quoted, node->text), hint);
    return bind_fail(b, node, "'%s' must be %s, not %s", field->key, field->type->expected,
                     scn_node_kind_text(node));
}

int bind_fail_limits(struct bind *b, const struct bind_field *field, const struct scn_node *node,
                     const char *min, const char *max)
{
    char quoted[SCN_QUOTE_BYTES];
    return bind_fail(b, node, "'%s' must be from %s to %s, not %s", field->key, min, max,
                     scn_quote(quoted, node->text));
}

const char *bind_suggest(const char *word, const char *const *words, size_t count)
{
    return strlen(word) <= WORD_BYTES_MAX ? sm__suggest(word, words, count) : NULL;
}

/* "a, b, c" of a table's keys; cut where the buffer ends. */
static const char *list_keys(const struct bind_table *table, char *text, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; i < table->count && used < size; i++)
        used +=
            (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "", table->fields[i].key);
    return text;
}

static int fail_unknown(struct bind *b, const struct bind_table *table, const struct scn_node *key)
{
    const char *keys[32];
    SM_ASSERT(table->count <= sizeof keys / sizeof *keys);
    for (size_t i = 0; i < table->count; i++)
        keys[i] = table->fields[i].key;
    const char *near = bind_suggest(key->text, keys, table->count);
    char quoted[SCN_QUOTE_BYTES], all[256];
    if (near)
        return bind_fail(b, key, "unknown key %s in %s; did you mean '%s'?",
                         scn_quote(quoted, key->text), table->what, near);
    return bind_fail(b, key, "unknown key %s in %s; its keys are: %s", scn_quote(quoted, key->text),
                     table->what, list_keys(table, all, sizeof all));
}

/* ---- memory ---- */

static int fail_full(struct bind *b)
{
    scn_tree_fail(b->tree, (struct scn_place){0}, "does not fit into 64 MiB");
    return -E2BIG;
}

void *bind_alloc(struct bind *b, size_t size)
{
    void *memory = scn_arena_alloc(b->arena, size);
    if (!memory)
        fail_full(b);
    return memory;
}

const char *bind_text_copy(struct bind *b, const char *text)
{
    const char *copy = scn_arena_text(b->arena, text);
    if (!copy)
        fail_full(b);
    return copy;
}

/* ---- maps ---- */

static const struct bind_field *find_field(const struct bind_table *table, const char *key)
{
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->fields[i].key, key) == 0)
            return &table->fields[i];
    return NULL;
}

static int read_value(struct bind *b, const struct bind_table *table,
                      const struct bind_field *field, const struct scn_node *node, char *target)
{
    if (scn_node_is_null(node))
        return bind_fail(b, node, "'%s' has no value: it must be %s", field->key,
                         field->type->expected);
    if (field->bit) {
        uint32_t set;
        memcpy(&set, target + table->set_offset, sizeof set);
        set |= field->bit;
        memcpy(target + table->set_offset, &set, sizeof set);
    }
    return field->type->read(b, field, node, target);
}

/* A key that is not there: its fallback, or for a map the fallbacks of what would be in it. */
static int read_missing(struct bind *b, const struct bind_table *table,
                        const struct bind_field *field, const struct scn_node *map, char *target)
{
    struct scn_node node = {.kind = SCN_NODE_SCALAR, .place = map->place, .text = field->fallback};
    if (field->required)
        return bind_fail(b, map, "%s needs '%s': %s", table->what, field->key, field->about);
    if (field->type->shape == BIND_MAP)
        node.kind = SCN_NODE_MAP;
    else if (!field->fallback)
        return 0;
    return read_value(b, table, field, &node, target);
}

int bind_map(struct bind *b, const struct bind_table *table, const struct scn_node *map,
             char *target)
{
    if (map->kind != SCN_NODE_MAP)
        return bind_fail(b, map, "%s must be a map, not %s", table->what, scn_node_kind_text(map));
    for (uint32_t i = 0; i < map->count; i++)
        if (!find_field(table, map->keys[i]->text))
            return fail_unknown(b, table, map->keys[i]);
    int error = 0;
    for (size_t i = 0; i < table->count && !error; i++) {
        const struct bind_field *field = &table->fields[i];
        const struct scn_node *node = scn_node_get(map, field->key);
        if (node)
            error = read_value(b, table, field, node, target);
        else
            error = read_missing(b, table, field, map, target);
    }
    return !error && table->check ? table->check(b, map, target) : error;
}

static int read_submap(struct bind *b, const struct bind_field *field, const struct scn_node *node,
                       char *target)
{
    return bind_map(b, field->table, node, target + field->offset);
}

const struct bind_type bind_submap = {.shape = BIND_MAP, .expected = "a map", .read = read_submap};

/* ---- lists of maps ---- */

static int store_list(const struct bind_field *field, char *target, void *elements, uint32_t count)
{
    memcpy(target + field->offset, &elements, sizeof elements);
    memcpy(target + field->second, &count, sizeof count);
    return 0;
}

static int check_list(struct bind *b, const struct bind_field *field, const struct scn_node *node)
{
    if (node->kind != SCN_NODE_LIST)
        return bind_fail_type(b, field, node, "");
    if (field->max && node->count > field->max)
        return bind_fail(b, node, "'%s' has %u entries; %u is the limit", field->key, node->count,
                         (uint32_t)field->max);
    return 0;
}

static int read_list(struct bind *b, const struct bind_field *field, const struct scn_node *node,
                     char *target)
{
    int error = check_list(b, field, node);
    if (error)
        return error;
    char *elements = bind_alloc(b, node->count * field->table->size);
    if (!elements)
        return -E2BIG;
    for (uint32_t i = 0; i < node->count && !error; i++)
        error = bind_map(b, field->table, node->values[i], elements + i * field->table->size);
    return error ? error : store_list(field, target, elements, node->count);
}

const struct bind_type bind_list = {.shape = BIND_LIST, .expected = "a list", .read = read_list};

/* ---- faults: a list of maps of one key ---- */

static int read_fault(struct bind *b, const struct bind_field *field, const struct scn_node *node,
                      struct scn_fault *fault)
{
    for (uint32_t i = 0; node->kind == SCN_NODE_MAP && i < node->count; i++)
        if (!find_field(field->table, node->keys[i]->text))
            return fail_unknown(b, field->table, node->keys[i]);
    if (node->kind != SCN_NODE_MAP || node->count != 1)
        return bind_fail(b, node,
                         "a fault must be a map of one key, its kind, such as "
                         "pause: { of: any, every: 5s..15s, for: 1s }");
    const struct scn_node *key = node->keys[0], *value = node->values[0];
    const struct bind_field *kind = find_field(field->table, key->text);
    *fault = (struct scn_fault){
        .kind = (uint32_t)(kind - field->table->fields),
        .line = key->place.line,
        .name = b->empty,
        .of_group = SCN_NONE,
        .of_index = SCN_NONE,
        .of_role = b->empty,
        .disk = {.files = b->empty},
        .link = {.from = {SCN_NONE, SCN_NONE, b->empty}, .to = {SCN_NONE, SCN_NONE, b->empty}},
    };
    return bind_map(b, kind->table, value, (char *)fault);
}

/* Names the faults that the file does not name, and refuses equal names. */
static int name_faults(struct bind *b, const struct scn_node *list, struct scn_fault *faults)
{
    uint32_t numbers[SCN_FAULT_KIND_COUNT] = {0};
    for (uint32_t i = 0; i < list->count; i++) {
        char name[48];
        snprintf(name, sizeof name, "%s#%u", list->values[i]->keys[0]->text,
                 ++numbers[faults[i].kind]);
        if (!*faults[i].name)
            faults[i].name = bind_text_copy(b, name);
        if (!faults[i].name)
            return -E2BIG;
        for (uint32_t j = 0; j < i; j++)
            if (strcmp(faults[i].name, faults[j].name) == 0)
                return bind_fail(b, list->values[i], "two faults are named '%s'", faults[i].name);
    }
    return 0;
}

static int read_faults(struct bind *b, const struct bind_field *field, const struct scn_node *node,
                       char *target)
{
    int error = check_list(b, field, node);
    if (error)
        return error;
    struct scn_fault *faults = bind_alloc(b, node->count * sizeof *faults);
    if (!faults)
        return -E2BIG;
    for (uint32_t i = 0; i < node->count && !error; i++)
        error = read_fault(b, field, node->values[i], &faults[i]);
    if (!error)
        error = name_faults(b, node, faults);
    return error ? error : store_list(field, target, faults, node->count);
}

const struct bind_type bind_faults = {
    .shape = BIND_ONE_OF, .expected = "a list of faults", .read = read_faults};
