/* SPDX-License-Identifier: MIT */
#include "sim/disk_image.h"

#include "core/assert.h"
#include "core/disk_path.h"
#include "sim/disk_tree.h"
#include "sim/host.h"

#include <errno.h>
#include <string.h>

/* ---- inodes ---- */

struct sim_inode *sim_inode_create(struct sim_image *image, bool is_directory)
{
    struct sim_inode *inode = sim_host_alloc(sizeof *inode);

    inode->number = ++image->inodes;
    inode->is_directory = is_directory;
    sm__list_init(&inode->link);
    return inode;
}

void sim_inode_hold(struct sim_inode *inode)
{
    inode->references++;
}

static void inode_free(struct sim_image *image, struct sim_inode *inode)
{
    struct sim_names names = inode->names;

    sm__list_remove(&inode->link);
    sim_bytes_finish(&inode->bytes, &image->pages);
    sim_host_free(inode);
    for (size_t i = 0; i < names.count; i++) { /* a directory that a crash has lost */
        struct sim_inode *child = names.entries[i].inode;
        child->parent = NULL;
        if (--child->links == 0 && child->holders == 0)
            sim_bytes_count(&child->bytes, &image->pages, false);
        sim_inode_let_go(image, child);
    }
    sim_names_finish(&names);
}

void sim_inode_let_go(struct sim_image *image, struct sim_inode *inode)
{
    if (inode && --inode->references == 0)
        inode_free(image, inode);
}

void sim_inode_update(struct sim_image *image, struct sim_inode *inode)
{
    const bool is_listed = !sm__list_empty(&inode->link);
    const bool is_pending = sim_bytes_pending(&inode->bytes);

    if (is_pending && !is_listed)
        sm__list_append(&image->pending, &inode->link);
    else if (!is_pending)
        sm__list_remove(&inode->link);
}

void sim_image_release(struct sim_image *image, struct sim_inode *inode)
{
    if (--inode->holders == 0 && inode->links == 0)
        sim_bytes_count(&inode->bytes, &image->pages, false);
    sim_inode_let_go(image, inode);
}

/* ---- paths ---- */

/* Where a path leads: its directory and last part, and what is there. */
struct place {
    struct sim_inode *directory; /* NULL: the path is "." */
    const char *name;
    struct sim_inode *inode; /* NULL: nothing */
};

static int walk(struct sim_image *image, const char *path, struct place *place)
{
    struct sim_inode *at = image->root;

    if (strcmp(path, ".") == 0) {
        *place = (struct place){.name = path, .inode = at};
        return 0;
    }
    for (;;) {
        const size_t length = strcspn(path, "/");
        struct sim_inode *next = sim_names_get(&at->names, path, length);
        if (!path[length]) {
            *place = (struct place){at, path, next};
            return 0;
        }
        if (!next)
            return -ENOENT;
        if (!next->is_directory)
            return -ENOTDIR;
        at = next;
        path += length + 1;
    }
}

/* The same of what must be there. */
static int walk_to(struct sim_image *image, const char *path, struct place *place)
{
    const int error = walk(image, path, place);
    return !error && !place->inode ? -ENOENT : error;
}

static struct sim_touch touch(const struct place *place, struct sim_inode *after)
{
    return (struct sim_touch){.directory = place->directory,
                              .before = place->inode,
                              .after = after,
                              .name = (char *)(uintptr_t)place->name};
}

static void change_name(struct sim_image *image, const struct place *place, struct sim_inode *after)
{
    const struct sim_touch to = touch(place, after);
    sim_log_change(image, &to, NULL);
}

/* ---- names ---- */

uint64_t sim_image_now(const struct sim_image *image)
{
    return image->changes;
}

int sim_image_find(struct sim_image *image, const char *path, struct sim_inode **out)
{
    struct place place;
    const int error = walk_to(image, path, &place);

    if (!error)
        *out = place.inode;
    return error;
}

int sim_image_open(struct sim_image *image, const char *path, bool create, bool exclusive,
                   struct sim_inode **out)
{
    struct place place;
    const int error = create ? walk(image, path, &place) : walk_to(image, path, &place);

