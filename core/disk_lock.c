/* SPDX-License-Identifier: MIT */
#include "core/disk_lock.h"

#include "core/task.h"

#include <errno.h>
#include <string.h>

#define UNLOCKED (-1)

/* Bytes from `first` to `last`. */
struct lock {
    const void *owner;
    int64_t first, last;
    int kind;
};

struct sm__locked_file {
    struct sm__list link;
    uint64_t device, id;
    uint32_t users;
    struct sm_waitable changed;
    struct lock *locks;
    size_t count, capacity;
};

/* Who waits looks for itself. */
static uint32_t never_ready(struct sm_waitable *self, uint32_t interest)
{
    (void)self, (void)interest;
    return 0;
}

/* ---- files ---- */

struct sm__locked_file *sm__locks_open(struct sm__lock_table *table, uint64_t device, uint64_t id)
{
    for (struct sm__list *at = table->files.next; at != &table->files; at = at->next) {
        struct sm__locked_file *file = sm__container(at, struct sm__locked_file, link);
        if (file->device == device && file->id == id) {
            file->users++;
            return file;
        }
    }
    struct sm__locked_file *file = table->resize(NULL, sizeof *file);
    if (!file)
        return NULL;
    *file = (struct sm__locked_file){.device = device, .id = id, .users = 1};
    sm__waitable_init(&file->changed, never_ready);
    sm__list_append(&table->files, &file->link);
    return file;
}

void sm__locks_close(struct sm__lock_table *table, struct sm__locked_file *file, const void *owner)
{
    size_t left = 0;

    for (size_t i = 0; i < file->count; i++) {
        if (file->locks[i].owner != owner)
            file->locks[left++] = file->locks[i];
    }
    const bool dropped = left < file->count;
    file->count = left;
    if (--file->users == 0) {
        sm__list_remove(&file->link);
        table->free(file->locks);
        table->free(file);
    } else if (dropped) {
        sm__wake_all(&file->changed);
    }
}

/* ---- ranges ---- */

static bool range_of(int64_t offset, int64_t size, struct lock *out)
{
    if (offset < 0 || size < 0 || (size > 0 && offset > INT64_MAX - (size - 1)))
        return false;
    out->first = offset;
    out->last = size > 0 ? offset + size - 1 : INT64_MAX;
    return true;
}

static bool overlap(const struct lock *a, const struct lock *b)
{
    return a->first <= b->last && b->first <= a->last;
}

static bool is_in_the_way(const struct lock *held, const struct lock *wanted)
{
    return held->owner != wanted->owner && overlap(held, wanted) &&
           (held->kind == SM_FILE_LOCK_EXCLUSIVE || wanted->kind == SM_FILE_LOCK_EXCLUSIVE);
}

static bool is_refused(const struct sm__locked_file *file, const struct lock *wanted)
{
    for (size_t i = 0; i < file->count; i++) {
        if (is_in_the_way(&file->locks[i], wanted))
            return true;
    }
    return false;
}

/* Room for `more` locks. */
static int make_room(struct sm__lock_table *table, struct sm__locked_file *file, size_t more)
{
    const size_t capacity = (file->count + more) * 2;

    if (file->count + more <= file->capacity)
        return 0;
    struct lock *locks = table->resize(file->locks, capacity * sizeof *locks);
    if (!locks)
        return -ENOMEM;
    file->locks = locks;
    file->capacity = capacity;
    return 0;
}

/* Sets what the owner has in a range: a kind of lock, or none. There is room for two more. */
static void set_range(struct sm__locked_file *file, const struct lock *set)
{
    const size_t old_count = file->count;
    struct lock rest[2];
    size_t left = 0, rest_count = 0;

    for (size_t i = 0; i < old_count; i++) {
        const struct lock held = file->locks[i];
        if (held.owner != set->owner || !overlap(&held, set)) {
            file->locks[left++] = held;
            continue;
        }
        if (held.first < set->first)
            rest[rest_count++] = (struct lock){held.owner, held.first, set->first - 1, held.kind};
        if (held.last > set->last)
            rest[rest_count++] = (struct lock){held.owner, set->last + 1, held.last, held.kind};
    }
    file->count = left;
    for (size_t i = 0; i < rest_count; i++)
        file->locks[file->count++] = rest[i];
    if (set->kind != UNLOCKED)
        file->locks[file->count++] = *set;
}

/* ---- calls ---- */

int sm__locks_lock(struct sm__lock_table *table, struct sm__locked_file *file, const void *owner,
                   enum sm_file_lock_kind kind, int64_t offset, int64_t size, sm_time deadline)
{
    struct lock wanted = {.owner = owner, .kind = (int)kind};
    int error = sm__enter();

    if (!range_of(offset, size, &wanted))
        return -EINVAL;
    while (!error && is_refused(file, &wanted))
        error = sm__wait(&file->changed, false, deadline);
    if (!error)
        error = make_room(table, file, 2);
    if (error)
        return error;
    set_range(file, &wanted);
    sm__wake_all(&file->changed); /* an exclusive lock may have become a shared one */
    return 0;
}

int sm__locks_unlock(struct sm__lock_table *table, struct sm__locked_file *file, const void *owner,
                     int64_t offset, int64_t size)
{
    struct lock none = {.owner = owner, .kind = UNLOCKED};

    if (!range_of(offset, size, &none))
        return -EINVAL;
    const int error = make_room(table, file, 2);
    if (error)
        return error;
    set_range(file, &none);
    sm__wake_all(&file->changed);
    return 0;
}

int sm__locks_test(const struct sm__locked_file *file, const void *owner,
                   enum sm_file_lock_kind kind, int64_t offset, int64_t size)
{
    struct lock wanted = {.owner = owner, .kind = (int)kind};

    return range_of(offset, size, &wanted) ? is_refused(file, &wanted) : -EINVAL;
}
