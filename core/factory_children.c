/* SPDX-License-Identifier: MIT */
/*
 * The children of a factory: a list in the order of creation, and a tree of their names.
 *
 * Both are embedded in the children, so that a parent needs no memory for them: in simulation a
 * child lies on its machine's heap, which a crash takes away as a whole. The tree branches on the
 * bits of the name's hash, the lowest first, and each node is a child itself: a world has up to a
 * million machines, each new one asks whether its name is taken, and each node on the way lies on
 * another machine's heap, out of every cache. Other threads may go through the list, inside read
 * sections. Whoever changes it, or uses the tree, has taken the graph.
 *
 *   A node that has used up d steps' bits of the hash shares them with all nodes below it: any of
 *   these can take its place.
 */
#include "core/factory_parts.h"

#include <string.h>

/* FNV-1a, then the finalizer of SplitMix64, which spreads it to the high bits. */
static uint64_t hash_name(const char *name)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 0x100000001b3u;
    hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9u;
    hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebu;
    return hash ^ (hash >> 31);
}

/* The way of a hash from a node on; what is left of it leads on from there. */
static struct sm_factory **step(struct sm_factory *node, uint64_t *hash)
{
    struct sm_factory **place = &node->name_below[*hash % SM__NAMES_FAN];

    *hash >>= SM__NAMES_BITS;
    return place;
}

struct sm_factory *sm__children_find(struct sm_factory *parent, const char *name)
{
    const uint64_t hash = hash_name(name);
    uint64_t left = hash;
    struct sm_factory *node = parent->names;

    while (node && (node->name_hash != hash || strcmp(node->name, name) != 0))
        node = *step(node, &left);
    return node;
}

void sm__children_link(struct sm_factory *parent, struct sm_factory *child)
{
    struct sm_factory **place = &parent->names;
    uint64_t left;

    child->parent = parent;
    sm__list_publish(&parent->children, &child->child_link);
    left = child->name_hash = hash_name(child->name);
    while (*place) {
        child->name_up = *place;
        place = step(*place, &left);
    }
    *place = child;
}

/* Where a named child hangs. */
static struct sm_factory **place_of(const struct sm_factory *child)
{
    if (!child->name_up)
        return &child->parent->names;
    struct sm_factory **place = child->name_up->name_below;
    while (*place != child)
        place++;
    return place;
}

static struct sm_factory *first_below(const struct sm_factory *node)
{
    for (unsigned i = 0; i < SM__NAMES_FAN; i++) {
        if (node->name_below[i])
            return node->name_below[i];
    }
    return NULL;
}

static void put_in_place_of(struct sm_factory *old, struct sm_factory *leaf)
{
    *place_of(leaf) = NULL;
    *place_of(old) = leaf;
    leaf->name_up = old->name_up;
    memcpy(leaf->name_below, old->name_below, sizeof leaf->name_below);
    for (unsigned i = 0; i < SM__NAMES_FAN; i++) {
        if (leaf->name_below[i])
            leaf->name_below[i]->name_up = leaf;
    }
}

void sm__children_unname(struct sm_factory *child)
{
    struct sm_factory *leaf = child, *below;

    if (!child->name_up && child->parent->names != child)
        return; /* was done before */
    while ((below = first_below(leaf)))
        leaf = below;
    if (leaf == child)
        *place_of(child) = NULL;
    else
        put_in_place_of(child, leaf);
    child->name_up = NULL;
    memset(child->name_below, 0, sizeof child->name_below);
}

void sm__children_unlink(struct sm_factory *child)
{
    sm__children_unname(child);
    sm__list_withdraw(&child->child_link);
    __atomic_store_n(&child->parent, NULL, __ATOMIC_RELEASE);
}

struct sm_factory *sm__children_last_unvisited(struct sm_factory *parent)
{
    for (struct sm__list *link = parent->children.prev; link != &parent->children;
         link = link->prev) {
        struct sm_factory *child = sm__container(link, struct sm_factory, child_link);
        if (!child->stop_visited)
            return child;
    }
    return NULL;
}

int sm_factory_each_child(struct sm_factory *factory,
                          int (*visit)(struct sm_factory *child, void *arg), void *arg)
{
    for (struct sm__list *link = sm__list_next(&factory->children); link != &factory->children;
         link = sm__list_next(link)) {
        struct sm_factory *child = sm__container(link, struct sm_factory, child_link);
        const bool kept = __atomic_load_n(&child->kept, __ATOMIC_RELAXED);
        const int result = kept ? 0 : visit(child, arg);
        if (result)
            return result;
    }
    return 0;
}
