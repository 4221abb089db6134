/* SPDX-License-Identifier: MIT */
/* Daemon types: which are known here, and daemons by their names. */
#include "core/counters.h"
#include "core/factory_parts.h"
#include "core/units.h"

#include <stdlib.h>
#include <string.h>

static bool name_is_valid(const char *name)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    return name && name[0] && name[strspn(name, allowed)] == '\0';
}

int sm__factory_check_type(struct sm_factory *factory, const struct sm_daemon_type *type)
{
    if (!name_is_valid(type->name))
        return sm__factory_note(factory, -EINVAL,
                                "daemon type '%s': a name has letters, digits, '_' and '-' only",
                                type->name ? type->name : "");
    if (type->size_bytes < sizeof(struct sm_daemon_type))
        return sm__factory_note(factory, -EINVAL,
                                "daemon type '%s': size_bytes is %u, not %zu (use SM_DAEMON_HEAD)",
                                type->name, type->size_bytes, sizeof(struct sm_daemon_type));
    return 0;
}

static struct sm__registration *registration(struct sm_factory *factory, const char *name)
{
    for (struct sm__list *link = sm__list_next(&factory->types); link != &factory->types;
         link = sm__list_next(link)) {
        struct sm__registration *entry = sm__container(link, struct sm__registration, link);
        if (strcmp(entry->type->name, name) == 0)
            return entry;
    }
    return NULL;
}

int sm_factory_register(struct sm_factory *factory, const struct sm_daemon_type *type)
{
    int error = sm__factory_check_type(factory, type);
    if (error)
        return error;
    if (registration(factory, type->name))
        return sm__factory_note(factory, -EEXIST, "daemon type '%s' is registered already",
                                type->name);
    struct sm__registration *entry = calloc(1, sizeof *entry);
    if (!entry)
        return -ENOMEM;
    entry->type = type;
    sm__graph_take();
    sm__list_publish(&factory->types, &entry->link);
    sm__graph_give();
    return 0;
}

/* ---- by name ---- */

/* At most `limit`: another thread may be adding some. */
static size_t known_names(const struct sm_factory *factory, const char **names, size_t limit)
{
    size_t count = 0;
    for (; factory; factory = sm__parent(factory)) {
        const struct sm__list *link;
        for (link = sm__list_next(&factory->types); link != &factory->types;
             link = sm__list_next(link), count++)
            if (count < limit)
                names[count] = sm__container(link, struct sm__registration, link)->type->name;
        for (link = sm__list_next(&factory->daemons); link != &factory->daemons;
             link = sm__list_next(link), count++)
            if (count < limit)
                names[count] = sm__container(link, struct sm__daemon, link)->type->name;
    }
    return count;
}

static int fail_unknown(struct sm_factory *factory, const char *name)
{
    const char *similar = NULL;
    size_t count = known_names(factory, NULL, 0);
    const char **names = count ? malloc(count * sizeof *names) : NULL;
    if (names) {
        known_names(factory, names, count);
        similar = sm__suggest(name, names, count);
        free(names);
    }
    if (similar)
        return sm__factory_note(factory, -SM_ENODAEMON,
                                "no daemon type '%s' is known here (did you mean '%s'?)", name,
                                similar);
    return sm__factory_note(factory, -SM_ENODAEMON, "no daemon type '%s' is known here", name);
}

int sm_factory_get_by_name(struct sm_factory *factory, const char *name, void **out)
{
    const struct sm__daemon *daemon = sm__factory_lookup(factory, name);
    SM__COUNT(lookups, 1);
    *out = NULL;
    if (daemon) {
        const int error = sm__factory_use_or_say(factory, daemon);
        *out = error ? NULL : daemon->instance;
        return error;
    }
    for (struct sm_factory *f = factory; f; f = sm__parent(f)) {
        struct sm__registration *entry = registration(f, name);
        if (entry)
            return sm_factory_get(factory, entry->type, out);
    }
    return fail_unknown(factory, name);
}
