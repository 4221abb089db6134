/* SPDX-License-Identifier: MIT */
#include "tests/craft/fake_disk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FILES_MAX   16
#define CHANGES_MAX 8192
#define FILE_MAX    (1 << 20)
#define SECTOR      512

struct change {
    int64_t offset; /* of a write; the new size of a truncation */
    size_t size;
    bool truncates;
    uint8_t *bytes;
};

struct image {
    size_t size;
    uint8_t bytes[FILE_MAX];
};

struct inode {
    struct image now, synced;
    size_t change_count;
    struct change changes[CHANGES_MAX];
};

struct name {
    char text[32];
    struct inode *inode;
};

struct names {
    size_t count;
    struct name list[FILES_MAX];
};

struct sm_file {
    struct inode *inode;
};

static struct {
    uint64_t state;
    int calls_left; /* -1: no end */
    struct names now, synced;
    size_t inode_count;
    struct inode *inodes[4096];
} disk;

uint64_t fake_disk_below(uint64_t bound)
{
    disk.state = disk.state * 6364136223846793005u + 1442695040888963407u;
    return (disk.state >> 33) % bound;
}

void fake_disk_init(uint64_t seed)
{
    memset(&disk, 0, sizeof disk);
    disk.state = seed * 0x9e3779b97f4a7c15u + 1;
    disk.calls_left = -1;
}

static void forget_changes(struct inode *inode)
{
    for (size_t i = 0; i < inode->change_count; i++)
        free(inode->changes[i].bytes);
    inode->change_count = 0;
}

void fake_disk_finish(void)
{
    for (size_t i = 0; i < disk.inode_count; i++) {
        forget_changes(disk.inodes[i]);
        free(disk.inodes[i]);
    }
    disk.inode_count = 0;
}

struct sm_disk *fake_disk(void)
{
    return (struct sm_disk *)&disk;
}

void fake_disk_fail_after(int calls)
{
    disk.calls_left = calls;
}

bool fake_disk_failing(void)
{
    return disk.calls_left == 0;
}

/* 0, or -ECANCELED: then `*done` says whether the call takes effect all the same. */
static int begin(bool *done)
{
    if (disk.calls_left > 0)
        disk.calls_left--;
    *done = disk.calls_left != 0 || fake_disk_below(2);
    return disk.calls_left == 0 ? -ECANCELED : 0;
}

/* ---- images ---- */

static void resize(struct image *image, size_t size)
{
    if (size > FILE_MAX)
        abort();
    if (size > image->size)
        memset(image->bytes + image->size, 0, size - image->size);
    image->size = size;
}

static void put(struct image *image, int64_t offset, const uint8_t *bytes, size_t size)
{
    if ((size_t)offset + size > image->size)
        resize(image, (size_t)offset + size);
    memcpy(image->bytes + offset, bytes, size);
}

static void copy(struct image *to, const struct image *from)
{
    to->size = from->size;
    memcpy(to->bytes, from->bytes, from->size);
}

static void record(struct inode *inode, const struct change *change)
{
    if (inode->change_count == CHANGES_MAX)
        abort();
    inode->changes[inode->change_count++] = *change;
}

/* A change reaches the medium: all of it, or some of its sectors. */
static void survive(struct image *image, const struct change *change)
{
    if (change->truncates) {
        resize(image, (size_t)change->offset);
        return;
    }
    bool whole = fake_disk_below(2);
    for (size_t at = 0; at < change->size;) {
        size_t size = SECTOR - ((size_t)change->offset + at) % SECTOR;
        if (size > change->size - at)
            size = change->size - at;
        if (whole || fake_disk_below(4))
            put(image, change->offset + (int64_t)at, change->bytes + at, size);
        at += size;
    }
}

static void crash_inode(struct inode *inode)
{
    bool in_order = fake_disk_below(2);
    size_t until = fake_disk_below(inode->change_count + 1);
    for (size_t i = 0; i < inode->change_count; i++)
        if (in_order ? i < until : fake_disk_below(2))
            survive(&inode->synced, &inode->changes[i]);
    forget_changes(inode);
    copy(&inode->now, &inode->synced);
}

