/* SPDX-License-Identifier: MIT */
/*
 * What the one task that drives raft is fed with.
 *
 * libraft is not reentrant. So other tasks only put work into the inbox and completions into a
 * list; the driving task takes them out one at a time and calls libraft:
 *
 *   readers, sessions --channel--> driver --calls--> libraft --asks--> raft_io
 *   disk task, senders --done list--^                                   |
 *        ^---------------------------- jobs, frames --------------------+
 *
 *   1. A callback fires once, from the driving task, never inside of the call that asked for it.
 *   2. While libraft runs (`inside`), nothing else calls it, although set_term and set_vote may
 * park.
 */
#ifndef CRAFT_LOOP_H
#define CRAFT_LOOP_H

#include <steelmill/sync.h>

enum craft_work_kind {
    CRAFT_WORK_WAKE,    /* just look into the done list */
    CRAFT_WORK_FRAME,   /* bytes of a message from another node */
    CRAFT_WORK_REQUEST, /* a client's request */
};

struct craft_work {
    enum craft_work_kind kind;
    uint64_t from; /* FRAME: the node's number */
    void *object;  /* FRAME: the bytes, from malloc; REQUEST: struct craft_request */
    size_t size;
};

/* A completion: lives in what it completes. */
struct craft_done {
    struct craft_done *next;
    void (*fire)(struct craft_done *done); /* frees what `done` lives in */
};

struct craft_loop {
    struct sm_channel *inbox; /* of struct craft_work */
    struct craft_done *first, **last;
    bool inside;
};

int craft_loop_init(struct craft_loop *loop);
/* What is left in the inbox is handed to `drop`. */
void craft_loop_finish(struct craft_loop *loop, void (*drop)(const struct craft_work *work));

/* Puts work into the inbox, waiting while it is full. Returns 0, -ECANCELED. Context: a task. */
int craft_loop_post(struct craft_loop *loop, const struct craft_work *work);
/* Adds a completion. The driver sees it when it wakes next. Never blocks. */
void craft_loop_done(struct craft_loop *loop, struct craft_done *done);
/* Wakes the driver. Context: a task. May block while the inbox is full. */
void craft_loop_wake(struct craft_loop *loop);

/* Brackets around every call into libraft; nested ones are a bug (asserted). */
void craft_loop_enter(struct craft_loop *loop);
void craft_loop_leave(struct craft_loop *loop);
/* Fires all completions that are there now, and those that they bring. Context: the driver. */
void craft_loop_fire(struct craft_loop *loop);

#endif
