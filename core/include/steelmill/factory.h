/* SPDX-License-Identifier: MIT */
/*
 * Daemons and the factories that own them.
 *
 * A factory constructs daemons on demand, resolves their dependencies, and drives their lives.
 * Children inherit the instances of their parent. Dependencies are found by the constructors' own
 * calls to sm_factory_get, so the order of construction is a topological order: prepare follows it,
 * stop and destroy go through it backwards.
 *
 *   NEW --seal--> SEALED --start--> PREPARING --> RUNNING --> STOPPING --> STOPPED
 *    |               |                  |            |           ^
 *    +---------------+------------------+--- stop / a failure ---+
 *
 *   1. Daemons are added in NEW only.            3. A factory is stopped once; again is a no-op.
 *   2. `run` hooks run only in RUNNING.          4. Children stop before their parent's daemons.
 *
 * Where a machine has several workers, a child is put on one of them when it starts, if none of its
 * daemons keeps it where it is (SM_DAEMON_...), and stays there: prepare, run, stop and destroy run
 * on that worker, construct on its creator's. sm_factory_start, _wait, _stop and _destroy go there
 * by themselves, and wait; they are for tasks then, not for construct and destroy hooks.
 *
 * Context of every call, unless it says otherwise: a task or hook of the factory's own thread.
 */
#ifndef STEELMILL_FACTORY_H
#define STEELMILL_FACTORY_H

#include <steelmill/base.h>
#include <steelmill/time.h>

SM_C_BEGIN

struct sm_factory;

/*
 * Which threads may enter daemons of a type, where production runs a machine on several workers
 * (simulation has one thread). A factory and its daemons live on one worker.
 *   SM_DAEMON_THREAD_SAFE  any, several at once: children on other workers may get one that they
 *                          inherit, and its instances may live on several workers
 *   SM_DAEMON_REENTRANT    its instances may live on several workers, but each is entered on its
 * own only: the type has no variables that instances share neither                all of the type
 * lives on the machine's first worker On other workers, those that are not thread-safe are refused
 * (-SM_EELSEWHERE): use sm_call.
 */
#define SM_DAEMON_THREAD_SAFE 1u
#define SM_DAEMON_REENTRANT   2u

/*
 * The static descriptor of a daemon type. Hooks may be NULL. `self` is `instance_bytes` of zeroed
 * memory that the factory owns.
 */
struct sm_daemon_type {
    uint32_t size_bytes; /* sizeof(struct sm_daemon_type): lets later versions add fields */
    uint32_t flags;      /* SM_DAEMON_... */
    const char *name;    /* unique in a plugin; letters, digits, '_' and '-' */
    const char *about;   /* one line for `steelmill daemons`; may be NULL */
    size_t instance_bytes;

    /* Finds dependencies (sm_factory_get) and reads configuration. Must not block. If it fails,
     * it frees what it made; destroy is not called. */
    int (*construct)(void *self, struct sm_factory *factory);
    /* Opens what run needs (ports, files). May block. All of it is done before any run starts. */
    int (*prepare)(void *self);
    /* The service itself, in a task of its own. Returns 0 when done; -ECANCELED is no failure
     * while the factory stops, or one above it. */
    int (*run)(void *self);
    /* Called in a task of its own after run and all of the daemon's tasks have ended. May do I/O
     * until `deadline`. Called if prepare was called, even where that failed. */
    int (*stop)(void *self, sm_time deadline);
    /* Frees what construct made. Must not block. */
    void (*destroy)(void *self);
};

/* The first fields of a descriptor: struct sm_daemon_type t = {SM_DAEMON_HEAD(lock_server), .run =
 * ...}; */
#define SM_DAEMON_HEAD(type_)                                    \
    .size_bytes = sizeof(struct sm_daemon_type), .name = #type_, \
    .instance_bytes = sizeof(struct type_)

/*
 * Declares the descriptor of daemon type `type_` (whose instance is `struct type_`) and its getter:
 *   extern const struct sm_daemon_type type__daemon;
 *   int type__get(struct sm_factory *factory, struct type_ **out);
 */