    if (error)
        return error;
    if (place.inode && create && exclusive)
        return -EEXIST;
    if (place.inode && place.inode->is_directory)
        return -EISDIR;
    if (!place.inode) {
        place.inode = sim_inode_create(image, false);
        struct place nothing = {place.directory, place.name, NULL};
        change_name(image, &nothing, place.inode);
    }
    sim_inode_hold(place.inode);
    place.inode->holders++;
    *out = place.inode;
    return 0;
}

int sim_image_unlink(struct sim_image *image, const char *path)
{
    struct place place;
    const int error = walk_to(image, path, &place);

    if (error)
        return error;
    if (place.inode->is_directory)
        return -EISDIR;
    change_name(image, &place, NULL);
    return 0;
}

/* True if `inode` is `directory` or lies above it. */
static bool is_above(const struct sim_inode *inode, const struct sim_inode *directory)
{
    while (directory && directory != inode)
        directory = directory->parent;
    return directory != NULL;
}

/* What Linux refuses, in its order. */
static int check_rename(const struct place *from, const struct place *to)
{
    if (!from->inode)
        return -ENOENT;
    if (is_above(from->inode, to->directory))
        return -EINVAL;
    if (!to->inode)
        return 0;
    if (is_above(to->inode, from->directory))
        return -ENOTEMPTY;
    if (from->inode->is_directory && !to->inode->is_directory)
        return -ENOTDIR;
    if (!from->inode->is_directory && to->inode->is_directory)
        return -EISDIR;
    return to->inode != from->inode && to->inode->names.count > 0 ? -ENOTEMPTY : 0;
}

int sim_image_rename(struct sim_image *image, const char *from, const char *to)
{
    struct place old, new;
    int error = walk(image, from, &old);

    if (!error)
        error = walk(image, to, &new);
    if (!error)
        error = check_rename(&old, &new);
    if (error || old.inode == new.inode)
        return error;
    const struct sim_touch from_touch = touch(&old, NULL), to_touch = touch(&new, old.inode);
    sim_log_change(image, &to_touch, &from_touch);
    return 0;
}

int sim_image_link(struct sim_image *image, const char *from, const char *to)
{
    struct place old, new;
    int error = walk_to(image, from, &old);

    if (!error)
        error = walk(image, to, &new);
    if (error)
        return error;
    if (new.inode)
        return -EEXIST;
    if (old.inode->is_directory)
        return -EPERM;
    change_name(image, &new, old.inode);
    return 0;
}

int sim_image_mkdir(struct sim_image *image, const char *path)
{
    struct place place;
    const int error = walk(image, path, &place);

    if (error)
        return error;
    if (place.inode)
        return -EEXIST;
    change_name(image, &place, sim_inode_create(image, true));
    return 0;
}

int sim_image_rmdir(struct sim_image *image, const char *path)
{
    struct place place;
    const int error = walk_to(image, path, &place);

    if (error)
        return error;
    if (!place.inode->is_directory)
        return -ENOTDIR;
    if (place.inode->names.count > 0)
        return -ENOTEMPTY;
    change_name(image, &place, NULL);
    return 0;
}

static int walk_to_directory(struct sim_image *image, const char *path, struct place *place)
{
    const int error = walk_to(image, path, place);
    return !error && !place->inode->is_directory ? -ENOTDIR : error;
}

int sim_image_list(struct sim_image *image, const char *path,
                   int (*fn)(void *arg, const char *name), void *arg)
{
    struct place place;
    int result = walk_to_directory(image, path, &place);

    for (size_t i = 0; !result && i < place.inode->names.count; i++)
        result = fn(arg, place.inode->names.entries[i].text);
    return result;
}

int sim_image_sync_dir(struct sim_image *image, const char *path, uint64_t up_to)
{
    struct place place;
    const int error = walk_to_directory(image, path, &place);

    if (!error)
        sim_log_sync(image, place.inode, up_to);
    return error;
}

void sim_image_sync_names(struct sim_image *image, uint64_t up_to)
{
    sim_log_sync_all(image, up_to);
}

/* ---- walking over all files ---- */

struct walk {
    void (*fn)(void *arg, const char *path, struct sim_inode *inode);
    void *arg;
    char path[SM__PATH_BYTES_MAX + 2];
};

