/* SPDX-License-Identifier: MIT */
/* Factories: birth, end, and the small questions. */
#include "core/factory_parts.h"

#include <stdlib.h>
#include <string.h>

static uint32_t changed_ready(struct sm_waitable *self, uint32_t interest)
{
    const struct sm_factory *factory = sm__container(self, struct sm_factory, changed);
    return factory->state == SM__FACTORY_STOPPED ? interest & SM_READ : 0;
}

static struct sm__home *home_for(const struct sm_factory *parent, struct sm__home *home)
{
    if (home)
        return home;
    if (parent)
        return sm__home_of_child(sm__home_of(parent));
    return sm__current ? sm__current->home : NULL;
}

/* May a parent have a child of this name? */
static int check_child(struct sm_factory *parent, const char *name)
{
    if (sm__state(parent) >= SM__FACTORY_STOPPING)
        return -ECANCELED;
    return sm__children_find(parent, name) ? -EEXIST : 0;
}

static void init(struct sm_factory *factory, const char *kind, struct sm__home *home)
{
    factory->kind = kind;
    factory->home = home;
    factory->pins = 1; /* until it is destroyed */
    factory->log.factory = factory;
    sm__list_init(&factory->children);
    sm__list_init(&factory->child_link);
    sm__list_init(&factory->daemons);
    sm__list_init(&factory->types);
    sm__list_init(&factory->config);
    sm__waitable_init(&factory->changed, changed_ready);
    sm__owner_init(&factory->own, factory, NULL);
}

/* The graph is taken. */
static int create(struct sm_factory **out, struct sm_factory *parent, const char *kind,
                  const char *name, struct sm__home *home)
{
    const int error = parent ? check_child(parent, name) : 0;
    if (error)
        return error;
    struct sm_factory *factory = calloc(1, sizeof *factory);
    if (!factory)
        return -ENOMEM;
    factory->name = strdup(name);
    if (!factory->name) {
        free(factory);
        return -ENOMEM;
    }
    init(factory, kind, home_for(parent, home));
    factory->placed = home || !parent;
    if (parent)
        sm__children_link(parent, factory);
    *out = factory;
    return 0;
}

int sm__factory_create_as(struct sm_factory **out, struct sm_factory *parent, const char *kind,
                          const char *name, struct sm__home *home)
{
    SM_ASSERT(name != NULL);
    *out = NULL;
    sm__graph_take();
    const int error = create(out, parent, kind, name, home);
    sm__graph_give();
    return error;
}

int sm_factory_create(struct sm_factory **out, struct sm_factory *parent, const char *name)
{
    return sm__factory_create_as(out, parent, "factory", name, NULL);
}

void sm_factory_seal(struct sm_factory *factory)
{
    if (factory->state == SM__FACTORY_NEW)
        sm__state_set(factory, SM__FACTORY_SEALED);
}

/* ---- the end ---- */

static int has_tasks_there(struct sm_factory *factory, sm_time unused)
{
    (void)unused;
    return sm__factory_has_tasks(factory);
}

bool sm__factory_has_tasks(struct sm_factory *factory)
{
    if (sm__factory_elsewhere(factory))
        return sm__factory_there(factory, has_tasks_there, 0) != 0;
    if (!sm__list_empty(&factory->own.tasks))
        return true;
    for (const struct sm__list *link = factory->daemons.next; link != &factory->daemons;
         link = link->next) {
        const struct sm__daemon *daemon = sm__container(link, struct sm__daemon, link);
        if (!sm__list_empty(&daemon->owner.tasks) || !sm__list_empty(&daemon->stop_owner.tasks))
            return true;
    }
    for (const struct sm__list *link = factory->children.next; link != &factory->children;
         link = link->next)
        if (sm__factory_has_tasks(sm__container(link, struct sm_factory, child_link)))
            return true;
    return false;
}

/* A task that ignores its cancellation still uses the daemons: better a leak than a stray pointer.
 */
static void keep(struct sm_factory *factory)
{
    SM_ASSERT_MSG(factory->state == SM__FACTORY_STOPPED, "factory '%s' is destroyed without a stop",
                  factory->name);
    sm_log_error(&factory->log, "a factory is kept in memory: tasks have outlived its stop",
                 sm_str("factory", factory->name));
    __atomic_store_n(&factory->kept, true, __ATOMIC_RELAXED);
    sm__graph_take();
    if (factory->parent)
        sm__children_unname(factory);
    sm__graph_give();
}

static void free_type(struct sm__later *later)
{
    free(sm__container(later, struct sm__registration, later));
}

static void free_lists(struct sm_factory *factory)
{
    while (!sm__list_empty(&factory->types)) {
        struct sm__registration *type =
            sm__container(factory->types.next, struct sm__registration, link);
        sm__list_withdraw(&type->link);
        sm__free_later(&type->later, free_type);
    }
    while (!sm__list_empty(&factory->config)) {
        struct sm__config *entry = sm__container(factory->config.next, struct sm__config, link);
        sm__list_remove(&entry->link);
        sm__text_drop(entry->value);
        free(entry);
    }
}

