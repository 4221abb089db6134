/* SPDX-License-Identifier: MIT */
#include "core/random.h"

#include "core/assert.h"
#include "core/seam.h"
#include "core/task.h"

#include <steelmill/random.h>

#include <string.h>

static struct sm__home *home_of_caller(void)
{
    return sm__current ? sm__current->home : NULL;
}

void sm_random_init(struct sm_random *random, const char *name)
{
    random->name = sm__name_hash(name);
    random->index = 0;
    sm__random_rekey(home_of_caller(), random);
}

uint64_t sm_random_u64(struct sm_random *random)
{
    struct sm__home *home = home_of_caller();

    if (!random)
        random = sm__random_home(home);
    if (SM_UNLIKELY(!sm__random_current(home, random)))
        sm__random_rekey(home, random);
    return sm__random_draw(random->key, random->index++);
}

uint64_t sm_random_below(struct sm_random *random, uint64_t bound)
{
    SM_ASSERT_MSG(bound > 0, "sm_random_below: the bound is 0");
    return sm__random_scale(sm_random_u64(random), bound);
}

int64_t sm_random_range(struct sm_random *random, int64_t low, int64_t high)
{
    SM_ASSERT_MSG(low <= high, "sm_random_range: low is above high");
    const uint64_t span = (uint64_t)high - (uint64_t)low;
    const uint64_t draw = sm_random_u64(random);
    const uint64_t offset = span == UINT64_MAX ? draw : sm__random_scale(draw, span + 1);
    return (int64_t)((uint64_t)low + offset);
}

bool sm_random_chance(struct sm_random *random, uint32_t per_million)
{
    return sm__random_hits(sm_random_u64(random), per_million);
}

void sm_random_bytes(struct sm_random *random, void *bytes, size_t size)
{
    unsigned char *out = bytes;

    while (size > 0) {
        const uint64_t draw = sm_random_u64(random);
        const size_t count = size < sizeof draw ? size : sizeof draw;
        memcpy(out, &draw, count);
        out += count;
        size -= count;
    }
}
