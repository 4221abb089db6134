/* SPDX-License-Identifier: MIT */
/* Fences: the resource's side of a lease. */
#include <steelmill/errors.h>
#include <steelmill/lease.h>

void sm_fence_init(struct sm_fence *fence)
{
    *fence = (struct sm_fence){0};
}

int sm_fence_check(struct sm_fence *fence, uint64_t token)
{
    if (token < fence->highest_token) {
        fence->refused_count++;
        return -SM_EFENCED;
    }
    fence->highest_token = token;
    return 0;
}