#define SM_DAEMON_DECLARE(type_)                                                  \
    struct type_;                                                                 \
    extern const struct sm_daemon_type type_##_daemon;                            \
    static inline int type_##_get(struct sm_factory *factory, struct type_ **out) \
    {                                                                             \
        void *instance_ = NULL;                                                   \
        int error_ = sm_factory_get(factory, &type_##_daemon, &instance_);        \
        *out = (struct type_ *)instance_;                                         \
        return error_;                                                            \
    }

/*
 * Creates a factory.
 *   parent: NULL for a root; else the child inherits its daemons, types and configuration
 *   name: copied; unique among the parent's children
 * Ownership: the caller destroys it; a parent that is destroyed destroys its children first.
 * Blocks? never. Randomness: none.
 * Returns: 0, -ENOMEM, -EEXIST (name taken), -ECANCELED (the parent is stopping).
 */
SM_API int sm_factory_create(struct sm_factory **out, struct sm_factory *parent, const char *name);

/* Makes a type known by name here and in all children. Returns 0, -EEXIST, -ENOMEM, -EINVAL. */
SM_API int sm_factory_register(struct sm_factory *factory, const struct sm_daemon_type *type);

/*
 * Gets a daemon: this factory's instance, else the nearest ancestor's, else a newly constructed
 * one, which belongs to this factory. Types are one and the same if their names are. out: receives
 * the instance, valid until the owning factory is destroyed Blocks? never. Returns: 0; -SM_ECYCLE
 * (the detail names the whole path); -SM_ESEALED; -SM_EELSEWHERE (only another thread may enter it:
 * see SM_DAEMON_THREAD_SAFE); -ENOMEM; or what the constructor returned. On failure *out is NULL
 * and nothing new is left behind.
 */
SM_API int sm_factory_get(struct sm_factory *factory, const struct sm_daemon_type *type,
                          void **out);

/* The same by name. -SM_ENODAEMON: neither registered here nor in an ancestor (the detail
 * suggests). */
SM_API int sm_factory_get_by_name(struct sm_factory *factory, const char *name, void **out);

/* What sm_factory_get would return without constructing: NULL if there is no instance, or only
 * another thread may enter it. */
SM_API void *sm_factory_find(struct sm_factory *factory, const char *name);

/*
 * Puts an instance of the caller's in the place of a daemon (tests, adapters). The factory calls
 * none of its hooks. The instance must outlive the factory. Returns: 0, -EEXIST (there is an
 * instance already), -SM_ESEALED, -ENOMEM.
 */
SM_API int sm_factory_inject(struct sm_factory *factory, const struct sm_daemon_type *type,
                             void *instance);

/* No more daemons. Start does it by itself. Never blocks; twice is allowed. */
SM_API void sm_factory_seal(struct sm_factory *factory);

/*
 * Prepares all daemons in the order of construction, then starts every `run` in a task of its own.
 * If one prepare fails, the factory is stopped again (what was prepared, in reverse) before this
 * returns.
 *   deadline: for all prepares together; undoing a failure has 5 s of its own
 * Context: a task that does not belong to the factory (asserted).
 * Blocks? until all are prepared, the deadline, or cancellation.
 * Returns: 0; the error of the prepare that failed; -ETIMEDOUT; -ECANCELED; -EALREADY; and nothing
 *   has begun: -SM_EELSEWHERE (it is to live on another worker than a daemon that it depends on).
 */
SM_API int sm_factory_start(struct sm_factory *factory, sm_time deadline);

/*
 * Waits until every `run` has returned, or one has failed, or the factory stops.
 * Returns: 0 when all have returned 0; the first failure (sm_factory_detail says which daemon);
 *   -ETIMEDOUT, -ECANCELED.
 */
SM_API int sm_factory_wait(struct sm_factory *factory, sm_time deadline);

/*
 * Stops a factory: children first, last created first; then its daemons in the reverse order of
 * construction: cancel the daemon's tasks, wait for them, call its stop hook. A daemon that fails
 * or does not end in time does not keep the others from being stopped. deadline: for the whole;
 * each stop hook sees what is left of it. Once it has passed, each further daemon still gets 100 ms
 * to notice that it is cancelled Context: a task that does not belong to the factory (else
 * -EDEADLK). Returns: 0; the first failure, which includes a `run` that had failed earlier and that
 * nobody was told of; -ETIMEDOUT (the detail names who did not end). A second call returns 0, and
 * waits if the first is still at it.
 */
SM_API int sm_factory_stop(struct sm_factory *factory, sm_time deadline);

/* Destroys children, then daemons in reverse. Must be NEW, SEALED or STOPPED (asserted). NULL
 * allowed. */
SM_API void sm_factory_destroy(struct sm_factory *factory);

/*
 * What went wrong, in words: one line per failure, the first first; "" when nothing has.
 *   "machine 'lock': daemon 'lock_server': prepare: address in use (port 7000)"
 * Ownership: the factory's, valid until its next call.
 */
SM_API const char *sm_factory_detail(const struct sm_factory *factory);

/*
 * For hooks: words for the failure that the hook is about to return.
 * Returns `error`, so that a hook can end with `return sm_factory_fail(f, -EADDRINUSE, "port %d",
 * p);`
 */
SM_API int sm_factory_fail(struct sm_factory *factory, int error, const char *format, ...)
    SM_PRINTF(3, 4);

SM_API const char *sm_factory_name(const struct sm_factory *factory);
SM_API struct sm_factory *sm_factory_parent(const struct sm_factory *factory);
/* True from the moment that a stop begins. */
SM_API bool sm_factory_stopping(const struct sm_factory *factory);

/* The factory of the calling task; NULL outside of tasks and hooks. */
SM_API struct sm_factory *sm_factory_self(void);

/*
 * Calls `visit` for each child, first created first, until it returns non-zero, which is passed on.
 * `visit` may not add or remove children.
 */
SM_API int sm_factory_each_child(struct sm_factory *factory,
                                 int (*visit)(struct sm_factory *child, void *arg), void *arg);

/*
 * Calls fn(arg) where a factory lives: in a task of its own that belongs to the factory, on the
 * factory's thread. That is how to use a daemon that lives on another worker and is not
 * SM_DAEMON_THREAD_SAFE.
 *   arg: may lie on the caller's stack: fn has returned before this does
 * Context: a task, of any factory or none. The factory must not be destroyed meanwhile.
 * Blocks? until fn has returned. If the caller is cancelled, or the factory stops, then what fn
 * waits for is cancelled, and this still waits for fn.
 * Randomness: none.
 * Returns: what fn has returned; or, and fn was not called: -ECANCELED (the caller is cancelled, or
 *   the factory stops), -ENOMEM.
 */
SM_API int sm_call(struct sm_factory *factory, int (*fn)(void *arg), void *arg);

/* ---- configuration: the scenario's `config:` of the machine, inherited by child factories ---- */

/* Sets a value, given as text (copied). Returns 0, -ENOMEM. Replaces an earlier one. */
SM_API int sm_factory_config_set(struct sm_factory *factory, const char *key, const char *value);
/* The text of a value, here or in an ancestor; NULL if unset. Valid until replaced. */
SM_API const char *sm_factory_config(struct sm_factory *factory, const char *key);
/*
 * Typed readers: *out is the value, or `fallback` if unset.
 * Returns: 0; -SM_ECONFIG with a detail ("config 'retries': 'many' is not a whole number"), and
 * *out is the fallback. Durations are written as in scenarios: 5s, 10ms, 1us; sizes as 64KiB.
 */
SM_API int sm_config_bool(struct sm_factory *factory, const char *key, bool fallback, bool *out);
SM_API int sm_config_i64(struct sm_factory *factory, const char *key, int64_t fallback,
                         int64_t *out);
SM_API int sm_config_duration(struct sm_factory *factory, const char *key, sm_time fallback_ns,
                              sm_time *out_ns);
SM_API int sm_config_bytes(struct sm_factory *factory, const char *key, int64_t fallback,
                           int64_t *out_bytes);

SM_C_END
#endif
