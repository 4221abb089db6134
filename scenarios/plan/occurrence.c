/* SPDX-License-Identifier: MIT */
/*
 * When a fault happens, how long, and to whom. Occurrence n of a fault has sixteen draws of its
 * own, told apart by their purpose, so that none of them moves another.
 */
#include "scenarios/plan/parts.h"

#include "core/random.h"

/* Numbers of draws: they are a part of what a seed means and never change. */
enum purpose {
    DRAW_BEGIN = 0,
    DRAW_LASTS = 1,
    DRAW_TARGET = 2,
    DRAW_SIDES = 3,
    DRAW_FIRE = 4,
    DRAW_AMOUNT = 5,
    DRAWS = 16,
};

static uint64_t draw(const struct plan_walk *walk, enum purpose purpose)
{
    return sm__random_draw(walk->key, walk->number * DRAWS + purpose);
}

static int64_t draw_range(const struct plan_walk *walk, enum purpose purpose,
                          const struct scn_range *range)
{
    uint64_t span = (uint64_t)(range->max_ns - range->min_ns) + 1;
    return range->min_ns + (int64_t)sm__random_scale(draw(walk, purpose), span);
}

/* Durations are at most a year: there is room for the shift. */
static int64_t scale(int64_t ns, int shift)
{
    int64_t scaled = shift < 0 ? ns >> -shift : ns << shift;
    return scaled > 0 ? scaled : 1;
}

static struct scn_range scale_range(const struct scn_range *range, int shift)
{
    return (struct scn_range){scale(range->min_ns, shift), scale(range->max_ns, shift)};
}

void plan_walk_begin(struct plan_walk *walk, const struct scn *scn, uint64_t seed, uint32_t fault)
{
    const struct scn_fault *entry = &scn->faults[fault];
    struct plan_magnitude magnitude = plan_swarm(scn, seed, fault);
    const struct scn_range *lasts =
        entry->kind == SCN_FAULT_CRASH ? &entry->restart : &entry->lasts;
    *walk = (struct plan_walk){
        .scn = scn,
        .fault = fault,
        .seed = seed,
        .key = plan_key(seed, "fault", entry->name),
        .limit_ns = magnitude.active ? scn->time_ns - scn->heal_ns : 0,
        .every = scale_range(&entry->every, magnitude.every_shift),
        .lasts = scale_range(lasts, magnitude.lasts_shift),
    };
}

static bool ends(const struct scn_fault *entry)
{
    if (scn_fault_is_at_once(entry->kind))
        return false;
    return entry->kind != SCN_FAULT_CRASH || entry->restarts;
}

/* True for a fault of one machine. */
static bool has_machine(const struct scn_fault *entry)
{
    switch ((enum scn_fault_kind)entry->kind) {
    case SCN_FAULT_PAUSE:
    case SCN_FAULT_CRASH:
    case SCN_FAULT_CLOCK_STEP:
    case SCN_FAULT_CLOCK_DRIFT:
    case SCN_FAULT_SLOW:
    case SCN_FAULT_NO_MEMORY:
    case SCN_FAULT_DISK:
        return true;
    case SCN_FAULTS_OF_NETWORK:
        if (entry->kind != SCN_FAULT_PARTITION)
            return false;
        return entry->split == SCN_SPLIT_ISOLATE ||
               (entry->split == SCN_SPLIT_MINORITY && entry->of_group != SCN_NONE);
    case SCN_FAULT_KIND_COUNT:
        break;
    }
    return false;
}

static int64_t draw_amount(const struct plan_walk *walk, const struct scn_fault *entry)
{
    if (entry->kind == SCN_FAULT_CLOCK_STEP)
        return draw_range(walk, DRAW_AMOUNT, &entry->step);
    if (entry->kind != SCN_FAULT_CLOCK_DRIFT)
        return 0;
    const struct scn_range range = {entry->drift.min_ppb, entry->drift.max_ppb};
    return draw_range(walk, DRAW_AMOUNT, &range);
}

/* The machine that `of` means this time. SCN_NONE: by role, or not a fault of one machine. */
static uint32_t choose_machine(const struct plan_walk *walk, const struct scn_fault *entry)
{
    if (!has_machine(entry) || *entry->of_role)
        return SCN_NONE;
    uint64_t target = draw(walk, DRAW_TARGET);
    if (entry->of_group == SCN_NONE)
        return (uint32_t)sm__random_scale(target, walk->scn->machine_count);
    const struct scn_group *group = &walk->scn->groups[entry->of_group];
    if (entry->of_index != SCN_NONE)
        return group->first_machine + entry->of_index;
    return group->first_machine + (uint32_t)sm__random_scale(target, group->count);
}

/* A fault that would destroy one replica too many hits another one that it may, or nobody. */
static void keep_replicas(const struct plan_walk *walk, const struct scn_fault *entry,
                          struct plan_fault *fault)
{
    if (!plan_destroys(entry) || fault->machine == SCN_NONE ||
        plan_may_destroy(walk->scn, walk->seed, fault->machine))
        return;
    if (entry->of_index == SCN_NONE)
        fault->machine =
            plan_replica_at(walk->scn, walk->seed, fault->machine, draw(walk, DRAW_TARGET));
    fault->masked = !plan_may_destroy(walk->scn, walk->seed, fault->machine);
}

bool plan_walk_next(struct plan_walk *walk, struct plan_fault *out)
{
    const struct scn_fault *entry = &walk->scn->faults[walk->fault];
    if (!entry->repeats && walk->number > 0)
        return false;
    int64_t begin = entry->repeats ? walk->previous_ns + draw_range(walk, DRAW_BEGIN, &walk->every)
                                   : draw_range(walk, DRAW_BEGIN, &entry->at);
    if (begin >= walk->limit_ns)
        return false;
    int64_t end = INT64_MAX;
    if (ends(entry)) {
        end = begin + draw_range(walk, DRAW_LASTS, &walk->lasts);
        end = end < walk->limit_ns ? end : walk->limit_ns;
    }
    *out = (struct plan_fault){
        .fault = walk->fault,
        .kind = entry->kind,
        .begin_ns = begin,
        .end_ns = end,
        .machine = choose_machine(walk, entry),
        .draw = draw(walk, DRAW_FIRE),
        .amount = draw_amount(walk, entry),
    };
    keep_replicas(walk, entry, out);
    walk->previous_ns = ends(entry) ? end : begin;
    walk->number++;
    return true;
}

uint64_t plan_walk_sides_key(const struct plan_walk *walk)
{
    return sm__random_draw(walk->key, (walk->number - 1) * DRAWS + DRAW_SIDES);
}
