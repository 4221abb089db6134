/* SPDX-License-Identifier: MIT */
/* What may be said of production: on which threads a machine's factories live. */
#include "scenarios/file/table.h"

#define PINS_MAX 256

static const struct scn_serve *serve_of(const char *source)
{
    return (const struct scn_serve *)(const void *)source;
}

static bool has_pins(const char *source)
{
    return serve_of(source)->pin_count > 0;
}

/* Each pin is to a worker that there is; and who says that factories are pinned says where. */
static int check_serve(struct bind *b, const struct scn_node *map, char *target)
{
    const struct scn_serve *serve = serve_of(target);
    const struct scn_node *pins = scn_node_get(map, "pins");
    for (uint32_t i = 0; i < serve->pin_count; i++)
        if (serve->pins[i].worker >= serve->workers)
            return bind_fail(b, pins->values[i],
                             "'%s': there is no worker %u: 'workers' is %u, and they count from 0",
                             serve->pins[i].daemon, serve->pins[i].worker, serve->workers);
    if (serve->placement == SCN_PLACEMENT_PINNED && serve->pin_count == 0)
        return bind_fail(b, scn_node_get(map, "placement"),
                         "'placement: pinned' needs 'pins', such as { shard: 1 }");
    return 0;
}

static const char *const placement_words[] = {
    [SCN_PLACEMENT_BALANCED] = "balanced", [SCN_PLACEMENT_PINNED] = "pinned", NULL};

static const struct bind_field serve_fields[] = {
    {.key = "workers",
     .about = "threads of a machine",
     .type = &bind_u32,
     .offset = offsetof(struct scn_serve, workers),
     .fallback = "1",
     .min = 1,
     .max = SCN_WORKERS_MAX},
    {.key = "placement",
     .about = "where child factories without a pin live: on the worker that has the fewest, or "
              "where they were created",
     .type = &bind_word,
     .offset = offsetof(struct scn_serve, placement),
     .fallback = "balanced",
     .words = placement_words},
    {.key = "pins",
     .about = "the workers, from 0, on which child factories with these daemons live",
     .type = &bind_pins,
     .max = PINS_MAX,
     .when = has_pins},
};

const struct bind_table bind_serve = {
    .what = "the map of 'serve'", .check = check_serve, TABLE(serve_fields)};
