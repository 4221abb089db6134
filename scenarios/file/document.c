/* SPDX-License-Identifier: MIT */
/*
 * From YAML events to a tree. See node.h for why it is not libyaml's own document.
 *
 * (libcyaml, which binds YAML to structs by a table, was considered: it has neither suggestions,
 * nor values of several forms such as constant, range or distribution, nor maps of one key as in
 * `faults:`. bind.h is the table that the parser, its messages and the JSON Schema share.)
 */
#include "scenarios/file/node.h"

#include "scenarios/file/quote.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#define ANCHORS_MAX 1000u /* they are looked up one by one */

struct anchor {
    const char *name;
    struct scn_node *node; /* NULL while it is still being read */
};

struct builder {
    struct scn_tree *tree;
    const char *set;
    const char *text; /* what is parsed, for better messages */
    size_t size;
    yaml_parser_t parser;
    yaml_event_t event; /* the current one; deleted by `next` */
    bool has_event;
    struct anchor *anchors;
    uint32_t anchor_count, anchor_capacity;
};

static struct scn_place place_of(const struct builder *b, yaml_mark_t mark)
{
    return (struct scn_place){
        .line = (uint32_t)mark.line + 1, .column = (uint32_t)mark.column + 1, .set = b->set};
}

/* ---- events ---- */

/* What libyaml says, in the words of this format where its own would puzzle. */
static const char *explain(const char *problem)
{
    static const char *const words[][2] = {
        {"mapping values are not allowed in this context",
         "no key can stand here: is the line above finished, the indentation right?"},
        {"did not find expected key", "a key must stand here: is the indentation right?"},
        {"block sequence entries are not allowed in this context",
         "no list can stand here: is the indentation right?"},
        {"could not find expected ':'", "a ':' is missing after the key"},
    };
    for (size_t i = 0; problem && i < sizeof words / sizeof *words; i++)
        if (strcmp(problem, words[i][0]) == 0)
            return words[i][1];
    return problem ? problem : "unreadable";
}

/* The byte at a mark, which counts characters; a NUL at the end. */
static char byte_at(const struct builder *b, yaml_mark_t mark)
{
    size_t left = mark.index;
    for (size_t i = 0; i < b->size; i++) {
        bool begins = (b->text[i] & 0xc0) != 0x80;
        if (begins && left-- == 0)
            return b->text[i];
    }
    return '\0';
}

static int fail_syntax(struct builder *b)
{
    const yaml_parser_t *parser = &b->parser;
    struct scn_place place = place_of(b, parser->problem_mark);
    if (parser->error == YAML_MEMORY_ERROR) {
        scn_tree_fail(b->tree, (struct scn_place){0}, "out of memory");
        return -ENOMEM;
    }
    /* libyaml calls a tab "a character that cannot start any token". */
    if (byte_at(b, parser->problem_mark) == '\t')
        return scn_tree_fail(b->tree, place, "a tab: indent with spaces");
    const char *problem = explain(parser->problem);
    if (!parser->context || b->set || parser->context_mark.line == parser->problem_mark.line)
        return scn_tree_fail(b->tree, place, "not valid YAML: %s", problem);
    return scn_tree_fail(b->tree, place, "not valid YAML: %s, %s that begins in line %zu", problem,
                         parser->context, parser->context_mark.line + 1);
}

static int next(struct builder *b)
{
    if (b->has_event)
        yaml_event_delete(&b->event);
    b->has_event = yaml_parser_parse(&b->parser, &b->event) != 0;
    return b->has_event ? 0 : fail_syntax(b);
}

/* ---- anchors ---- */

static struct anchor *find_anchor(struct builder *b, const char *name)
{
    for (uint32_t i = b->anchor_count; i-- > 0;) /* the last one of a name counts */
        if (strcmp(b->anchors[i].name, name) == 0)
            return &b->anchors[i];
    return NULL;
}

