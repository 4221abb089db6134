/* SPDX-License-Identifier: MIT */
#include "sim/disk_image.h"

#include "core/assert.h"
#include "sim/host.h"

#include <errno.h>
#include <string.h>

#define PATH_BYTES_MAX     255u
#define BYTES_CAPACITY_MIN ((size_t)256)
/* What is logged at most, until the oldest changes are written back: of one file, and of names. */
#define DIRTY_BYTES_MAX  ((int64_t)16 << 20)
#define NAME_CHANGES_MAX 1024u

/* The contents of a file. */
struct bytes {
    uint8_t *data;
    size_t size, capacity;
};

/* A write, or a truncation, that is not durable yet. */
struct change {
    struct change *next;
    uint64_t number;
    int64_t offset; /* truncation: the new size */
    size_t size;
    bool truncates;
    uint8_t data[];
};

struct sim_inode {
    uint64_t number;
    uint32_t references;    /* holders, names and changes of names */
    uint32_t durable_names; /* 0 or 1 */
    struct bytes cached, durable;
    struct change *oldest, *latest;
    size_t change_count;
    int64_t dirty_bytes; /* what the changes take, with their heads */
};

struct entry {
    char *name;
    struct sim_inode *inode;
};

/* Names in order. */
struct names {
    struct entry *entries;
    size_t count, capacity;
};

/* Takes `from` away, then gives `to` to the inode. Each may be NULL. */
struct name_change {
    struct name_change *next;
    uint64_t number;
    char *from, *to;
    struct sim_inode *inode; /* NULL: a name is taken away only */
};

struct sim_image {
    struct names cached, durable;
    struct name_change *oldest, *latest;
    size_t change_count;
    uint64_t changes, inodes; /* made so far */
    int64_t used_bytes, capacity_bytes;
};

/* ---- contents ---- */

/* Grows with zeros or shrinks. */
static void bytes_resize(struct bytes *bytes, size_t size)
{
    if (size > bytes->capacity) {
        size_t capacity = bytes->capacity ? bytes->capacity : BYTES_CAPACITY_MIN;
        while (capacity < size)
            capacity *= 2;
        bytes->data = sim_host_resize(bytes->data, capacity);
        bytes->capacity = capacity;
    }
    if (size > bytes->size)
        memset(bytes->data + bytes->size, 0, size - bytes->size);
    bytes->size = size;
}

static void bytes_write(struct bytes *bytes, const void *data, size_t size, int64_t offset)
{
    const size_t end = (size_t)offset + size;

    if (size == 0)
        return;
    if (end > bytes->size)
        bytes_resize(bytes, end);
    memcpy(bytes->data + offset, data, size);
}

static void bytes_copy(struct bytes *to, const struct bytes *from)
{
    to->size = 0;
    bytes_write(to, from->data, from->size, 0);
}

/* ---- a file's log ---- */

static void log_change(struct sim_image *image, struct sim_inode *inode, struct change *change)
{
    change->number = ++image->changes;
    if (inode->latest)
        inode->latest->next = change;
    else
        inode->oldest = change;
    inode->latest = change;
    inode->change_count++;
    inode->dirty_bytes += (int64_t)(sizeof *change + change->size);
}

/* Takes the oldest change out of the log, into the durable view or to nowhere. */
static void take_change(struct sim_inode *inode, bool apply)
{
    struct change *change = inode->oldest;

    if (apply && change->truncates)
        bytes_resize(&inode->durable, (size_t)change->offset);
    else if (apply)
        bytes_write(&inode->durable, change->data, change->size, change->offset);
    inode->oldest = change->next;
    if (!inode->oldest)
        inode->latest = NULL;
    inode->change_count--;
    inode->dirty_bytes -= (int64_t)(sizeof *change + change->size);
    sim_host_free(change);
}

static void write_back(struct sim_inode *inode)
{
    while (inode->dirty_bytes > DIRTY_BYTES_MAX)
        take_change(inode, true);
}

/* ---- files ---- */

static struct sim_inode *inode_create(struct sim_image *image)
{
    struct sim_inode *inode = sim_host_alloc(sizeof *inode);

    inode->number = ++image->inodes;
    return inode;
}

static void inode_hold(struct sim_inode *inode)
{
    if (inode)
        inode->references++;
}

void sim_image_release(struct sim_image *image, struct sim_inode *inode)
{
    if (!inode || --inode->references > 0)
        return;
    while (inode->oldest)
        take_change(inode, false);
    image->used_bytes -= (int64_t)inode->cached.size;
    sim_host_free(inode->cached.data);
    sim_host_free(inode->durable.data);
    sim_host_free(inode);
}

uint64_t sim_inode_number(const struct sim_inode *inode)
{
    return inode->number;
}

int64_t sim_inode_size(const struct sim_inode *inode)
{
    return (int64_t)inode->cached.size;
}

