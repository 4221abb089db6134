/* SPDX-License-Identifier: MIT */
/*
 * Configuration: texts by key, inherited, and their typed readers.
 *
 * A key that was asked for but is not set leaves an entry without a value at the machine's
 * outermost factory. So a misspelt key can be told apart from one that is just not used, and be
 * corrected.
 */
#include "core/factory_parts.h"
#include "core/units.h"

#include <stdlib.h>
#include <string.h>

struct sm__text *sm__text_create(const char *text)
{
    const size_t bytes = strlen(text) + 1;
    struct sm__text *copy = malloc(sizeof *copy + bytes);

    if (copy)
        memcpy(copy->text, text, bytes);
    return copy;
}

static void free_text(struct sm__later *later)
{
    free(sm__container(later, struct sm__text, later));
}

void sm__text_drop(struct sm__text *text)
{
    if (text)
        sm__free_later(&text->later, free_text);
}

/* ---- entries: the graph is taken ---- */

static struct sm__config *entry_here(struct sm_factory *factory, const char *key)
{
    for (struct sm__list *link = factory->config.next; link != &factory->config;
         link = link->next) {
        struct sm__config *entry = sm__container(link, struct sm__config, link);
        if (strcmp(entry->key, key) == 0)
            return entry;
    }
    return NULL;
}

static struct sm__config *entry_add(struct sm_factory *factory, const char *key)
{
    size_t key_bytes = strlen(key) + 1;
    struct sm__config *entry = malloc(sizeof *entry + key_bytes);
    if (!entry)
        return NULL;
    entry->value = NULL;
    entry->read = false;
    memcpy(entry->key, key, key_bytes);
    sm__list_append(&factory->config, &entry->link);
    return entry;
}

int sm_factory_config_set(struct sm_factory *factory, const char *key, const char *value)
{
    struct sm__text *copy = sm__text_create(value);
    if (!copy)
        return -ENOMEM;
    sm__graph_take();
    struct sm__config *entry = entry_here(factory, key);
    if (!entry)
        entry = entry_add(factory, key);
    struct sm__text *old = entry ? entry->value : copy;
    if (entry) {
        entry->value = copy;
        entry->read = false;
    }
    sm__graph_give();
    sm__text_drop(old);
    return entry ? 0 : -ENOMEM;
}

/* A machine may have several homes. */
static bool is_machines(const struct sm__home *one, const struct sm__home *other)
{
    return one == other || (one && other && one->index == other->index);
}

static void remember_asked(struct sm_factory *factory, const char *key)
{
    while (factory->parent && is_machines(factory->parent->home, factory->home))
        factory = factory->parent;
    if (!entry_here(factory, key))
        entry_add(factory, key); /* without memory a suggestion is lost, no more */
}

static const char *look_up(struct sm_factory *factory, const char *key)
{
    for (struct sm_factory *f = factory; f; f = f->parent) {
        struct sm__config *entry = entry_here(f, key);
        if (entry && entry->value) {
            entry->read = true;
            return entry->value->text;
        }
    }
    remember_asked(factory, key);
    return NULL;
}

const char *sm_factory_config(struct sm_factory *factory, const char *key)
{
    sm__graph_take();
    const char *value = look_up(factory, key);
    sm__graph_give();
    return value;
}

/* ---- keys that nobody read ---- */

static size_t asked_keys(const struct sm_factory *factory, const char **keys)
{
    size_t count = 0;
    for (const struct sm__list *link = factory->config.next; link != &factory->config;
         link = link->next) {
        const struct sm__config *entry = sm__container(link, struct sm__config, link);
        if (entry->value)
            continue;
        if (keys)
            keys[count] = entry->key;
        count++;
    }
    return count;
}

int sm__factory_config_unread(struct sm_factory *factory,
                              int (*visit)(const char *key, const char *suggestion, void *arg),
                              void *arg)
{
    size_t count = asked_keys(factory, NULL);
    const char **keys = count ? malloc(count * sizeof *keys) : NULL;
    if (keys)
        asked_keys(factory, keys);
    int result = 0;
    for (struct sm__list *link = factory->config.next; !result && link != &factory->config;
         link = link->next) {
        const struct sm__config *entry = sm__container(link, struct sm__config, link);
        if (entry->value && !entry->read)
            result = visit(entry->key, keys ? sm__suggest(entry->key, keys, count) : NULL, arg);
    }
    free(keys);
    return result;
}

/* ---- typed readers ---- */

static int fail(struct sm_factory *factory, const char *key, const char *value, int error,
                const char *expected)
{
    if (error == -ERANGE)
        return sm__factory_note(factory, -SM_ECONFIG, "config '%s': '%s' does not fit", key, value);
    return sm__factory_note(factory, -SM_ECONFIG, "config '%s': '%s' is not %s", key, value,
                            expected);
}

int sm_config_bool(struct sm_factory *factory, const char *key, bool fallback, bool *out)
{
    *out = fallback;
    const char *value = sm_factory_config(factory, key);
    int error = value ? sm__parse_bool(value, out) : 0;
    return error ? fail(factory, key, value, error, "true or false") : 0;
}

int sm_config_i64(struct sm_factory *factory, const char *key, int64_t fallback, int64_t *out)
{
    *out = fallback;
    const char *value = sm_factory_config(factory, key);
    int error = value ? sm__parse_i64(value, out) : 0;
    return error ? fail(factory, key, value, error, "a whole number") : 0;
}

int sm_config_duration(struct sm_factory *factory, const char *key, sm_time fallback_ns,
                       sm_time *out_ns)
{
    *out_ns = fallback_ns;
    const char *value = sm_factory_config(factory, key);
    int error = value ? sm__parse_duration(value, out_ns) : 0;
    return error ? fail(factory, key, value, error, "a duration (as 5s, 10ms or 1us)") : 0;
}

int sm_config_bytes(struct sm_factory *factory, const char *key, int64_t fallback,
                    int64_t *out_bytes)
{
    *out_bytes = fallback;
    const char *value = sm_factory_config(factory, key);
    int error = value ? sm__parse_bytes(value, out_bytes) : 0;
    return error ? fail(factory, key, value, error, "a size (as 64KiB or 1000)") : 0;
}
