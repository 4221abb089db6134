/* SPDX-License-Identifier: MIT */
/* The insides of an image: inodes, their tree, and the log of changes of names. */
#ifndef STEELMILL_SIM_DISK_TREE_H
#define STEELMILL_SIM_DISK_TREE_H

#include "core/list.h"
#include "sim/disk_image.h"
#include "sim/disk_names.h"

struct sim_inode {
    struct sm__list link; /* among the image's files that have something to lose */
    uint64_t number;
    uint32_t references; /* holders, names, and changes in the log */
    uint32_t holders;    /* who have it open */
    uint32_t links;      /* names */
    bool is_directory;
    struct sim_inode *parent; /* of a directory that has a name */
    struct sim_names names;
    struct sim_bytes bytes;
};

/* One name that a change sets from one inode to another; NULL: no such name. */
struct sim_touch {
    struct sim_inode *directory, *before, *after;
    char *name;
};

struct sim_change {
    uint64_t number;
    uint32_t count; /* of `touches`: 2 for a rename */
    struct sim_touch touches[2];
    bool is_kept; /* used while a crash or a sync chooses */
};

struct sim_image {
    struct sim_inode *root;
    struct sim_pages pages;
    struct sm__list pending; /* inodes whose bytes are not all durable */
    struct sim_change **log; /* oldest first */
    size_t log_count, log_capacity;
    uint64_t changes, inodes; /* made so far */
};

/* ---- inodes ---- */
struct sim_inode *sim_inode_create(struct sim_image *image, bool is_directory);
void sim_inode_hold(struct sim_inode *inode);
void sim_inode_let_go(struct sim_image *image, struct sim_inode *inode);
/* After its bytes have changed: is it among those that have something to lose? */
void sim_inode_update(struct sim_image *image, struct sim_inode *inode);

/* ---- the log (disk_log.c) ---- */
/* Makes a change, and notes it. For a rename, `from` is the other name. */
void sim_log_change(struct sim_image *image, const struct sim_touch *to,
                    const struct sim_touch *from);
/* All changes up to a number that concern a directory are durable, and what they need. */
void sim_log_sync(struct sim_image *image, const struct sim_inode *directory, uint64_t up_to);
void sim_log_sync_all(struct sim_image *image, uint64_t up_to);
/* Undoes everything, then does what is_kept says, and what it lacks is taken from it. */
void sim_log_crash(struct sim_image *image, struct sim_losses *losses);
void sim_log_drop(struct sim_image *image);

#endif
