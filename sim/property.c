/* SPDX-License-Identifier: MIT */
/*
 * Properties and buggify points. Several sites may share a name: they are one property. A site
 * remembers its property's place (`slot`), so that an evaluation is a few loads.
 */
#include "sim/property.h"

#include "core/log.h"
#include "core/random.h"
#include "sim/host.h"
#include "sim/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As FoundationDB: a quarter of the points is chosen per run, and fires in a quarter of the cases.
 */
#define BUGGIFY_CHOSEN_PPM 250000u
#define BUGGIFY_FIRED_PPM  250000u

struct sim_properties {
    struct sim_property *items; /* in the order of their first sight: slots */
    size_t count, capacity;
    uint32_t number; /* of this table, from 1: sites remember the one that their slot belongs to */
    struct sim_property *sorted;
};

struct sim_properties *sim_properties_create(void)
{
    static uint32_t made;
    struct sim_properties *properties = sim_host_alloc(sizeof *properties);

    properties->number = ++made;
    return properties;
}

void sim_properties_destroy(struct sim_properties *properties)
{
    if (!properties)
        return;
    for (size_t i = 0; i < properties->count; i++)
        sim_host_free(properties->items[i].last);
    sim_host_free(properties->items);
    sim_host_free(properties->sorted);
    sim_host_free(properties);
}

static struct sim_property *find(const struct sim_properties *properties, const char *name)
{
    for (size_t i = 0; i < properties->count; i++) {
        if (strcmp(properties->items[i].name, name) == 0)
            return &properties->items[i];
    }
    return NULL;
}

static void init_property(struct sim_world *world, struct sim_property *property, const char *name,
                          uint32_t kind)
{
    memset(property, 0, sizeof *property);
    property->name = name;
    property->kind = kind;
    if (kind == SM_SITE_EVENTUALLY)
        property->last = sim_host_alloc(world->options.machine_count_max + 1);
    if (kind == SM_SITE_BUGGIFY) {
        property->key = sim_stream_key(world, name, UINT32_MAX);
        /* Draw 0 chooses; draws from 1 on fire. */
        const uint64_t draw = sm__random_draw(property->key, 0);
        property->chosen = world->options.buggify && sm__random_hits(draw, BUGGIFY_CHOSEN_PPM);
    }
}

static struct sim_property *of_site(struct sim_world *world, struct sm_site *site)
{
    struct sim_properties *properties = world->properties;

    if (SM_LIKELY(site->table == properties->number))
        return &properties->items[site->slot - 1];
    struct sim_property *property = find(properties, site->name);
    if (!property) {
        if (properties->count == properties->capacity) {
            properties->capacity = properties->capacity ? properties->capacity * 2 : 32;
            properties->items = sim_host_resize(properties->items,
                                                properties->capacity * sizeof *properties->items);
        }
        property = &properties->items[properties->count++];
        init_property(world, property, site->name, site->kind);
    }
    SM_ASSERT_MSG(property->kind == site->kind, "property '%s' is stated in two kinds (%s:%u)",
                  site->name, site->file, site->line);
    site->slot = (uint32_t)(property - properties->items) + 1;
    site->table = properties->number;
    return property;
}

void sim_properties_declare(struct sim_world *world, struct sm_site *begin, struct sm_site *end)
{
    for (struct sm_site *site = begin; site != end; site++)
        (void)of_site(world, site);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct sim_property *)a)->name, ((const struct sim_property *)b)->name);
}

const struct sim_property *sim_properties(struct sim_world *world, size_t *count)
{
    struct sim_properties *properties = world->properties;

    *count = properties->count;
    sim_host_free(properties->sorted);
    properties->sorted = sim_host_alloc(properties->count * sizeof *properties->sorted);
    if (properties->count) {
        memcpy(properties->sorted, properties->items,
               properties->count * sizeof *properties->items);
        qsort(properties->sorted, properties->count, sizeof *properties->sorted, by_name);
    }
    return properties->sorted;
}

uint32_t sim_property_pending(struct sim_world *world, const char *name)
{
    const struct sim_property *property = find(world->properties, name);
    uint32_t pending = 0, evaluated = 0;

    if (!property || !property->last)
        return UINT32_MAX;
    for (uint32_t i = 0; i <= world->options.machine_count_max; i++) {
        pending += property->last[i] == 1;
        evaluated += property->last[i] != 0;
    }
    return evaluated ? pending : UINT32_MAX;
}

static void violated(struct sim_world *world, const struct sm_site *site,
                     const struct sm_field *fields)
{
    struct sim_failure failure = {.kind = SIM_FAILURE_PROPERTY};
    const char *verb = site->kind == SM_SITE_ALWAYS ? "always" : "unreachable";
    size_t used =
        (size_t)snprintf(failure.text, sizeof failure.text, "%s '%s' violated", verb, site->name);

    if (used >= sizeof failure.text)
        used = sizeof failure.text - 1;
    if (fields && fields[0].kind != SM_FIELD_END && used + 1 < sizeof failure.text)
        failure.text[used++] = ':';
    failure.text[used] = '\0';
    (void)sm__log_fields_print(failure.text + used, sizeof failure.text - used, fields);
    snprintf(failure.subject, sizeof failure.subject, "%s", site->name);
    sim_fail(world, &failure);
}

void sm_property_check(struct sm_site *site, bool holds, const struct sm_field *fields)
{
    struct sim_world *world = sim_world_current();

    SM_ASSERT_MSG(world, "a property is evaluated outside of any run");
    struct sim_property *property = of_site(world, site);
    property->hit_count++;
    property->true_count += holds;
    if (property->last)
        property->last[sm__current ? sm__current->home->index : 0] = holds ? 2 : 1;
    if (SM_UNLIKELY(!holds && (site->kind == SM_SITE_ALWAYS || site->kind == SM_SITE_UNREACHABLE)))
        violated(world, site, fields);
}

bool sm_buggify_fires(struct sm_site *site)
{
    struct sim_world *world = sim_world_current();

    SM_ASSERT_MSG(world, "a buggify point is passed outside of any run");
    struct sim_property *property = of_site(world, site);
    property->hit_count++;
    if (!property->chosen)
        return false;
    const uint64_t draw = sm__random_draw(property->key, property->hit_count);
    const bool fires = sm__random_hits(draw, BUGGIFY_FIRED_PPM);
    property->true_count += fires;
    return fires;
}
