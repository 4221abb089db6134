/* SPDX-License-Identifier: MIT */
/* Who is on which side of a partition. */
#include "scenarios/plan/parts.h"

#include "core/assert.h"
#include "core/random.h"

#include <string.h>

/* A stream of draws that belongs to one partition. */
struct draws {
    uint64_t key, index;
};

static uint32_t below(struct draws *draws, uint32_t bound)
{
    return (uint32_t)sm__random_scale(sm__random_draw(draws->key, draws->index++), bound);
}

bool plan_has_sides(const struct scn_fault *fault)
{
    const struct scn_end *from = &fault->link.from, *to = &fault->link.to;
    if (fault->kind != SCN_FAULT_PARTITION || fault->split == SCN_SPLIT_BETWEEN)
        return false;
    if (fault->split == SCN_SPLIT_ONE_WAY)
        return from->group == SCN_NONE && to->group == SCN_NONE && !*from->role && !*to->role;
    return fault->split != SCN_SPLIT_ISOLATE || !*fault->of_role;
}

/*
 * Puts `wanted` of the machines that are on side 0 on side 1, each subset equally likely (selection
 * sampling, Knuth, TAOCP 2, algorithm S). `left`: how many are on side 0.
 */
static void choose(struct draws *draws, uint32_t *sides, uint32_t left, uint32_t wanted)
{
    SM_ASSERT(wanted <= left);
    for (uint32_t i = 0; wanted > 0; i++) {
        if (sides[i] != 0)
            continue;
        if (below(draws, left--) < wanted) {
            sides[i] = 1;
            wanted--;
        }
    }
}

/* `machine` and others of those that `of` may mean, so many in all. */
static void choose_isolated(struct draws *draws, const struct scn *scn,
                            const struct scn_fault *fault, uint32_t machine, uint32_t *sides)
{
    uint32_t first = 0, candidates = scn->machine_count;
    if (fault->of_group != SCN_NONE) {
        first = scn->groups[fault->of_group].first_machine;
        candidates = scn->groups[fault->of_group].count;
    }
    sides[machine] = 1;
    if (fault->count > 1)
        choose(draws, sides + first, candidates - 1, fault->count - 1);
}

/* A random minority, `machine` among it if there is one. */
static void choose_minority(struct draws *draws, uint32_t count, uint32_t machine, uint32_t *sides)
{
    uint32_t few = 1 + below(draws, (count - 1) / 2);
    if (machine == SCN_NONE) {
        choose(draws, sides, count, few);
        return;
    }
    sides[machine] = 1;
    choose(draws, sides, count - 1, few - 1);
}

/* A random order of all machines (Fisher and Yates, inside out). */
static void choose_ring(struct draws *draws, uint32_t *sides, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t other = below(draws, i + 1);
        sides[i] = sides[other]; /* unused, but harmless, where other == i */
        sides[other] = i;
    }
}

void plan_choose_sides(const struct scn *scn, const struct scn_fault *fault, uint64_t key,
                       uint32_t machine, uint32_t *sides)
{
    uint32_t count = scn->machine_count;
    struct draws draws = {.key = key};
    memset(sides, 0, count * sizeof *sides);
    switch ((enum scn_split)fault->split) {
    case SCN_SPLIT_HALVES:
    case SCN_SPLIT_ONE_WAY: /* of an odd number either side may be the larger */
        choose(&draws, sides, count, (count + below(&draws, 2)) / 2);
        break;
    case SCN_SPLIT_ISOLATE:
        choose_isolated(&draws, scn, fault, machine, sides);
        break;
    case SCN_SPLIT_MINORITY:
        choose_minority(&draws, count, machine, sides);
        break;
    case SCN_SPLIT_RING:
        choose_ring(&draws, sides, count);
        break;
    case SCN_SPLIT_BRIDGE:
        sides[below(&draws, count)] = 2;
        choose(&draws, sides, count - 1, (count - 1) / 2);
        break;
    case SCN_SPLIT_BETWEEN:
    case SCN_SPLIT_COUNT:
        break;
    }
}
