/* SPDX-License-Identifier: MIT */
#include "node.h"

#include <stdlib.h>
#include <string.h>

static struct vfs_node *find(struct vfs_node *nodes, const char *path)
{
    struct vfs_node *node = nodes;
    while (node && strcmp(node->path, path) != 0)
        node = node->next;
    return node;
}

struct vfs_node *vfs_node_open(struct vfs_node **nodes, const char *path)
{
    struct vfs_node *node = find(*nodes, path);
    if (!node) {
        const size_t size = strlen(path) + 1;
        node = calloc(1, sizeof(*node) + size);
        if (!node)
            return NULL;
        memcpy(node->path, path, size);
        node->next = *nodes;
        *nodes = node;
    }
    node->opens++;
    return node;
}

void vfs_node_drop_shm(struct vfs_node *node)
{
    for (int i = 0; i < VFS_SHM_REGIONS; i++) {
        free(node->shm[i]);
        node->shm[i] = NULL;
    }
}

void vfs_node_close(struct vfs_node **nodes, struct vfs_node *node)
{
    if (--node->opens > 0)
        return;
    struct vfs_node **link = nodes;
    while (*link != node)
        link = &(*link)->next;
    *link = node->next;
    vfs_node_drop_shm(node);
    for (int i = 0; i < VFS_CHUNKS; i++)
        free(node->chunks[i]);
    free(node);
}

void vfs_node_forget(struct vfs_node *nodes, const char *path)
{
    struct vfs_node *node = find(nodes, path);
    if (node)
        node->path[0] = '\0';
}

static bool may_take(const struct vfs_locks *locks, const struct vfs_hold *hold, int index,
                     bool write)
{
    const int mine = hold->read >> index & 1;
    if (hold->write >> index & 1)
        return true;
    return write ? locks->held[index] == mine : locks->held[index] != VFS_HELD_BY_WRITE;
}

static void take(struct vfs_locks *locks, struct vfs_hold *hold, int index, bool write)
{
    const uint16_t bit = (uint16_t)(1u << index);
    if (hold->write & bit)
        return;
    if (write) {
        locks->held[index] = VFS_HELD_BY_WRITE;
        hold->write |= bit;
        hold->read &= (uint16_t)~bit;
    } else if (!(hold->read & bit)) {
        locks->held[index]++;
        hold->read |= bit;
    }
}

bool vfs_locks_take(struct vfs_locks *locks, struct vfs_hold *hold, int first, int count,
                    bool write)
{
    for (int i = first; i < first + count; i++) {
        if (!may_take(locks, hold, i, write))
            return false;
    }
    for (int i = first; i < first + count; i++)
        take(locks, hold, i, write);
    return true;
}

void vfs_locks_drop(struct vfs_locks *locks, struct vfs_hold *hold, int first, int count)
{
    for (int i = first; i < first + count; i++) {
        const uint16_t bit = (uint16_t)(1u << i);
        if (hold->write & bit)
            locks->held[i] = 0;
        else if (hold->read & bit)
            locks->held[i]--;
        hold->write &= (uint16_t)~bit;
        hold->read &= (uint16_t)~bit;
    }
}

void vfs_locks_weaken(struct vfs_locks *locks, struct vfs_hold *hold, int index)
{
    const uint16_t bit = (uint16_t)(1u << index);
    if (!(hold->write & bit))
        return;
    locks->held[index] = 1;
    hold->write &= (uint16_t)~bit;
    hold->read |= bit;
}