void fake_disk_crash(void)
{
    disk.calls_left = -1;
    if (fake_disk_below(2))
        disk.now = disk.synced;
    disk.synced = disk.now;
    for (size_t i = 0; i < disk.now.count; i++)
        crash_inode(disk.now.list[i].inode);
}

/* ---- names ---- */

static struct name *find(const char *text)
{
    for (size_t i = 0; i < disk.now.count; i++)
        if (strcmp(disk.now.list[i].text, text) == 0)
            return &disk.now.list[i];
    return NULL;
}

static struct name *create(const char *text)
{
    struct name *name = &disk.now.list[disk.now.count++];
    strcpy(name->text, text);
    name->inode = calloc(1, sizeof *name->inode);
    if (!name->inode || disk.inode_count == 4096)
        abort();
    disk.inodes[disk.inode_count++] = name->inode;
    return name;
}

void fake_disk_damage(const char *text, int64_t offset, const void *bytes, size_t size)
{
    struct name *name = find(text);
    put(&name->inode->now, offset, bytes, size);
    put(&name->inode->synced, offset, bytes, size);
}

/* ---- the contract ---- */

int sm_file_open(struct sm_disk *self, struct sm_file **out, const char *path, uint32_t flags)
{
    bool done;
    (void)self;
    if (begin(&done))
        return -ECANCELED;
    struct name *name = find(path);
    if (!name && !(flags & SM_FILE_CREATE))
        return -ENOENT;
    if (!name)
        name = create(path);
    *out = malloc(sizeof **out);
    if (!*out)
        abort();
    (*out)->inode = name->inode;
    int error = flags & SM_FILE_TRUNC ? sm_file_truncate(*out, 0) : 0;
    if (error)
        free(*out);
    return error;
}

int sm_file_pread(struct sm_file *file, void *buffer, size_t size, int64_t offset)
{
    const struct image *image = &file->inode->now;
    bool done;
    if (begin(&done))
        return -ECANCELED;
    if ((size_t)offset >= image->size)
        return 0;
    if ((size_t)offset + size > image->size)
        size = image->size - (size_t)offset;
    memcpy(buffer, image->bytes + offset, size);
    return (int)size;
}

int sm_file_pwrite(struct sm_file *file, const void *data, size_t size, int64_t offset)
{
    bool done;
    int error = begin(&done);
    if (!done)
        return error;
    struct change change = {.offset = offset, .size = size, .bytes = malloc(size)};
    if (!change.bytes)
        abort();
    memcpy(change.bytes, data, size);
    record(file->inode, &change);
    put(&file->inode->now, offset, data, size);
    return error;
}

int sm_file_truncate(struct sm_file *file, int64_t size)
{
    bool done;
    int error = begin(&done);
    if (!done || (size_t)size == file->inode->now.size)
        return error;
    record(file->inode, &(struct change){.offset = size, .truncates = true});
    resize(&file->inode->now, (size_t)size);
    return error;
}

int sm_file_fsync(struct sm_file *file)
{
    bool done;
    int error = begin(&done);
    if (done) {
        forget_changes(file->inode);
        copy(&file->inode->synced, &file->inode->now);
    }
    return error;
}

int64_t sm_file_size(struct sm_file *file)
{
    return (int64_t)file->inode->now.size;
}

void sm_file_close(struct sm_file *file)
{
    free(file);
}

int sm_disk_rename(struct sm_disk *self, const char *from, const char *to)
{
    bool done;
    (void)self;
    int error = begin(&done);
    if (!done)
        return error;
    struct name *source = find(from), *target = find(to);
    if (!source)
        return -ENOENT;
    if (target) {
        target->inode = source->inode;
        *source = disk.now.list[--disk.now.count];
    } else {
        strcpy(source->text, to);
    }
    return error;
}

int sm_disk_sync(struct sm_disk *self)
{
    bool done;
    (void)self;
    int error = begin(&done);
    if (done)
        disk.synced = disk.now;
    return error;
}
