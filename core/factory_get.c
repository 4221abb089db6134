/* SPDX-License-Identifier: MIT */
/*
 * Daemons on demand.
 *
 * A constructor asks for its dependencies while it runs. So the constructs that are running nest as
 * the dependencies do: a daemon that is asked for while it is itself being constructed closes a
 * circle, and the nest is its path.
 */
#include "core/counters.h"
#include "core/factory_parts.h"

#include <stdlib.h>
#include <string.h>

/* ---- look-up ---- */

static struct sm__daemon *lookup_here(struct sm_factory *factory, const char *name)
{
    for (struct sm__list *link = sm__list_next(&factory->daemons); link != &factory->daemons;
         link = sm__list_next(link)) {
        struct sm__daemon *daemon = sm__container(link, struct sm__daemon, link);
        if (strcmp(daemon->type->name, name) == 0)
            return daemon;
    }
    return NULL;
}

struct sm__daemon *sm__factory_lookup(struct sm_factory *factory, const char *name)
{
    for (; factory; factory = sm__parent(factory)) {
        struct sm__daemon *daemon = lookup_here(factory, name);
        if (daemon)
            return daemon;
    }
    return NULL;
}

void *sm_factory_find(struct sm_factory *factory, const char *name)
{
    struct sm__daemon *daemon = sm__factory_lookup(factory, name);
    SM__COUNT(lookups, 1);
    return daemon && sm__factory_use(factory, daemon) == 0 ? daemon->instance : NULL;
}

void sm__factory_each_daemon(const struct sm_factory *factory,
                             void (*visit)(const char *name, void *arg), void *arg)
{
    for (struct sm__list *link = sm__list_next(&factory->daemons); link != &factory->daemons;
         link = sm__list_next(link))
        visit(sm__container(link, struct sm__daemon, link)->type->name, arg);
}

/* ---- look-ups that have been answered ---- */

/* Which slot never decides what is found: nothing depends on addresses. */
static struct sm__daemon **known_slot(struct sm_factory *factory, const struct sm_daemon_type *type)
{
    return &factory->known[(uintptr_t)type / sizeof(struct sm_daemon_type) % SM__KNOWN_COUNT];
}

/*
 * What is known stays right: a factory ends before its ancestors, whose daemons end with them, and
 * no factory in between can get one of its own any more.
 */
static void remember(struct sm_factory *factory, const struct sm_daemon_type *type,
                     struct sm__daemon *daemon)
{
    if (sm__state(factory) != SM__FACTORY_NEW || daemon->type != type)
        return;
    for (const struct sm_factory *f = factory; f != daemon->factory; f = sm__parent(f))
        if (f != factory && sm__state(f) == SM__FACTORY_NEW)
            return;
    __atomic_store_n(known_slot(factory, type), daemon, __ATOMIC_RELEASE);
}

static void forget(struct sm__daemon *daemon)
{
    struct sm__daemon **slot = known_slot(daemon->factory, daemon->type);

    if (*slot == daemon)
        __atomic_store_n(slot, NULL, __ATOMIC_RELEASE);
}

/* ---- circles ---- */

static bool being_constructed(const struct sm_factory *factory, const char *name)
{
    for (const struct sm__hook_frame *f = sm__hook_top(); f; f = f->outer)
        if (f->constructing && strcmp(f->daemon->type->name, name) == 0 &&
            sm__factory_is_below(factory, f->daemon->factory))
            return true;
    return false;
}

/* Puts "a -> b -> " for the frames, the outermost first. Returns the length; text may be NULL. */
static size_t put_path(const struct sm__hook_frame *frame, char *text)
{
    if (!frame)
        return 0;
    size_t used = put_path(frame->outer, text);
    const char *name = frame->daemon->type->name;
    size_t length = strlen(name);
    if (text) {
        memcpy(text + used, name, length);
        memcpy(text + used + length, " -> ", 4);
    }
    return used + length + 4;
}

static int fail_circle(struct sm_factory *factory, const char *name)
{
    size_t length = put_path(sm__hook_top(), NULL);
    char *path = malloc(length + 1);
    if (!path)
        return -SM_ECYCLE;
    put_path(sm__hook_top(), path);
    path[length] = '\0';
    sm__factory_note(factory, -SM_ECYCLE, "%s: %s%s", sm_strerror(SM_ECYCLE), path, name);
    free(path);
    return -SM_ECYCLE;
}

/* ---- construction ---- */

static struct sm__daemon *make_daemon(struct sm_factory *factory, const struct sm_daemon_type *type)
{
    struct sm__daemon *daemon = calloc(1, sizeof *daemon);
    if (!daemon)
        return NULL;
    daemon->factory = factory;
    daemon->type = type;
    sm__list_init(&daemon->link);
    sm__owner_init(&daemon->owner, factory, type->name);
    sm__owner_init(&daemon->stop_owner, factory, type->name);
    return daemon;
}

static void free_daemon_memory(struct sm__later *later)
{
    struct sm__daemon *daemon = sm__container(later, struct sm__daemon, later);

    if (!daemon->injected)
        free(daemon->instance);
    free(daemon);
}

