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
 *      another task destroys the factory meanwhile. What is not destroyed has one, too.
 *   5. A factory is used by the thread of its home. `home` changes at most once: before it has had
 *      any task. What other threads may want is forwarded (factory_place.c), but for the following,
 *      which they use themselves, inside sm__graph_take and sm__graph_give: `children`, `names` and
 *      `child_link`, `types`, `config`, `detail`, and the change of `state` to STOPPING.
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

/* A text that other threads may be reading when it is replaced. */
struct sm__text {
    struct sm__later later;
    char text[];
};

struct sm__config {
    struct sm__list link;
    struct sm__text *value; /* NULL: was asked for, is not set */
    bool read;
    char key[];
};

/* Look-ups by descriptor that have been answered: what is found by one load and a comparison. */
#define SM__KNOWN_COUNT 8u

/* Children of a node in the tree of names: what three bits of the hash tell apart. */
#define SM__NAMES_BITS 3u
#define SM__NAMES_FAN  (1u << SM__NAMES_BITS)

struct sm_factory {
    /* By its descriptor's address: the daemon that a look-up finds, here or above; NULL. */
    struct sm__daemon *known[SM__KNOWN_COUNT];

    struct sm__home *home; /* NULL only for a root that was made outside of any world */
    const char *anchor;    /* the daemon that keeps it where it was constructed; NULL: none */
    bool placed;           /* its home is its home for good */
    bool counted;          /* by its home, since it was chosen */
    const char *kind;
    char *name;
    enum sm__factory_state state;
    bool kept; /* destroyed while tasks were stuck in it: out of sight, freed with the parent */
    bool stop_visited;
    uint32_t pins;
    struct sm_waitable changed; /* woken at every change that somebody may wait for */
    struct sm__owner own;

    struct sm_factory *parent;
    struct sm__list children; /* first created first */
    struct sm__list child_link;
    struct sm_factory *names; /* root of the tree of the children's names */
    struct sm_factory *name_up, *name_below[SM__NAMES_FAN];
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
    struct sm__text *detail; /* NULL: nothing went wrong */
    uint32_t detail_lines;
    bool detail_lost; /* there was no memory for words */
};

/* ---- factory.c ---- */
void sm__factory_pin(struct sm_factory *factory);
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

/* ---- factory_place.c ---- */
static inline struct sm__home *sm__home_of(const struct sm_factory *factory)
{
    return __atomic_load_n(&factory->home, __ATOMIC_ACQUIRE);
}

/* The calling task is not on the factory's thread. */
static inline bool sm__factory_elsewhere(const struct sm_factory *factory)
{
    return SM_UNLIKELY(sm__many_threads) && sm__current && sm__home_of(factory) &&
           sm__apart(sm__home_of(factory), sm__current->home);
}

/* Calls fn(factory, deadline) on the factory's thread, in a task of nobody's; it looks again
 * whether that is the right one. Returns what it returned, -ENOMEM, -ECANCELED. */
int sm__factory_there(struct sm_factory *factory, int (*fn)(struct sm_factory *, sm_time),
                      sm_time deadline);
/* Seals the factory and gives it the home in which it stays. Returns 0, -SM_EELSEWHERE with words.
 */
int sm__factory_place(struct sm_factory *factory);
/* It stays where it is. */
void sm__factory_stay(struct sm_factory *factory);
/* A daemon that was found for a factory: ties the factory to it, or refuses it where another thread
 * alone may enter it. Returns 0, -SM_EELSEWHERE. */
int sm__factory_use_among(struct sm_factory *factory, const struct sm__daemon *daemon);
static inline int sm__factory_use(struct sm_factory *factory, const struct sm__daemon *daemon)
{
    return SM_LIKELY(!sm__many_threads) ? 0 : sm__factory_use_among(factory, daemon);
}
/* The same, with words. */
int sm__factory_use_or_say(struct sm_factory *factory, const struct sm__daemon *daemon);
/* May daemons of the type be constructed by the caller? Returns 0, -SM_EELSEWHERE with words. */
int sm__factory_check_place(struct sm_factory *factory, const struct sm_daemon_type *type);

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

/* ---- texts (config.c) ---- */
/* NULL: no memory. */
struct sm__text *sm__text_create(const char *text);
/* Once nobody reads it any more. NULL allowed. */
void sm__text_drop(struct sm__text *text);

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
