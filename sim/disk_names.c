/* SPDX-License-Identifier: MIT */
#include "sim/disk_names.h"

#include "sim/host.h"

#include <string.h>

static int compare(const char *name, const char *text, size_t length)
{
    const int order = strncmp(name, text, length);
    return order ? order : name[length] != '\0';
}

/* Where the name is, or belongs. */
static bool find(const struct sim_names *names, const char *text, size_t length, size_t *index)
{
    size_t low = 0, high = names->count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = compare(names->entries[middle].text, text, length);
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

struct sim_inode *sim_names_get(const struct sim_names *names, const char *text, size_t length)
{
    size_t index;
    return find(names, text, length, &index) ? names->entries[index].inode : NULL;
}

static void remove_at(struct sim_names *names, size_t index)
{
    sim_host_free(names->entries[index].text);
    names->count--;
    memmove(names->entries + index, names->entries + index + 1,
            (names->count - index) * sizeof *names->entries);
}

static void insert_at(struct sim_names *names, size_t index, const char *text,
                      struct sim_inode *inode)
{
    const size_t size = strlen(text) + 1;

    if (names->count == names->capacity) {
        names->capacity = names->capacity ? names->capacity * 2 : 8;
        names->entries = sim_host_resize(names->entries, names->capacity * sizeof *names->entries);
    }
    memmove(names->entries + index + 1, names->entries + index,
            (names->count - index) * sizeof *names->entries);
    names->entries[index] = (struct sim_name){memcpy(sim_host_alloc(size), text, size), inode};
    names->count++;
}

void sim_names_set(struct sim_names *names, const char *text, struct sim_inode *inode)
{
    size_t index;
    const bool found = find(names, text, strlen(text), &index);

    if (found && inode)
        names->entries[index].inode = inode;
    else if (found)
        remove_at(names, index);
    else if (inode)
        insert_at(names, index, text, inode);
}

void sim_names_finish(struct sim_names *names)
{
    while (names->count > 0)
        remove_at(names, names->count - 1);
    sim_host_free(names->entries);
}
