/* SPDX-License-Identifier: MIT */
/* What a scenario's `config:` may say. */
#ifndef STEELMILL_SQLITE_CONFIG_H
#define STEELMILL_SQLITE_CONFIG_H

#include <steelmill/steelmill.h>

/* What a power cut may do, by what SQLite's documentation says of the configuration. */
enum allowed {
    ALLOWED_NOTHING,    /* what was acknowledged is there */
    ALLOWED_LAST,       /* the last commit may be lost */
    ALLOWED_COMMITS,    /* any number of the latest commits may be lost */
    ALLOWED_CORRUPTION, /* anything may happen */
};

struct config {
    const char *journal;     /* as PRAGMA journal_mode takes it */
    const char *synchronous; /* as PRAGMA synchronous takes it */
    enum allowed allowed;
    bool disk_fails; /* errors of the disk are expected: a task tries again */
    int64_t writers, readers, checkpointers; /* tasks, each with a connection of its own */
    int64_t page_bytes, map_bytes, cache_pages, checkpoint_pages;
    sm_time think_ns;  /* the longest pause between two transactions of a writer */
    sm_time pause_ns;  /* see struct vfs */
    int64_t cut_calls; /* the power goes after at most so many calls of the VFS; 0: not by count */
    const char *judge; /* the machine that remembers what was acknowledged */
};

/* Returns 0, -SM_ECONFIG with a detail. */
int config_read(struct sm_factory *factory, struct config *config);

#endif
