/* SPDX-License-Identifier: MIT */
/* --set KEY=VALUE: edits the document before it is checked. */
#include "scenarios/file/node.h"

#include "scenarios/file/quote.h"

#include "core/units.h"

#include <errno.h>
#include <string.h>

struct step {
    const char *key;      /* one part of the path */
    bool last;            /* the value goes here */
    bool next_is_element; /* what is made here must be a list */
};

/* Where the value of a key stands in a map; a new one holds nothing yet. NULL: out of memory. */
static struct scn_node **place_in_map(struct scn_tree *tree, struct scn_node *map, const char *key,
                                      struct scn_place place)
{
    for (uint32_t i = 0; i < map->count; i++)
        if (strcmp(map->keys[i]->text, key) == 0)
            return &map->values[i];
    struct scn_node *node = scn_node_create(tree, SCN_NODE_SCALAR, place);
    struct scn_node *value = scn_node_create(tree, SCN_NODE_SCALAR, place);
    if (!node || !value)
        return NULL;
    node->text = key;
    if (scn_node_append(tree, map, node, value) != 0)
        return NULL;
    return &map->values[map->count - 1];
}

static struct scn_node **place_in_list(struct scn_tree *tree, struct scn_node *list,
                                       const char *key, struct scn_place place)
{
    int64_t index = -1;
    char quoted[SCN_QUOTE_BYTES];
    if (sm__parse_i64(key, &index) != 0 || index < 0 || index > list->count) {
        scn_tree_fail(tree, place, "%s is no element of this list: it has %u, numbered from 0",
                      scn_quote(quoted, key), list->count);
        return NULL;
    }
    if (index == list->count) {
        struct scn_node *value = scn_node_create(tree, SCN_NODE_SCALAR, place);
        if (!value || scn_node_append(tree, list, NULL, value) != 0)
            return NULL;
    }
    return &list->values[index];
}

/* Goes one step down from *node, making what is missing. Returns 0, -EINVAL. */
static int descend(struct scn_tree *tree, struct scn_node **node, struct step step,
                   struct scn_node *value, struct scn_place place)
{
    struct scn_node **slot = NULL;
    char quoted[SCN_QUOTE_BYTES];
    if ((*node)->kind == SCN_NODE_SCALAR)
        return scn_tree_fail(tree, place, "%s stands below a value, not below a map",
                             scn_quote(quoted, step.key));
    if ((*node)->kind == SCN_NODE_MAP)
        slot = place_in_map(tree, *node, step.key, place);
    else
        slot = place_in_list(tree, *node, step.key, place);
    if (!slot)
        return -EINVAL;
    if (step.last)
        *slot = value;
    else if (scn_node_is_null(*slot))
        *slot = scn_node_create(tree, step.next_is_element ? SCN_NODE_LIST : SCN_NODE_MAP, place);
    *node = *slot;
    return *slot ? 0 : -EINVAL;
}

int scn_tree_set(struct scn_tree *tree, struct scn_node *root, const char *set)
{
    struct scn_place place = {.set = set};
    const char *equals = strchr(set, '=');
    if (!equals || equals == set)
        return scn_tree_fail(tree, place, "must be KEY=VALUE, such as machines.client.count=7");
    char *path = scn_tree_text(tree, set, (size_t)(equals - set));
    struct scn_node *value = NULL;
    if (!path)
        return -ENOMEM;
    int error = scn_tree_parse(tree, equals + 1, strlen(equals + 1), set, &value);
    while (path && !error) {
        struct step step = {.key = strsep(&path, ".")};
        step.last = path == NULL;
        step.next_is_element = path && (strcmp(path, "0") == 0 || strncmp(path, "0.", 2) == 0);
        if (!*step.key)
            return scn_tree_fail(tree, place, "a part of the key is empty");
        error = descend(tree, &root, step, value, place);
    }
    return error;
}
