/* SPDX-License-Identifier: MIT */
#include "scenarios/cli/seed.h"

#include <sys/random.h>

#include "scenarios/cli/signals.h"

uint64_t cli_fresh_seed(void)
{
    uint64_t seed = 0;
    /* Early in a boot the kernel may have none yet; any seed will do, as it is printed. */
    if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) != sizeof seed)
        seed = (uint64_t)cli_real_ns();
    return seed & ((UINT64_C(1) << 48) - 1);
}
