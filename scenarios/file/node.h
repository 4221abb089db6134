/* SPDX-License-Identifier: MIT */
/*
 * The document: a tree of nodes that know where they were written.
 *
 * Built from libyaml's events rather than taken from its document interface, because depth, size,
 * duplicate keys and aliases are checked while the tree grows, and because --set edits it. An alias
 * becomes a copy of what it names, so that editing one place never moves another.
 */
#ifndef STEELMILL_SCENARIOS_FILE_NODE_H
#define STEELMILL_SCENARIOS_FILE_NODE_H

#include "scenarios/file/source.h"

#define SCN_NODE_DEPTH_MAX  32u
#define SCN_NODE_COUNT_MAX  500000u
#define SCN_NODE_TEXT_BYTES ((size_t)64 << 20) /* of all nodes; only aliases can exceed it */

enum scn_node_kind { SCN_NODE_SCALAR, SCN_NODE_MAP, SCN_NODE_LIST };

struct scn_node {
    enum scn_node_kind kind;
    bool quoted; /* scalar: written with quotes, or as a block */
    struct scn_place place;
    const char *text; /* scalar; no NUL inside */
    uint32_t count, capacity;
    struct scn_node **keys; /* map: scalars, all different */
    struct scn_node **values;
};

struct scn_chunk;

/* Owns all nodes of a document and frees them at once. */
struct scn_tree {
    const struct scn_source *source; /* for messages */
    struct scn_error *error;
    struct scn_chunk *chunks;
    uint32_t node_count;
    size_t text_bytes;
};

void scn_tree_init(struct scn_tree *tree, const struct scn_source *source, struct scn_error *error);
void scn_tree_finish(struct scn_tree *tree);

/*
 * Builds the document of a YAML text. Exactly one document is allowed.
 *   set: NULL for the file itself, else the --set argument that the text belongs to
 * Returns 0; -EINVAL (wrong), -ENOMEM, -E2BIG: the tree's error says what.
 */
int scn_tree_parse(struct scn_tree *tree, const char *text, size_t size, const char *set,
                   struct scn_node **out);

/*
 * Applies KEY=VALUE: KEY is a path such as machines.client.count or faults.0.pause.for; maps that
 * are missing on the way are made; a list takes the number of one of its elements, or of the next
 * one. Returns as scn_tree_parse does.
 */
int scn_tree_set(struct scn_tree *tree, struct scn_node *root, const char *set);

/* ---- used by the above ---- */
struct scn_node *scn_node_create(struct scn_tree *tree, enum scn_node_kind kind,
                                 struct scn_place place);
char *scn_tree_text(struct scn_tree *tree, const char *text, size_t size);
/* Appends to a map (key given) or a list (key NULL). Returns 0, -ENOMEM. */
int scn_node_append(struct scn_tree *tree, struct scn_node *parent, struct scn_node *key,
                    struct scn_node *value);
/* A deep copy, for an alias at `where`. NULL: too deep, too many, or no memory. */
struct scn_node *scn_node_copy(struct scn_tree *tree, const struct scn_node *node, uint32_t depth,
                               struct scn_place where);

/* ---- looking ---- */
/* The value of a key of a map; NULL if it is not there. */
struct scn_node *scn_node_get(const struct scn_node *map, const char *key);
/* True for a value that is left out: nothing, ~ or null without quotes. */
bool scn_node_is_null(const struct scn_node *node);

/* "a map", "a list", "a value", "nothing" */
const char *scn_node_kind_text(const struct scn_node *node);

int scn_tree_fail(struct scn_tree *tree, struct scn_place place, const char *format, ...)
    SM_PRINTF(3, 4);

#endif
