/* SPDX-License-Identifier: MIT */
/*
 * What the files of the factory share. Nobody else includes this.
 *
 * Invariants:
 *   1. `daemons` holds constructed daemons only, in the order in which their construction ended: a
 *      topological order. It does not change once the state has left NEW.
 *   2. A child is in its parent's list until it is destroyed or abandoned, and in the tree of names
 *      as long as its name is taken.
 *   3. Inside a read section (<steelmill/read.h>) any thread may follow `parent`, `children`,
 *      `daemons`, `types` and `known`, and read names. So these are published and withdrawn with
 *      atomic stores, and what they led to is freed later.
 *   4. A task inside a blocking call on a factory holds a pin: the struct outlives the call even if
 *      another task destroys the factory meanwhile.
 */
#ifndef STEELMILL_CORE_FACTORY_PARTS_H
#define STEELMILL_CORE_FACTORY_PARTS_H

#include "core/factory.h"
#include "core/list.h"
#include "core/task.h"

#include <steelmill/errors.h>
#include <steelmill/factory.h>
#include <steelmill/log.h>

enum sm__factory_state {
    SM__FACTORY_NEW,
    SM__FACTORY_SEALED,
    SM__FACTORY_PREPARING,
    SM__FACTORY_RUNNING,
    SM__FACTORY_STOPPING,
    SM__FACTORY_STOPPED,
};

struct sm_log {
    struct sm_factory *factory;
};

struct sm__daemon {
    struct sm__list link; /* in the factory's `daemons` */
    struct sm__later later;
    struct sm_factory *factory;
    const struct sm_daemon_type *type;
    void *instance;
    struct sm__owner owner; /* prepare, run, and what they spawn */
    struct sm__owner
        stop_owner;        /* the stop hook and what it spawns: still open when `owner` closes */
    sm_time stop_deadline; /* on the home's clock */
    int prepare_error;
    bool injected; /* the instance is the caller's; none of its hooks is called */
    bool prepare_called, prepare_ended;
    bool stop_ended;
    bool stop_overdue; /* its stop hook was cancelled after the deadline */
    /* Words for the failure that its current hook is about to return. */
    int words_error;
    char *words;
};

struct sm__registration {
    struct sm__list link;
    struct sm__later later;
    const struct sm_daemon_type *type;
};

struct sm__config {
    struct sm__list link;
    char *value; /* NULL: was asked for, is not set */
    bool read;
    char key[];
};

/* Look-ups by descriptor that have been answered: what is found by one load and a comparison. */
#define SM__KNOWN_COUNT 8u

struct sm_factory {
    /* By its descriptor's address: the daemon that a look-up finds, here or above; NULL. */
    struct sm__daemon *known[SM__KNOWN_COUNT];

    struct sm__home *home; /* NULL only for a root that was made outside of any world */
    const char *kind;
    char *name;
    enum sm__factory_state state;
    bool destroyed; /* only pins keep the struct */
    bool kept; /* destroyed while tasks were stuck in it: out of sight, freed with the parent */
    bool stop_visited;
    uint32_t pins;
    struct sm_waitable changed; /* woken at every change that somebody may wait for */
    struct sm__owner own;

    struct sm_factory *parent;
    struct sm__list children; /* first created first */
    struct sm__list child_link;
    struct sm_factory *names; /* root of the tree of the children's names */
    struct sm_factory *name_up, *name_low, *name_high;
    uint64_t name_hash;

    struct sm__list daemons;
    struct sm__list types;
    struct sm__list config;
    void *capabilities[SM__CAPABILITY_COUNT];
    struct sm_log log;

    uint32_t running; /* `run` hooks that have not returned */
    int run_error;    /* the first `run` failure, for sm_factory_wait */
    bool run_error_told;
    int run_error_more; /* the first of the further ones */
    int stop_error;     /* the first failure that the stop will return */
    const char *failed_daemon;

    struct sm__later later;
    char *detail; /* NULL: nothing went wrong */
    uint32_t detail_lines;
    bool detail_lost; /* there was no memory for words */
};

/* ---- factory.c ---- */
void sm__factory_unpin(struct sm_factory *factory);
/* The calling task or hook belongs to the factory or to one below it. */
bool sm__factory_inside(const struct sm_factory *factory);
bool sm__factory_is_below(const struct sm_factory *factory, const struct sm_factory *ancestor);