static int destroy_there(struct sm_factory *factory, sm_time unused)
{
    (void)unused;
    sm_factory_destroy(factory);
    return 0;
}

/* Its daemons are destroyed where they have run. */
static void destroy_elsewhere(struct sm_factory *factory)
{
    const bool before = sm__shield();

    if (sm__factory_there(factory, destroy_there, 0))
        sm_log_error(&factory->log, "a factory is kept in memory: there is none for its end",
                     sm_str("factory", factory->name));
    sm__unshield(before);
}

static struct sm_factory *last_child(struct sm_factory *factory)
{
    sm__graph_take();
    struct sm__list *last = factory->children.prev;
    sm__graph_give();
    return last == &factory->children ? NULL : sm__container(last, struct sm_factory, child_link);
}

void sm_factory_destroy(struct sm_factory *factory)
{
    struct sm_factory *child;

    if (!factory)
        return;
    if (sm__factory_elsewhere(factory)) {
        destroy_elsewhere(factory);
        return;
    }
    SM_ASSERT_MSG(sm__state(factory) <= SM__FACTORY_SEALED ||
                      sm__state(factory) == SM__FACTORY_STOPPED,
                  "factory '%s' is destroyed before it was stopped", factory->name);
    if (sm__factory_has_tasks(factory)) {
        keep(factory);
        return;
    }
    while ((child = last_child(factory)))
        sm_factory_destroy(child);
    while (!sm__list_empty(&factory->daemons))
        sm__daemon_destroy(sm__container(factory->daemons.prev, struct sm__daemon, link));
    sm__owner_finish(&factory->own);
    sm__graph_take();
    free_lists(factory);
    if (factory->parent)
        sm__children_unlink(factory);
    sm__text_drop(factory->detail);
    __atomic_store_n(&factory->detail, NULL, __ATOMIC_RELEASE);
    sm__graph_give();
    if (factory->counted)
        sm__home_leave(factory->home);
    sm__state_set(factory, SM__FACTORY_STOPPED);
    sm__wake_all_fast(&factory->changed);
    sm__factory_unpin(factory);
}

static void free_factory(struct sm__later *later)
{
    struct sm_factory *factory = sm__container(later, struct sm_factory, later);

    free(factory->name);
    free(factory);
}

void sm__factory_pin(struct sm_factory *factory)
{
    __atomic_fetch_add(&factory->pins, 1, __ATOMIC_RELAXED);
}

bool sm__factory_pin_found(struct sm_factory *factory)
{
    uint32_t pins = __atomic_load_n(&factory->pins, __ATOMIC_RELAXED);

    while (pins > 0 && !__atomic_compare_exchange_n(&factory->pins, &pins, pins + 1, true,
                                                    __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
    }
    return pins > 0;
}

void sm__factory_unpin(struct sm_factory *factory)
{
    const uint32_t before = __atomic_fetch_sub(&factory->pins, 1, __ATOMIC_ACQ_REL);

    SM_ASSERT(before > 0);
    if (before == 1)
        sm__free_later(&factory->later, free_factory);
}

void sm__factory_abandon(struct sm_factory *factory)
{
    sm__hook_forget(factory);
    if (factory->parent)
        sm__children_unlink(factory);
}

/* ---- questions ---- */

const char *sm_factory_name(const struct sm_factory *factory)
{
    return factory->name;
}

struct sm_factory *sm_factory_parent(const struct sm_factory *factory)
{
    return sm__parent(factory);
}

bool sm_factory_stopping(const struct sm_factory *factory)
{
    return sm__state(factory) >= SM__FACTORY_STOPPING;
}

const char *sm__factory_state_name(const struct sm_factory *factory)
{
    static const char *const names[] = {"new",     "sealed",   "preparing",
                                        "running", "stopping", "stopped"};
    return names[sm__state(factory)];
}

const char *sm__factory_kind(const struct sm_factory *factory)
{
    return factory->kind;
}

struct sm_factory *sm_factory_self(void)
{
    const struct sm__hook_frame *frame = sm__hook_top();
    if (frame)
        return frame->daemon->factory;
    return sm__current && sm__current->owner ? sm__current->owner->factory : NULL;
}

bool sm__factory_is_below(const struct sm_factory *factory, const struct sm_factory *ancestor)
{
    for (; factory; factory = factory->parent)
        if (factory == ancestor)
            return true;
    return false;
}

bool sm__factory_inside(const struct sm_factory *factory)
{
    return sm__factory_is_below(sm_factory_self(), factory);
}

struct sm_log *sm_log_get(struct sm_factory *factory)
{
    return &factory->log;
}

struct sm__home *sm__factory_home(const struct sm_factory *factory)
{
    return sm__home_of(factory);
}

struct sm__owner *sm__factory_owner(struct sm_factory *factory)
{
    return &factory->own;
}

void sm__factory_capability_set(struct sm_factory *factory, enum sm__capability which,
                                void *capability)
{
    factory->capabilities[which] = capability;
}

void *sm__factory_capability(struct sm_factory *factory, enum sm__capability which)
{
    for (; factory; factory = factory->parent)
        if (factory->capabilities[which])
            return factory->capabilities[which];
    return NULL;
}