size_t sim_inode_read(const struct sim_inode *inode, void *buffer, size_t size, int64_t offset)
{
    const int64_t left = (int64_t)inode->cached.size - offset;
    const size_t count = left <= 0 ? 0 : (size_t)left < size ? (size_t)left : size;

    if (count > 0)
        memcpy(buffer, inode->cached.data + offset, count);
    return count;
}

/* Takes what a file will grow by from the free space. Returns 0, -ENOSPC. */
static int reserve(struct sim_image *image, const struct sim_inode *inode, int64_t size)
{
    const int64_t more = size - (int64_t)inode->cached.size;

    if (more > image->capacity_bytes - image->used_bytes)
        return -ENOSPC;
    image->used_bytes += more;
    return 0;
}

int sim_inode_write(struct sim_image *image, struct sim_inode *inode, const void *data, size_t size,
                    int64_t offset)
{
    if (size == 0)
        return 0;
    if (size > (uint64_t)image->capacity_bytes || offset > image->capacity_bytes)
        return -ENOSPC;
    const int64_t end = offset + (int64_t)size;
    if (end > (int64_t)inode->cached.size && reserve(image, inode, end))
        return -ENOSPC;
    struct change *change = sim_host_alloc(sizeof *change + size);
    change->offset = offset;
    change->size = size;
    memcpy(change->data, data, size);
    bytes_write(&inode->cached, data, size, offset);
    log_change(image, inode, change);
    write_back(inode);
    return 0;
}

int sim_inode_truncate(struct sim_image *image, struct sim_inode *inode, int64_t size)
{
    if (reserve(image, inode, size))
        return -ENOSPC;
    struct change *change = sim_host_alloc(sizeof *change);
    change->offset = size;
    change->truncates = true;
    bytes_resize(&inode->cached, (size_t)size);
    log_change(image, inode, change);
    write_back(inode);
    return 0;
}

/* ---- a view of names ---- */