/* Readers ask for the state, too; its one writer need not. */
static inline enum sm__factory_state sm__state(const struct sm_factory *factory)
{
    return __atomic_load_n(&factory->state, __ATOMIC_RELAXED);
}

static inline void sm__state_set(struct sm_factory *factory, enum sm__factory_state state)
{
    __atomic_store_n(&factory->state, state, __ATOMIC_RELAXED);
}

static inline struct sm_factory *sm__parent(const struct sm_factory *factory)
{
    return __atomic_load_n(&factory->parent, __ATOMIC_ACQUIRE);
}

/* ---- factory_children.c ---- */
struct sm_factory *sm__children_find(struct sm_factory *parent, const char *name);
void sm__children_link(struct sm_factory *parent, struct sm_factory *child);
void sm__children_unlink(struct sm_factory *child);
/* Makes the name free for another child. */
void sm__children_unname(struct sm_factory *child);
/* The last created child that is not marked stop_visited; NULL. */
struct sm_factory *sm__children_last_unvisited(struct sm_factory *parent);

/* ---- factory_types.c ---- */
/* Is this a descriptor of this version? Returns 0, -EINVAL with words. */
int sm__factory_check_type(struct sm_factory *factory, const struct sm_daemon_type *type);

/* ---- factory_get.c ---- */
struct sm__daemon *sm__factory_lookup(struct sm_factory *factory, const char *name);
/* Calls the destroy hook and frees the daemon. */
void sm__daemon_destroy(struct sm__daemon *daemon);

/* ---- factory_hook.c: construct and destroy run in the caller's task, on behalf of a daemon ----
 */
struct sm__hook_frame {
    struct sm__hook_frame *outer;
    struct sm_task *task;
    struct sm__daemon *daemon;
    bool constructing;
};
void sm__hook_enter(struct sm__hook_frame *frame, struct sm__daemon *daemon, bool constructing);
void sm__hook_leave(struct sm__hook_frame *frame);
/* The innermost construct or destroy hook of the calling task; NULL. */
struct sm__hook_frame *sm__hook_top(void);
/* The daemon whose hook or task is running; NULL. */
struct sm__daemon *sm__hook_daemon(void);
void sm__hook_forget(const struct sm_factory *factory);
/* What a hook returned, as an error number: 0 or negative. */
int sm__hook_result(struct sm__daemon *daemon, int result);

/* ---- factory_detail.c ---- */
/* Adds a line to the detail, with the factory's kind and name in front. */
void sm__factory_report(struct sm_factory *factory, const char *format, ...) SM_PRINTF(2, 3);
/* Adds the lines of a child to those of its parent. */
void sm__factory_report_child(struct sm_factory *factory, const struct sm_factory *child);
/*
 * Words for a failure that the caller is about to return: they wait for the hook that is running to
 * return the same error, or go straight into the detail. Returns `error`.
 */
int sm__factory_note(struct sm_factory *factory, int error, const char *format, ...)
    SM_PRINTF(3, 4);
/* What a hook said about an error, else the error's text. */
const char *sm__words_for(const struct sm__daemon *daemon, int error);
void sm__words_clear(struct sm__daemon *daemon);
/* Records that a hook failed: a line of detail, and the error for wait or stop to return. */
void sm__daemon_failed(struct sm__daemon *daemon, const char *hook, int error);

/* ---- factory_stop.c ---- */
/* The stop itself: the caller has checked that it is the first. */
int sm__factory_stop_first(struct sm_factory *factory, sm_time deadline);

/* ---- time ---- */
static inline sm_time sm__time_after(sm_time now, sm_time duration_ns)
{
    return now > SM_FOREVER - duration_ns ? SM_FOREVER : now + duration_ns;
}

/* Stopping must go on even if the task that asked for it is being cancelled. Returns what was. */
static inline bool sm__shield(void)
{
    bool before = sm__current && sm__current->shielded;
    if (sm__current)
        sm__current->shielded = true;
    return before;
}

static inline void sm__unshield(bool before)
{
    if (sm__current)
        sm__current->shielded = before;
}

#endif
