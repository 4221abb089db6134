/* SPDX-License-Identifier: MIT */
/* What a seed makes of the machines' clocks. */
#include "scenarios/plan/plan.h"

#include "core/random.h"

enum { DRAW_OFFSET, DRAW_DRIFT };

/* Both ends included. */
static int64_t between(uint64_t draw, int64_t least, int64_t most)
{
    return least + (int64_t)sm__random_scale(draw, (uint64_t)(most - least) + 1);
}

struct plan_clock plan_clock(const struct scn *scn, uint64_t seed, uint32_t machine)
{
    const struct scn_clock *clock = &scn->groups[scn_machine_group(scn, machine)].clock;
    const uint64_t key = sm__random_key(seed, 0, sm__name_hash("clock"), machine + 1);

    return (struct plan_clock){
        .offset_ns =
            between(sm__random_draw(key, DRAW_OFFSET), clock->offset.min_ns, clock->offset.max_ns),
        .drift_ppb =
            between(sm__random_draw(key, DRAW_DRIFT), clock->drift.min_ppb, clock->drift.max_ppb),
    };
}
