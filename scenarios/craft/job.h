/* SPDX-License-Identifier: MIT */
/* What the disk task is asked to do. */
#ifndef CRAFT_JOB_H
#define CRAFT_JOB_H

#include "io.h"

enum craft_job_kind {
    CRAFT_JOB_APPEND,
    CRAFT_JOB_TRUNCATE,
    CRAFT_JOB_PUT,
    CRAFT_JOB_GET,
    CRAFT_JOB_WORK,
};

struct craft_job {
    struct craft_done done; /* first */
    struct craft_job *next;
    enum craft_job_kind kind;
    int status;
    raft_index index; /* APPEND: of the first entry; TRUNCATE: from where on */
    union {
        struct {
            struct raft_io_append *req;
            raft_io_append_cb cb;
            const struct raft_entry *entries;
            unsigned n;
        } append;
        struct {
            struct raft_io_snapshot_put *req;
            raft_io_snapshot_put_cb cb;
            const struct raft_snapshot *snapshot;
            unsigned trailing;
        } put;
        struct {
            struct raft_io_snapshot_get *req;
            raft_io_snapshot_get_cb cb;
            struct raft_snapshot *snapshot;
        } get;
        struct {
            struct raft_io_async_work *req;
            raft_io_async_work_cb cb;
        } work;
    };
};

/* A zeroed job of a kind; NULL: no memory. */
struct craft_job *craft_job_new(enum craft_job_kind kind);
void craft_job_submit(struct craft_io *io, struct craft_job *job);
/* The body of the disk task; arg is struct craft_io. */
int craft_job_run_all(void *arg);
/* Completes all jobs that nobody has begun with RAFT_CANCELED. */
void craft_job_cancel_all(struct craft_io *io);

#endif