static void each_below(struct walk *walk, const struct sim_inode *directory, size_t length)
{
    for (size_t i = 0; i < directory->names.count; i++) {
        const struct sim_name *name = &directory->names.entries[i];
        const size_t size = strlen(name->text);
        if (length + size > SM__PATH_BYTES_MAX)
            continue; /* moved below a long path: nobody can open it either */
        memcpy(walk->path + length, name->text, size + 1);
        if (!name->inode->is_directory) {
            walk->fn(walk->arg, walk->path, name->inode);
            continue;
        }
        memcpy(walk->path + length + size, "/", 2);
        each_below(walk, name->inode, length + size + 1);
    }
}

void sim_image_each(struct sim_image *image,
                    void (*fn)(void *arg, const char *path, struct sim_inode *inode), void *arg)
{
    struct walk walk = {.fn = fn, .arg = arg};
    each_below(&walk, image->root, 0);
}

/* ---- bytes ---- */

uint64_t sim_inode_number(const struct sim_inode *inode)
{
    return inode->number;
}

uint32_t sim_inode_links(const struct sim_inode *inode)
{
    return inode->links;
}

bool sim_inode_is_directory(const struct sim_inode *inode)
{
    return inode->is_directory;
}

int64_t sim_inode_size(const struct sim_inode *inode)
{
    return inode->bytes.size;
}

size_t sim_inode_read(const struct sim_inode *inode, void *buffer, size_t size, int64_t offset)
{
    return sim_bytes_read(&inode->bytes, buffer, size, offset);
}

int64_t sim_inode_write(struct sim_image *image, struct sim_inode *inode, const void *data,
                        size_t size, int64_t offset)
{
    const int64_t count =
        sim_bytes_write(&inode->bytes, &image->pages, ++image->changes, data, size, offset);
    sim_inode_update(image, inode);
    return count;
}

int sim_inode_truncate(struct sim_image *image, struct sim_inode *inode, int64_t size)
{
    const int error = sim_bytes_truncate(&inode->bytes, &image->pages, ++image->changes, size);
    sim_inode_update(image, inode);
    return error;
}

int sim_inode_allocate(struct sim_image *image, struct sim_inode *inode, int64_t offset,
                       int64_t size)
{
    const int error =
        sim_bytes_allocate(&inode->bytes, &image->pages, ++image->changes, offset, size);
    sim_inode_update(image, inode);
    return error;
}

void sim_inode_sync(struct sim_image *image, struct sim_inode *inode, uint64_t up_to,
                    sim_fate_fn fate, void *arg)
{
    sim_bytes_sync(&inode->bytes, &image->pages, up_to, fate, arg);
    sim_inode_update(image, inode);
}

const struct sim_bytes *sim_inode_bytes(const struct sim_inode *inode)
{
    return &inode->bytes;
}

void sim_inode_overwrite(struct sim_image *image, struct sim_inode *inode, uint32_t index,
                         const uint8_t *page)
{
    sim_bytes_overwrite(&inode->bytes, &image->pages, index, page);
}

bool sim_inode_rot(struct sim_inode *inode, uint32_t index, uint32_t bit)
{
    return sim_bytes_rot(&inode->bytes, index, bit);
}

/* ---- the whole ---- */

static int64_t pages_of(int64_t bytes)
{
    return (bytes + SIM_PAGE_BYTES - 1) / SIM_PAGE_BYTES;
}

void sim_image_set_capacity(struct sim_image *image, int64_t capacity_bytes)
{
    image->pages.capacity = pages_of(capacity_bytes);
}

int64_t sim_image_used_bytes(const struct sim_image *image)
{
    return image->pages.used * SIM_PAGE_BYTES;
}

struct sim_image *sim_image_create(int64_t capacity_bytes)
{
    struct sim_image *image = sim_host_alloc(sizeof *image);

    sim_image_set_capacity(image, capacity_bytes);
    sm__list_init(&image->pending);
    image->root = sim_inode_create(image, true);
    sim_inode_hold(image->root);
    return image;
}

void sim_image_destroy(struct sim_image *image)
{
    sim_log_drop(image);
    sim_inode_let_go(image, image->root);
    SM_ASSERT_MSG(image->pages.used == 0, "a disk is destroyed while its files are open");
    sim_pages_finish(&image->pages);
    sim_host_free(image->log);
    sim_host_free(image);
}
