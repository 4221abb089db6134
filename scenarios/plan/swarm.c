/* SPDX-License-Identifier: MIT */
/*
 * Swarm testing (Groce and others, ISSTA 2012): a run with all faults at once often hides what a
 * run with few of them finds. Each seed takes a random subset, then magnitudes.
 */
#include "scenarios/plan/parts.h"

#include "core/random.h"

#include <stdio.h>

enum { DRAW_ACTIVE, DRAW_EVERY, DRAW_LASTS };

#define SHIFTS    5 /* -2, -1, 0, 1, 2 */
#define SHIFT_MIN (-2)

uint64_t plan_key(uint64_t seed, const char *prefix, const char *name)
{
    char text[96];
    snprintf(text, sizeof text, "%s/%s", prefix, name);
    return sm__random_key(seed, 0, sm__name_hash(text), 0);
}

static uint64_t key_of(const struct scn *scn, uint64_t seed, uint32_t fault)
{
    return plan_key(seed, "swarm", scn->faults[fault].name);
}

static bool is_drawn(const struct scn *scn, uint64_t seed, uint32_t fault)
{
    return sm__random_draw(key_of(scn, seed, fault), DRAW_ACTIVE) >> 63;
}

/* The one that takes part where the draws have left none. */
static uint32_t last_resort(const struct scn *scn, uint64_t seed)
{
    uint64_t key = plan_key(seed, "swarm", "");
    return (uint32_t)sm__random_scale(sm__random_draw(key, 0), scn->fault_count);
}

static bool is_active(const struct scn *scn, uint64_t seed, uint32_t fault)
{
    if (is_drawn(scn, seed, fault))
        return true;
    if (fault != last_resort(scn, seed))
        return false;
    for (uint32_t i = 0; i < scn->fault_count; i++)
        if (is_drawn(scn, seed, i))
            return false;
    return true;
}

struct plan_magnitude plan_swarm(const struct scn *scn, uint64_t seed, uint32_t fault)
{
    if (!scn->swarm)
        return (struct plan_magnitude){.active = true};
    uint64_t key = key_of(scn, seed, fault);
    return (struct plan_magnitude){
        .active = is_active(scn, seed, fault),
        .every_shift = SHIFT_MIN + (int)sm__random_scale(sm__random_draw(key, DRAW_EVERY), SHIFTS),
        .lasts_shift = SHIFT_MIN + (int)sm__random_scale(sm__random_draw(key, DRAW_LASTS), SHIFTS),
    };
}
