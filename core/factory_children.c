/* SPDX-License-Identifier: MIT */
/*
 * The children of a factory: a list in the order of creation, and a tree of their names.
 *
 * Both are embedded in the children, so that a parent needs no memory for them: in simulation a
 * child lies on its machine's heap, which a crash takes away as a whole. The tree is ordered by the
 * hash of the name, which balances it well enough (expected depth 2 ln n): a world has up to a
 * million machines, and each new one asks whether its name is taken. Other threads may go through
 * the list, inside read sections. Whoever changes it, or uses the tree, has taken the graph.
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

static int compare(uint64_t hash, const char *name, const struct sm_factory *with)
{
    if (hash != with->name_hash)
        return hash < with->name_hash ? -1 : 1;
    return strcmp(name, with->name);
}

struct sm_factory *sm__children_find(struct sm_factory *parent, const char *name)
{
    uint64_t hash = hash_name(name);
    struct sm_factory *node = parent->names;
    while (node) {
        int order = compare(hash, name, node);
        if (order == 0)
            return node;
        node = order < 0 ? node->name_low : node->name_high;
    }
    return NULL;
}

void sm__children_link(struct sm_factory *parent, struct sm_factory *child)
{
    child->parent = parent;
    sm__list_publish(&parent->children, &child->child_link);
    child->name_hash = hash_name(child->name);
    struct sm_factory **place = &parent->names;
    while (*place) {
        child->name_up = *place;
        int order = compare(child->name_hash, child->name, *place);
        SM_ASSERT(order != 0);
        place = order < 0 ? &(*place)->name_low : &(*place)->name_high;
    }
    *place = child;
}

static void put_in_place_of(struct sm_factory *parent, const struct sm_factory *old,
                            struct sm_factory *node)
{
    if (!old->name_up)
        parent->names = node;
    else if (old->name_up->name_low == old)
        old->name_up->name_low = node;
    else
        old->name_up->name_high = node;
    if (node)
        node->name_up = old->name_up;
}

void sm__children_unname(struct sm_factory *child)
{
    struct sm_factory *parent = child->parent;
    if (!child->name_up && parent->names != child)
        return; /* was done before */
    if (!child->name_low || !child->name_high) {
        put_in_place_of(parent, child, child->name_low ? child->name_low : child->name_high);
    } else {
        struct sm_factory *next = child->name_high;
        while (next->name_low)
            next = next->name_low;
        if (next != child->name_high) {
            put_in_place_of(parent, next, next->name_high);
            next->name_high = child->name_high;
            next->name_high->name_up = next;
        }
        put_in_place_of(parent, child, next);
        next->name_low = child->name_low;
        next->name_low->name_up = next;
    }
    child->name_up = child->name_low = child->name_high = NULL;
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
