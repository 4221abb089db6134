/* SPDX-License-Identifier: MIT */
/* The log of changes of names: which of them need which, what a sync and a crash make of it. */
#include "sim/disk_tree.h"

#include "sim/host.h"

#include <string.h>

#define LOG_MAX 1024u

/* ---- one name ---- */

static void link_up(struct sim_image *image, struct sim_inode *directory, struct sim_inode *inode)
{
    if (!inode)
        return;
    sim_inode_hold(inode);
    inode->links++;
    if (inode->is_directory)
        inode->parent = directory;
    sim_bytes_count(&inode->bytes, &image->pages, true);
}

static void link_down(struct sim_image *image, struct sim_inode *inode)
{
    if (!inode)
        return;
    inode->links--;
    if (inode->links == 0 && inode->holders == 0)
        sim_bytes_count(&inode->bytes, &image->pages, false);
    if (inode->links == 0)
        inode->parent = NULL;
    sim_inode_let_go(image, inode);
}

static void set_name(struct sim_image *image, const struct sim_touch *touch,
                     struct sim_inode *inode)
{
    struct sim_names *names = &touch->directory->names;
    struct sim_inode *old = sim_names_get(names, touch->name, strlen(touch->name));

    sim_names_set(names, touch->name, inode);
    link_up(image, touch->directory, inode);
    link_down(image, old);
}

/* ---- one change ---- */

static void hold(struct sim_inode *inode)
{
    if (inode)
        sim_inode_hold(inode);
}

static void copy_touch(struct sim_touch *to, const struct sim_touch *from)
{
    const size_t size = strlen(from->name) + 1;

    *to = *from;
    to->name = memcpy(sim_host_alloc(size), from->name, size);
    hold(to->directory);
    hold(to->before);
    hold(to->after);
}

static void change_free(struct sim_image *image, struct sim_change *change)
{
    for (uint32_t i = 0; i < change->count; i++) {
        struct sim_touch *touch = &change->touches[i];
        sim_inode_let_go(image, touch->before);
        sim_inode_let_go(image, touch->after);
        sim_inode_let_go(image, touch->directory);
        sim_host_free(touch->name);
    }
    sim_host_free(change);
}

static void do_change(struct sim_image *image, const struct sim_change *change)
{
    for (uint32_t i = 0; i < change->count; i++)
        set_name(image, &change->touches[i], change->touches[i].after);
}

static void undo_change(struct sim_image *image, const struct sim_change *change)
{
    for (uint32_t i = change->count; i-- > 0;)
        set_name(image, &change->touches[i], change->touches[i].before);
}

/* ---- which need which ---- */

static bool same_name(const struct sim_touch *a, const struct sim_touch *b)
{
    return a->directory == b->directory && strcmp(a->name, b->name) == 0;
}

static bool moves_directory(const struct sim_change *change)
{
    return change->count == 2 && change->touches[0].before->is_directory;
}

/* The directory that a change takes away for good; NULL: none. */
static const struct sim_inode *removed_directory(const struct sim_change *change)
{
    const struct sim_inode *before = change->touches[change->count - 1].before;
    return before && before->is_directory ? before : NULL;
}

/* True if `inode` is `directory` or lies above it. */
static bool is_above(const struct sim_inode *inode, const struct sim_inode *directory)
{
    while (directory && directory != inode)
        directory = directory->parent;
    return directory != NULL;
}

/* True if `change` can be kept only with `earlier`, which comes before it. */
static bool needs(const struct sim_change *change, const struct sim_change *earlier)
{
    const struct sim_inode *removed = removed_directory(change);
    const struct sim_inode *named = earlier->touches[earlier->count - 1].after;

    if (moves_directory(change) && moves_directory(earlier))
        return true;
    if (change->count == 2 && named && named->is_directory &&
        is_above(named, change->touches[1].directory))
        return true;
    for (uint32_t i = 0; i < earlier->count; i++) {
        if (removed && earlier->touches[i].directory == removed)
            return true;
        for (uint32_t k = 0; k < change->count; k++) {
            if (same_name(&change->touches[k], &earlier->touches[i]))
                return true;
        }
    }
    return false;
}

/* ---- the log ---- */

void sim_log_change(struct sim_image *image, const struct sim_touch *to,
                    const struct sim_touch *from)
{
    struct sim_change *change = sim_host_alloc(sizeof *change);

    change->number = ++image->changes;
    if (from)
        copy_touch(&change->touches[change->count++], from);
    copy_touch(&change->touches[change->count++], to);
    if (image->log_count == image->log_capacity) {
        image->log_capacity = image->log_capacity ? image->log_capacity * 2 : 8;
        image->log = sim_host_resize(image->log, image->log_capacity * sizeof(void *));
    }
    image->log[image->log_count++] = change;
    do_change(image, change);
    if (image->log_count > LOG_MAX)
        sim_log_sync_all(image, image->log[LOG_MAX / 2]->number);
}

/* Forgets the changes that are kept: they are durable. */
static void forget_kept(struct sim_image *image)
{
    size_t left = 0;

    for (size_t i = 0; i < image->log_count; i++) {
        if (image->log[i]->is_kept)
            change_free(image, image->log[i]);
        else
            image->log[left++] = image->log[i];
    }
    image->log_count = left;
}

void sim_log_sync_all(struct sim_image *image, uint64_t up_to)
{
    for (size_t i = 0; i < image->log_count; i++)
        image->log[i]->is_kept = image->log[i]->number <= up_to;
    forget_kept(image);
}

static bool concerns(const struct sim_change *change, const struct sim_inode *directory)
{
    return change->touches[0].directory == directory ||
           (change->count == 2 && change->touches[1].directory == directory);
}

void sim_log_sync(struct sim_image *image, const struct sim_inode *directory, uint64_t up_to)
{
    for (size_t i = 0; i < image->log_count; i++) {
        struct sim_change *change = image->log[i];
        change->is_kept = change->number <= up_to && concerns(change, directory);
    }
    for (size_t i = image->log_count; i-- > 0;) {
        for (size_t k = 0; k < i && image->log[i]->is_kept; k++)
            image->log[k]->is_kept = image->log[k]->is_kept || needs(image->log[i], image->log[k]);
    }
    forget_kept(image);
}

/* A change that lacks what it needs is not kept. */
static void drop_unsupported(struct sim_image *image)
{
    for (size_t i = 0; i < image->log_count; i++) {
        struct sim_change *change = image->log[i];
        for (size_t k = 0; k < i && change->is_kept; k++)
            change->is_kept = image->log[k]->is_kept || !needs(change, image->log[k]);
    }
}

void sim_log_crash(struct sim_image *image, struct sim_losses *losses)
{
    drop_unsupported(image);
    for (size_t i = image->log_count; i-- > 0;)
        undo_change(image, image->log[i]);
    for (size_t i = 0; i < image->log_count; i++) {
        if (image->log[i]->is_kept)
            do_change(image, image->log[i]);
        losses->kept_names += image->log[i]->is_kept;
        losses->lost_names += !image->log[i]->is_kept;
    }
    sim_log_drop(image);
}

void sim_log_drop(struct sim_image *image)
{
    for (size_t i = 0; i < image->log_count; i++)
        change_free(image, image->log[i]);
    image->log_count = 0;
}
