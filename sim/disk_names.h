/* SPDX-License-Identifier: MIT */
/* The names in one directory, in the order of their bytes. */
#ifndef STEELMILL_SIM_DISK_NAMES_H
#define STEELMILL_SIM_DISK_NAMES_H

#include <steelmill/base.h>

struct sim_inode;

struct sim_name {
    char *text;
    struct sim_inode *inode;
};

struct sim_names {
    struct sim_name *entries;
    size_t count, capacity;
};

/* text: its first `length` bytes are the name. NULL: there is none. */
struct sim_inode *sim_names_get(const struct sim_names *names, const char *text, size_t length);
/* Sets, replaces, or with NULL removes. */
void sim_names_set(struct sim_names *names, const char *text, struct sim_inode *inode);
/* Frees the names; what they name is the caller's. */
void sim_names_finish(struct sim_names *names);

#endif