static void free_daemon(struct sm__daemon *daemon)
{
    sm__owner_finish(&daemon->owner);
    sm__owner_finish(&daemon->stop_owner);
    sm__words_clear(daemon);
    sm__free_later(&daemon->later, free_daemon_memory);
}

void sm__daemon_destroy(struct sm__daemon *daemon)
{
    if (!daemon->injected && daemon->type->destroy) {
        struct sm__hook_frame frame;
        sm__hook_enter(&frame, daemon, false);
        daemon->type->destroy(daemon->instance);
        sm__hook_leave(&frame);
    }
    forget(daemon);
    sm__list_withdraw(&daemon->link);
    free_daemon(daemon);
}

static int call_construct(struct sm__daemon *daemon)
{
    if (!daemon->type->construct)
        return 0;
    struct sm__hook_frame frame;
    sm__hook_enter(&frame, daemon, true);
    int error = daemon->type->construct(daemon->instance, daemon->factory);
    error = sm__hook_result(daemon, error);
    sm__hook_leave(&frame);
    return error;
}

static int construct(struct sm_factory *factory, const struct sm_daemon_type *type, void **out)
{
    struct sm__daemon *daemon = make_daemon(factory, type);
    if (daemon)
        daemon->instance = calloc(1, type->instance_bytes ? type->instance_bytes : 1);
    if (!daemon || !daemon->instance) {
        free(daemon);
        return sm__factory_note(factory, -ENOMEM, "daemon '%s': construct: %s (%zu bytes)",
                                type->name, sm_strerror(ENOMEM), type->instance_bytes);
    }
    int error = call_construct(daemon);
    if (error) {
        const char *words = sm__words_for(daemon, error);
        if (error == -SM_ECYCLE && daemon->words) /* the path names all of them already */
            sm__factory_note(factory, error, "%s", words);
        else
            sm__factory_note(factory, error, "daemon '%s': construct: %s", type->name, words);
        if (!sm__hook_top() && !factory->failed_daemon)
            factory->failed_daemon = type->name;
        free_daemon(daemon);
        return error;
    }
    sm__words_clear(daemon);
    if (!(type->flags & (SM_DAEMON_THREAD_SAFE | SM_DAEMON_REENTRANT)))
        factory->anchor = type->name;
    sm__list_publish(&factory->daemons, &daemon->link);
    remember(factory, type, daemon);
    *out = daemon->instance;
    return 0;
}

static int check_open(struct sm_factory *factory, const char *name)
{
    if (sm__state(factory) == SM__FACTORY_NEW)
        return 0;
    return sm__factory_note(factory, -SM_ESEALED, "daemon '%s': %s", name, sm_strerror(SM_ESEALED));
}

/* Kept apart, so that what is known costs no more than a look. */
__attribute__((noinline)) static int get_anew(struct sm_factory *factory,
                                              const struct sm_daemon_type *type, void **out)
{
    *out = NULL;
    int error = sm__factory_check_type(factory, type);
    if (error)
        return error;
    struct sm__daemon *daemon = sm__factory_lookup(factory, type->name);
    if (daemon) {
        error = sm__factory_use_or_say(factory, daemon);
        if (error)
            return error;
        remember(factory, type, daemon);
        *out = daemon->instance;
        return 0;
    }
    if (being_constructed(factory, type->name))
        return fail_circle(factory, type->name);
    error = check_open(factory, type->name);
    if (!error)
        error = sm__factory_check_place(factory, type);
    return error ? error : construct(factory, type, out);
}

__attribute__((noinline)) static bool is_refused(const struct sm__daemon *daemon)
{
    return !(daemon->type->flags & SM_DAEMON_THREAD_SAFE) && sm__factory_elsewhere(daemon->factory);
}

int sm_factory_get(struct sm_factory *factory, const struct sm_daemon_type *type, void **out)
{
    const struct sm__daemon *known = __atomic_load_n(known_slot(factory, type), __ATOMIC_ACQUIRE);

    SM__COUNT(lookups, 1);
    if (known && known->type == type && !(SM_UNLIKELY(sm__many_threads) && is_refused(known))) {
        *out = known->instance;
        return 0;
    }
    return get_anew(factory, type, out);
}

/* ---- injection ---- */

int sm_factory_inject(struct sm_factory *factory, const struct sm_daemon_type *type, void *instance)
{
    SM_ASSERT(instance != NULL);
    int error = sm__factory_check_type(factory, type);
    if (!error)
        error = check_open(factory, type->name);
    if (error)
        return error;
    if (lookup_here(factory, type->name))
        return sm__factory_note(factory, -EEXIST, "daemon '%s' has an instance already",
                                type->name);
    struct sm__daemon *daemon = make_daemon(factory, type);
    if (!daemon)
        return -ENOMEM;
    daemon->injected = true;
    daemon->instance = instance;
    if (!(type->flags & SM_DAEMON_THREAD_SAFE))
        factory->anchor = type->name;
    sm__list_publish(&factory->daemons, &daemon->link);
    remember(factory, type, daemon);
    return 0;
}
