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
    return fault->kind == SCN_FAULT_PARTITION && !*fault->of_role;
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

/* A random order of all machines (Fisher and Yates, inside out). */
static void choose_ring(struct draws *draws, uint32_t *sides, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t other = below(draws, i + 1);
        sides[i] = sides[other]; /* unused, but harmless, where other == i */
        sides[other] = i;
    }
}

void plan_choose_sides(const struct scn *scn, uint32_t split, uint64_t key, uint32_t machine,
                       uint32_t *sides)
{
    uint32_t count = scn->machine_count;
    struct draws draws = {.key = key};
    memset(sides, 0, count * sizeof *sides);
    switch ((enum scn_split)split) {
    case SCN_SPLIT_HALVES:
    case SCN_SPLIT_ONE_WAY: /* of an odd number either side may be the larger */
        choose(&draws, sides, count, (count + below(&draws, 2)) / 2);
        break;
    case SCN_SPLIT_ISOLATE:
        sides[machine] = 1;
        break;
    case SCN_SPLIT_MINORITY:
        choose(&draws, sides, count, 1 + below(&draws, (count - 1) / 2));
        break;
    case SCN_SPLIT_RING:
        choose_ring(&draws, sides, count);
        break;
    case SCN_SPLIT_BRIDGE:
        sides[below(&draws, count)] = 2;
        choose(&draws, sides, count - 1, (count - 1) / 2);
        break;
    case SCN_SPLIT_COUNT:
        break;
    }
}