/* Notes an anchor; *index says where. Without a name nothing is noted. */
static int begin_anchor(struct builder *b, const yaml_char_t *name, uint32_t *index)
{
    *index = UINT32_MAX;
    if (!name)
        return 0;
    if (b->anchor_count == ANCHORS_MAX) {
        scn_tree_fail(b->tree, place_of(b, b->event.start_mark), "more than %u anchors",
                      ANCHORS_MAX);
        return -E2BIG;
    }
    if (b->anchor_count == b->anchor_capacity) {
        uint32_t capacity = b->anchor_capacity ? b->anchor_capacity * 2 : 8;
        struct anchor *grown = realloc(b->anchors, capacity * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        b->anchors = grown;
        b->anchor_capacity = capacity;
    }
    const char *copy = scn_tree_text(b->tree, (const char *)name, strlen((const char *)name));
    if (!copy)
        return -ENOMEM;
    *index = b->anchor_count;
    b->anchors[b->anchor_count++] = (struct anchor){.name = copy};
    return 0;
}

static void end_anchor(struct builder *b, uint32_t index, struct scn_node *node)
{
    if (index != UINT32_MAX)
        b->anchors[index].node = node;
}

static int build_alias(struct builder *b, uint32_t depth, struct scn_node **out)
{
    const char *name = (const char *)b->event.data.alias.anchor;
    struct scn_place place = place_of(b, b->event.start_mark);
    const struct anchor *anchor = find_anchor(b, name);
    char quoted[SCN_QUOTE_BYTES];
    if (!anchor)
        return scn_tree_fail(b->tree, place, "no anchor %s before this alias",
                             scn_quote(quoted, name));
    if (!anchor->node)
        return scn_tree_fail(b->tree, place, "alias %s inside of what it names",
                             scn_quote(quoted, name));
    *out = scn_node_copy(b->tree, anchor->node, depth, place);
    return *out ? 0 : -E2BIG;
}

/* ---- nodes ---- */

static int build(struct builder *b, uint32_t depth, struct scn_node **out);

static int refuse_tag(struct builder *b, const yaml_char_t *tag)
{
    char quoted[SCN_QUOTE_BYTES];
    return !tag ? 0
                : scn_tree_fail(b->tree, place_of(b, b->event.start_mark),
                                "tags are not supported: %s", scn_quote(quoted, (const char *)tag));
}

static int build_scalar(struct builder *b, struct scn_node **out)
{
    struct scn_place place = place_of(b, b->event.start_mark);
    const char *text = (const char *)b->event.data.scalar.value;
    size_t size = b->event.data.scalar.length;
    uint32_t anchor;
    if (refuse_tag(b, b->event.data.scalar.tag) != 0)
        return -EINVAL;
    if (memchr(text, '\0', size))
        return scn_tree_fail(b->tree, place, "a text must not contain a zero character");
    int error = begin_anchor(b, b->event.data.scalar.anchor, &anchor);
    if (error)
        return error;
    struct scn_node *node = scn_node_create(b->tree, SCN_NODE_SCALAR, place);
    if (!node)
        return -E2BIG;
    node->text = scn_tree_text(b->tree, text, size);
    if (!node->text)
        return -ENOMEM;
    node->quoted = b->event.data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    end_anchor(b, anchor, node);
    *out = node;
    return 0;
}

static int build_list(struct builder *b, uint32_t depth, struct scn_node **out)
{
    struct scn_node *list =
        scn_node_create(b->tree, SCN_NODE_LIST, place_of(b, b->event.start_mark));
    uint32_t anchor;
    if (!list)
        return -E2BIG;
    if (refuse_tag(b, b->event.data.sequence_start.tag) != 0)
        return -EINVAL;
    int error = begin_anchor(b, b->event.data.sequence_start.anchor, &anchor);
    while (!error) {
        struct scn_node *value = NULL;
        error = next(b);
        if (!error && b->event.type == YAML_SEQUENCE_END_EVENT)
            break;
        if (!error)
            error = build(b, depth + 1, &value);
        if (!error)
            error = scn_node_append(b->tree, list, NULL, value);
    }
    if (error)
        return error;
    end_anchor(b, anchor, list);
    *out = list;
    return 0;
}

static int compare_keys(const void *left, const void *right)
{
    const struct scn_node *a = *(struct scn_node *const *)left;
    const struct scn_node *b = *(struct scn_node *const *)right;
    int order = strcmp(a->text, b->text);
    if (order == 0)
        order = (a->place.line > b->place.line) - (a->place.line < b->place.line);
    if (order == 0)
        order = (a->place.column > b->place.column) - (a->place.column < b->place.column);
    return order;
}

/* Sorted, because a hostile file may have a hundred thousand keys in one map. */
static int refuse_duplicate_keys(struct builder *b, const struct scn_node *map)
{
    if (map->count < 2)
        return 0;
    struct scn_node **sorted = malloc(map->count * sizeof(struct scn_node *));
    if (!sorted)
        return -ENOMEM;
    memcpy(sorted, map->keys, map->count * sizeof(struct scn_node *));
    qsort(sorted, map->count, sizeof(struct scn_node *), compare_keys);
    int error = 0;
    char quoted[SCN_QUOTE_BYTES];
    for (uint32_t i = 1; i < map->count && !error; i++)
        if (strcmp(sorted[i - 1]->text, sorted[i]->text) == 0)
            error = scn_tree_fail(b->tree, sorted[i]->place,
                                  "key %s is here twice: it is in line %u already",
                                  scn_quote(quoted, sorted[i]->text), sorted[i - 1]->place.line);
    free(sorted);
    return error;
}

static int build_key(struct builder *b, uint32_t depth, struct scn_node **out)
{
    struct scn_place place = place_of(b, b->event.start_mark);
    int error = build(b, depth, out);
    if (error)
        return error;
    if ((*out)->kind != SCN_NODE_SCALAR)
        return scn_tree_fail(b->tree, place, "a key must be a word, not %s",
                             scn_node_kind_text(*out));
    return 0;
}

/*
 * In `{ latency: lognormal(2ms, 0.8) }` the comma ends the value for YAML, and `0.8)` becomes a key
 * without one. A value that has an open parenthesis takes such a key back. Returns true if it did.
 */
static bool rejoin(struct builder *b, const struct scn_node *map, const struct scn_node *key,
                   const struct scn_node *value)
{
    if (map->count == 0 || key->quoted || value->kind != SCN_NODE_SCALAR || value->quoted ||
        *value->text)
        return false;
    struct scn_node *open = map->values[map->count - 1];
    if (open->kind != SCN_NODE_SCALAR || open->quoted || !strchr(open->text, '(') ||
        strchr(open->text, ')'))
        return false;
    char joined[256];
    int length = snprintf(joined, sizeof joined, "%s, %s", open->text, key->text);
    const char *text =
        length < (int)sizeof joined ? scn_tree_text(b->tree, joined, (size_t)length) : NULL;
    if (!text)
        return false;
    open->text = text;
    return true;
}

/* Builds one key and its value; the current event begins the key. */
static int build_pair(struct builder *b, uint32_t depth, struct scn_node *map, bool is_flow)
{
    struct scn_node *key = NULL, *value = NULL;
    int error = build_key(b, depth, &key);
    if (!error)
        error = next(b);
    if (!error)
        error = build(b, depth, &value);
    if (error || (is_flow && rejoin(b, map, key, value)))
        return error;
    return scn_node_append(b->tree, map, key, value);
}

static int build_map(struct builder *b, uint32_t depth, struct scn_node **out)
{
    struct scn_node *map = scn_node_create(b->tree, SCN_NODE_MAP, place_of(b, b->event.start_mark));
    bool is_flow = b->event.data.mapping_start.style == YAML_FLOW_MAPPING_STYLE;
    uint32_t anchor;
    if (!map)
        return -E2BIG;
    if (refuse_tag(b, b->event.data.mapping_start.tag) != 0)
        return -EINVAL;
    int error = begin_anchor(b, b->event.data.mapping_start.anchor, &anchor);
    while (!error) {
        error = next(b);
        if (!error && b->event.type == YAML_MAPPING_END_EVENT)
            break;
        if (!error)
            error = build_pair(b, depth + 1, map, is_flow);
    }
    if (error)
        return error;
    end_anchor(b, anchor, map);
    *out = map;
    return refuse_duplicate_keys(b, map);
}

/* Builds the node that the current event begins. Recursion is bounded by the depth. */
static int build(struct builder *b, uint32_t depth, struct scn_node **out)
{
    if (depth > SCN_NODE_DEPTH_MAX)
        return scn_tree_fail(b->tree, place_of(b, b->event.start_mark), "nested more than %u deep",
                             SCN_NODE_DEPTH_MAX);
    switch (b->event.type) {
    case YAML_ALIAS_EVENT:
        return build_alias(b, depth, out);
    case YAML_SCALAR_EVENT:
        return build_scalar(b, out);
    case YAML_SEQUENCE_START_EVENT:
        return build_list(b, depth, out);
    case YAML_MAPPING_START_EVENT:
        return build_map(b, depth, out);
    default:
        return scn_tree_fail(b->tree, place_of(b, b->event.start_mark), "not valid YAML");
    }
}

/* ---- the whole ---- */

static int build_document(struct builder *b, struct scn_node **out)
{
    int error = next(b); /* stream start */
    if (!error)
        error = next(b);
    if (!error && b->event.type == YAML_STREAM_END_EVENT)
        return scn_tree_fail(b->tree, (struct scn_place){.set = b->set},
                             b->set ? "no value" : "the file is empty");
    if (!error)
        error = next(b); /* the first node */
    if (!error)
        error = build(b, 0, out);
    if (!error)
        error = next(b); /* document end */
    if (!error)
        error = next(b);
    if (!error && b->event.type != YAML_STREAM_END_EVENT)
        error = scn_tree_fail(b->tree, place_of(b, b->event.start_mark),
                              "a second document begins here: one file is one scenario");
    return error;
}

int scn_tree_parse(struct scn_tree *tree, const char *text, size_t size, const char *set,
                   struct scn_node **out)
{
    struct builder b = {.tree = tree, .set = set, .text = text, .size = size};
    if (!yaml_parser_initialize(&b.parser)) {
        scn_tree_fail(tree, (struct scn_place){0}, "out of memory");
        return -ENOMEM;
    }
    yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&b.parser, (const unsigned char *)text, size);
    int error = build_document(&b, out);
    if (b.has_event)
        yaml_event_delete(&b.event);
    yaml_parser_delete(&b.parser);
    free(b.anchors);
    return error;
}
