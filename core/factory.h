/* SPDX-License-Identifier: MIT */
/*
 * Factories, from the side of a world: what sim/ and core/os/ need beyond the contract.
 *
 * The files: factory.c (birth and end), factory_children.c (the tree), factory_types.c,
 * factory_get.c (construction), factory_place.c (on which thread), factory_hook.c (whose hook is
 * running), factory_detail.c (failures in words), factory_start.c and factory_stop.c (the life),
 * config.c, lease.c. Their common structs are in factory_parts.h.
 */
#ifndef STEELMILL_CORE_FACTORY_H
#define STEELMILL_CORE_FACTORY_H

#include <steelmill/factory.h>

struct sm__home;
struct sm__waiter;
struct sm__owner;

/* What a machine offers besides daemons. A child sees what the nearest ancestor has. */
enum sm__capability { SM__CAPABILITY_NET, SM__CAPABILITY_DISK, SM__CAPABILITY_COUNT };

/*
 * Creates a factory that is called by another word in failures ("machine 'lock': ...").
 *   kind: a static text
 *   name: "" for a factory that adds no words of its own (the world)
 *   home: where its tasks run; NULL takes the parent's, else the calling task's
 * Ownership, returns: as sm_factory_create.
 * Context: also outside of any task.
 */
int sm__factory_create_as(struct sm_factory **out, struct sm_factory *parent, const char *kind,
                          const char *name, struct sm__home *home);

/*
 * The machine has crashed: forgets the factory and everything below it. Runs no user code and frees
 * nothing; the memory vanishes with the machine's heap. The tasks of the machine must be dropped by
 * the caller. No task of another home may be inside a blocking call on the factory.
 */
void sm__factory_abandon(struct sm_factory *factory);

void sm__factory_capability_set(struct sm_factory *factory, enum sm__capability which,
                                void *capability);
/* The nearest one, here or in an ancestor; NULL: there is none. */
void *sm__factory_capability(struct sm_factory *factory, enum sm__capability which);

/*
 * Calls `visit` for each configuration key of this factory (not of its relatives) that nobody has
 * read, in the order in which they were set, until it returns non-zero, which is passed on.
 *   suggestion: a key that was asked for in vain and looks similar; NULL if none
 */
int sm__factory_config_unread(struct sm_factory *factory,
                              int (*visit)(const char *key, const char *suggestion, void *arg),
                              void *arg);

struct sm__home *sm__factory_home(const struct sm_factory *factory);
/* The owner of tasks that belong to the factory as a whole. They end before its daemons stop. */
struct sm__owner *sm__factory_owner(struct sm_factory *factory);
/* The daemon whose hook failed first; "" when none has. */
const char *sm__factory_failed_daemon(const struct sm_factory *factory);
/* The daemon whose hook or task is running; NULL outside of daemons. */
const char *sm__hook_daemon_name(void);

/* Tasks of it or of those below it have not ended: whatever was tried, they still use its code. */
bool sm__factory_has_tasks(struct sm_factory *factory);

/* For readers, as sm_factory_name: "running", "stopped"; "machine", "factory", "lease". */
const char *sm__factory_state_name(const struct sm_factory *factory);
const char *sm__factory_kind(const struct sm_factory *factory);
/* Calls `visit` for each daemon that is constructed, in order. For readers, as sm_factory_find. */
void sm__factory_each_daemon(const struct sm_factory *factory,
                             void (*visit)(const char *name, void *arg), void *arg);

/*
 * Keeps the struct of a factory that was found in a read section, beyond that section, until
 * sm__factory_unpin. False: it is too late, its end has come.
 */
bool sm__factory_pin_found(struct sm_factory *factory);
void sm__factory_unpin(struct sm_factory *factory);

/*
 * As sm_factory_wait without a deadline, but the calling task rests meanwhile: see sm__task_rest.
 *   fn: calls this again, with `again`, and returns what it returns
 * Context: what `fn` is given to must be the last act of the task.
 */
int sm__factory_wait_at_rest(struct sm_factory *factory, struct sm__waiter *waiter,
                             int (*fn)(void *arg), bool again);

/* Waits until the factory begins to stop. Returns 0, -ETIMEDOUT, -ECANCELED. */
int sm__factory_wait_stopping(struct sm_factory *factory, sm_time deadline);

#endif
