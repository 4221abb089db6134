/* SPDX-License-Identifier: MIT */
/* Nodes and their memory; no YAML here. */
#include "scenarios/file/node.h"

#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

/* ---- memory: chunks that are freed together ---- */

#define CHUNK_BYTES ((size_t)64 << 10)

struct scn_chunk {
    struct scn_chunk *next;
    size_t used, capacity;
    alignas(max_align_t) char memory[];
};

void scn_tree_init(struct scn_tree *tree, const struct scn_source *source, struct scn_error *error)
{
    *tree = (struct scn_tree){.source = source, .error = error};
}

void scn_tree_finish(struct scn_tree *tree)
{
    while (tree->chunks) {
        struct scn_chunk *next = tree->chunks->next;
        free(tree->chunks);
        tree->chunks = next;
    }
}

static struct scn_chunk *add_chunk(struct scn_tree *tree, size_t size)
{
    size_t capacity = size > CHUNK_BYTES ? size : CHUNK_BYTES;
    struct scn_chunk *chunk = malloc(sizeof *chunk + capacity);
    if (!chunk)
        return NULL;
    chunk->next = tree->chunks;
    chunk->used = 0;
    chunk->capacity = capacity;
    tree->chunks = chunk;
    return chunk;
}

/* Zeroed memory that lives as long as the tree. NULL: out of memory, and the error says so. */
static void *take(struct scn_tree *tree, size_t size)
{
    size = (size + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
    struct scn_chunk *chunk = tree->chunks;
    if (!chunk || chunk->capacity - chunk->used < size)
        chunk = add_chunk(tree, size);
    if (!chunk) {
        scn_tree_fail(tree, (struct scn_place){0}, "out of memory");
        return NULL;
    }
    void *memory = chunk->memory + chunk->used;
    chunk->used += size;
    return memset(memory, 0, size);
}

char *scn_tree_text(struct scn_tree *tree, const char *text, size_t size)
{
    tree->text_bytes += size;
    if (tree->text_bytes > SCN_NODE_TEXT_BYTES) {
        scn_tree_fail(tree, (struct scn_place){0}, "the aliases make it larger than 64 MiB");
        return NULL;
    }
    char *copy = take(tree, size + 1);
    return copy ? memcpy(copy, text, size) : NULL;
}

/* ---- building ---- */

struct scn_node *scn_node_create(struct scn_tree *tree, enum scn_node_kind kind,
                                 struct scn_place place)
{
    if (tree->node_count >= SCN_NODE_COUNT_MAX) {
        scn_tree_fail(tree, place, "more than %u values, aliases included", SCN_NODE_COUNT_MAX);
        return NULL;
    }
    struct scn_node *node = take(tree, sizeof *node);
    if (!node)
        return NULL;
    tree->node_count++;
    node->kind = kind;
    node->place = place;
    node->text = "";
    return node;
}

static struct scn_node **grow(struct scn_tree *tree, struct scn_node **old, uint32_t count,
                              uint32_t capacity)
{
    struct scn_node **grown = take(tree, capacity * sizeof *grown);
    if (grown && count)
        memcpy(grown, old, count * sizeof *grown);
    return grown;
}

int scn_node_append(struct scn_tree *tree, struct scn_node *parent, struct scn_node *key,
                    struct scn_node *value)
{
    if (parent->count == parent->capacity) {
        uint32_t capacity = parent->capacity ? parent->capacity * 2 : 4;
        struct scn_node **values = grow(tree, parent->values, parent->count, capacity);
        struct scn_node **keys =
            values && key ? grow(tree, parent->keys, parent->count, capacity) : NULL;
        if (!values || (key && !keys))
            return -ENOMEM;
        parent->values = values;
        parent->keys = keys;
        parent->capacity = capacity;
    }
    if (key)
        parent->keys[parent->count] = key;
    parent->values[parent->count++] = value;
    return 0;
}

struct scn_node *scn_node_copy(struct scn_tree *tree, const struct scn_node *node, uint32_t depth,
                               struct scn_place where)
{
    if (depth > SCN_NODE_DEPTH_MAX) {
        scn_tree_fail(tree, where, "nested more than %u deep", SCN_NODE_DEPTH_MAX);
        return NULL;
    }
    struct scn_node *copy = scn_node_create(tree, node->kind, where);
    if (!copy)
        return NULL;
    copy->place = node->place;
    copy->quoted = node->quoted;
    if (node->kind == SCN_NODE_SCALAR) {
        copy->text = scn_tree_text(tree, node->text, strlen(node->text));
        return copy->text ? copy : NULL;
    }
    for (uint32_t i = 0; i < node->count; i++) {
        struct scn_node *value = scn_node_copy(tree, node->values[i], depth + 1, where);
        struct scn_node *key = node->keys ? node->keys[i] : NULL; /* keys are never edited */
        if (!value || scn_node_append(tree, copy, key, value) != 0)
            return NULL;
    }
    return copy;
}

/* ---- looking ---- */

struct scn_node *scn_node_get(const struct scn_node *map, const char *key)
{
    for (uint32_t i = 0; map->kind == SCN_NODE_MAP && i < map->count; i++)
        if (strcmp(map->keys[i]->text, key) == 0)
            return map->values[i];
    return NULL;
}

bool scn_node_is_null(const struct scn_node *node)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
    if (node->kind != SCN_NODE_SCALAR || node->quoted)
        return false;
    for (size_t i = 0; i < sizeof nulls / sizeof *nulls; i++)
        if (strcmp(node->text, nulls[i]) == 0)
            return true;
    return false;
}

const char *scn_node_kind_text(const struct scn_node *node)
{
    static const char *const texts[] = {
        [SCN_NODE_SCALAR] = "a value", [SCN_NODE_MAP] = "a map", [SCN_NODE_LIST] = "a list"};
    return scn_node_is_null(node) ? "nothing" : texts[node->kind];
}

int scn_tree_fail(struct scn_tree *tree, struct scn_place place, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int code = scn_source_vfail(tree->source, place, tree->error, format, args);
    va_end(args);
    return code;
}