/* Where the name is, or belongs. */
static bool names_find(const struct names *names, const char *name, size_t *index)
{
    size_t low = 0, high = names->count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = strcmp(names->entries[middle].name, name);
        if (order == 0) {
            *index = middle;
            return true;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *index = low;
    return false;
}

static struct sim_inode *names_get(const struct names *names, const char *name)
{
    size_t index;
    return names_find(names, name, &index) ? names->entries[index].inode : NULL;
}

static char *copy_text(const char *text)
{
    if (!text)
        return NULL;
    const size_t size = strlen(text) + 1;
    return memcpy(sim_host_alloc(size), text, size);
}

static void count_durable(struct sim_image *image, const struct names *names,
                          struct sim_inode *inode, int by)
{
    if (names == &image->durable)
        inode->durable_names += (uint32_t)by;
}

static void names_put(struct sim_image *image, struct names *names, const char *name,
                      struct sim_inode *inode)
{
    size_t index;

    inode_hold(inode);
    count_durable(image, names, inode, 1);
    if (names_find(names, name, &index)) {
        struct sim_inode *old = names->entries[index].inode;
        names->entries[index].inode = inode;
        count_durable(image, names, old, -1);
        sim_image_release(image, old);
        return;
    }
    if (names->count == names->capacity) {
        names->capacity = names->capacity ? names->capacity * 2 : 8;
        names->entries = sim_host_resize(names->entries, names->capacity * sizeof *names->entries);
    }
    memmove(names->entries + index + 1, names->entries + index,
            (names->count - index) * sizeof *names->entries);
    names->entries[index] = (struct entry){copy_text(name), inode};
    names->count++;
}

static void names_remove(struct sim_image *image, struct names *names, const char *name)
{
    size_t index;

    if (!names_find(names, name, &index))
        return;
    const struct entry old = names->entries[index];
    names->count--;
    memmove(names->entries + index, names->entries + index + 1,
            (names->count - index) * sizeof *names->entries);
    count_durable(image, names, old.inode, -1);
    sim_host_free(old.name);
    sim_image_release(image, old.inode);
}

static void names_clear(struct sim_image *image, struct names *names)
{
    while (names->count > 0)
        names_remove(image, names, names->entries[names->count - 1].name);
}

/* ---- the names' log ---- */

static void apply_name_change(struct sim_image *image, struct names *names,
                              const struct name_change *change)
{
    if (change->from)
        names_remove(image, names, change->from);
    if (change->to)
        names_put(image, names, change->to, change->inode);
}

static void take_name_change(struct sim_image *image, bool apply)
{
    struct name_change *change = image->oldest;

    if (apply)
        apply_name_change(image, &image->durable, change);
    image->oldest = change->next;
    if (!image->oldest)
        image->latest = NULL;
    image->change_count--;
    sim_host_free(change->from);
    sim_host_free(change->to);
    sim_image_release(image, change->inode);
    sim_host_free(change);
}

/* Changes the cached view, and notes it for the durable one. */
static void change_names(struct sim_image *image, const char *from, const char *to,
                         struct sim_inode *inode)
{
    struct name_change *change = sim_host_alloc(sizeof *change);

    change->number = ++image->changes;
    change->from = copy_text(from);
    change->to = copy_text(to);
    change->inode = inode;
    inode_hold(inode);
    if (image->latest)
        image->latest->next = change;
    else
        image->oldest = change;
    image->latest = change;
    image->change_count++;
    apply_name_change(image, &image->cached, change);
    while (image->change_count > NAME_CHANGES_MAX)
        take_name_change(image, true);
}

/* ---- names ---- */

bool sim_image_path_valid(const char *path)
{
    const size_t size = strlen(path);
    const char *part = path;

    if (size == 0 || size > PATH_BYTES_MAX)
        return false;
    for (;;) {
        const size_t length = strcspn(part, "/");
        if (length == 0 || (length <= 2 && strspn(part, ".") == length))
            return false;
        if (part[length] == '\0')
            return true;
        part += length + 1;
    }
}

uint64_t sim_image_now(const struct sim_image *image)
{
    return image->changes;
}

int sim_image_open(struct sim_image *image, const char *path, bool create, bool exclusive,
                   struct sim_inode **out)
{
    struct sim_inode *inode = names_get(&image->cached, path);

    if (inode && create && exclusive)
        return -EEXIST;
    if (!inode && !create)
        return -ENOENT;
    if (!inode) {
        inode = inode_create(image);
        change_names(image, NULL, path, inode);
    }
    inode_hold(inode);
    *out = inode;
    return 0;
}

int sim_image_unlink(struct sim_image *image, const char *path)
{
    if (!names_get(&image->cached, path))
        return -ENOENT;
    change_names(image, path, NULL, NULL);
    return 0;
}

int sim_image_rename(struct sim_image *image, const char *from, const char *to)
{
    struct sim_inode *inode = names_get(&image->cached, from);

    if (!inode)
        return -ENOENT;
    if (strcmp(from, to) != 0)
        change_names(image, from, to, inode);
    return 0;
}

void sim_image_sync_names(struct sim_image *image, uint64_t up_to)
{
    while (image->oldest && image->oldest->number <= up_to)
        take_name_change(image, true);
}

/* The number of the latest change that gave the file a name, up to a limit; 0: none. */
static uint64_t latest_naming(const struct sim_image *image, const struct sim_inode *inode,
                              uint64_t up_to)
{
    uint64_t number = 0;

    for (const struct name_change *change = image->oldest; change; change = change->next) {
        if (change->inode == inode && change->number <= up_to)
            number = change->number;
    }
    return number;
}

void sim_inode_sync(struct sim_image *image, struct sim_inode *inode, uint64_t up_to)
{
    while (inode->oldest && inode->oldest->number <= up_to)
        take_change(inode, true);
    if (inode->durable_names == 0)
        sim_image_sync_names(image, latest_naming(image, inode, up_to));
}

/* ---- the whole ---- */

struct sim_image *sim_image_create(int64_t capacity_bytes)
{
    struct sim_image *image = sim_host_alloc(sizeof *image);

    image->capacity_bytes = capacity_bytes;
    return image;
}

void sim_image_destroy(struct sim_image *image)
{
    while (image->oldest)
        take_name_change(image, false);
    names_clear(image, &image->cached);
    names_clear(image, &image->durable);
    SM_ASSERT_MSG(image->used_bytes == 0, "a disk is destroyed while its files are open");
    sim_host_free(image->cached.entries);
    sim_host_free(image->durable.entries);
    sim_host_free(image);
}

static size_t survivors(size_t count, sim_image_draw draw, void *arg)
{
    if (count == 0)
        return 0;
    switch (draw(arg, 3)) {
    case 0:
        return 0;
    case 1:
        return count;
    default:
        return (size_t)draw(arg, count + 1);
    }
}

static void crash_names(struct sim_image *image, sim_image_draw draw, void *arg)
{
    size_t kept = survivors(image->change_count, draw, arg);

    for (; kept > 0; kept--)
        take_name_change(image, true);
    while (image->oldest)
        take_name_change(image, false);
    names_clear(image, &image->cached);
    for (size_t i = 0; i < image->durable.count; i++)
        names_put(image, &image->cached, image->durable.entries[i].name,
                  image->durable.entries[i].inode);
}

static void crash_inode(struct sim_image *image, struct sim_inode *inode, sim_image_draw draw,
                        void *arg)
{
    size_t kept = survivors(inode->change_count, draw, arg);

    if (!inode->oldest)
        return;
    for (; kept > 0; kept--)
        take_change(inode, true);
    while (inode->oldest)
        take_change(inode, false);
    image->used_bytes -= (int64_t)inode->cached.size;
    bytes_copy(&inode->cached, &inode->durable);
    image->used_bytes += (int64_t)inode->cached.size;
}

void sim_image_crash(struct sim_image *image, sim_image_draw draw, void *arg)
{
    crash_names(image, draw, arg);
    for (size_t i = 0; i < image->durable.count; i++)
        crash_inode(image, image->durable.entries[i].inode, draw, arg);
}
