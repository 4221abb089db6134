/* SPDX-License-Identifier: MIT */
/* Leases and fences. */
#include "tests/conformance/conformance.h"

static int worked, stopped_with;

struct holder {
    int unused;
};

static int holder_run(void *self)
{
    (void)self;
    worked++;
    stopped_with = sm_sleep_until(SM_FOREVER);
    return stopped_with;
}

static const struct sm_daemon_type holder_daemon = {SM_DAEMON_HEAD(holder), .run = holder_run};

static int fill(struct sm_factory *child, void *arg)
{
    void *instance;

    (void)arg;
    return sm_factory_get(child, &holder_daemon, &instance);
}

static int fill_badly(struct sm_factory *child, void *arg)
{
    (void)child, (void)arg;
    return -ENOSPC;
}

static struct sm_lease *make(sm_lease_setup_fn setup)
{
    struct sm_lease *lease;

    ck_assert_int_eq(sm_lease_create(&lease, conformance_factory(), "lease", setup, NULL), 0);
    ck_assert(!sm_lease_held(lease));
    ck_assert_uint_eq(sm_lease_token(lease), 0);
    return lease;
}

/* The work begins with the lease, and ends with it. */
CONFORMS(acquired_and_lost)
{
    struct sm_lease *lease = make(fill);

    ck_assert_int_eq(sm_lease_acquired(lease, 3, sm_now() + 3600 * SM_S), 0);
    ck_assert_int_eq(sm_sleep(SM_MS), 0);
    ck_assert(sm_lease_held(lease));
    ck_assert_ptr_nonnull(sm_lease_factory(lease));
    ck_assert_int_eq(worked, 1);
    ck_assert_int_eq(sm_lease_lose(lease, "test", sm_now() + SM_S), 0);
    ck_assert_int_eq(stopped_with, -ECANCELED);
    ck_assert(!sm_lease_held(lease));
    ck_assert_uint_eq(sm_lease_token(lease), 3);
    sm_lease_destroy(lease);
}

/* A lease that is not renewed ends by itself, not before its time. */
CONFORMS(expires_by_itself)
{
    struct sm_lease *lease = make(fill);
    const sm_time expires = sm_now() + 20 * SM_MS;

    ck_assert_int_eq(sm_lease_acquired(lease, 1, expires), 0);
    ck_assert_int_eq(sm_lease_wait_lost(lease, sm_now() + 5 * SM_S), 0);
    ck_assert_int_ge(sm_now(), expires);
    ck_assert_int_eq(stopped_with, -ECANCELED);
    sm_lease_destroy(lease);
}

/* Renewing moves the end. */
CONFORMS(renewed)
{
    struct sm_lease *lease = make(fill);
    const sm_time start = sm_now();

    ck_assert_int_eq(sm_lease_acquired(lease, 1, start + 500 * SM_MS), 0);
    ck_assert_int_eq(sm_lease_renewed(lease, 2, start + SM_S), -EINVAL);
    ck_assert_int_eq(sm_lease_renewed(lease, 1, start + 600 * SM_MS), 0);
    ck_assert_int_eq(sm_lease_expires(lease), start + 600 * SM_MS);
    ck_assert_int_eq(sm_lease_wait_lost(lease, sm_now() + 5 * SM_S), 0);
    ck_assert_int_ge(sm_now(), start + 600 * SM_MS);
    ck_assert_int_eq(sm_lease_renewed(lease, 1, sm_now() + SM_S), -SM_ELOST);
    sm_lease_destroy(lease);
}

/* Tokens grow: an older one is refused, and so is a second acquisition. */
CONFORMS(tokens_grow)
{
    struct sm_lease *lease = make(fill);

    ck_assert_int_eq(sm_lease_acquired(lease, 5, sm_now() + 3600 * SM_S), 0);
    ck_assert_int_eq(sm_lease_acquired(lease, 6, sm_now() + 3600 * SM_S), -EALREADY);
    ck_assert_int_eq(sm_lease_lose(lease, "test", sm_now() + SM_S), 0);
    ck_assert_int_eq(sm_lease_acquired(lease, 5, sm_now() + 3600 * SM_S), -SM_EFENCED);
    ck_assert_int_eq(sm_lease_acquired(lease, 6, sm_now() + 3600 * SM_S), 0);
    ck_assert_int_eq(sm_lease_lose(lease, "test", sm_now() + SM_S), 0);
    sm_lease_destroy(lease);
}

/* A lease whose work cannot begin is free again. */
CONFORMS(setup_fails)
{
    struct sm_lease *lease = make(fill_badly);

    ck_assert_int_eq(sm_lease_acquired(lease, 1, sm_now() + SM_S), -ENOSPC);
    ck_assert(!sm_lease_held(lease));
    sm_lease_destroy(lease);
}

/* One that is over before it begins is lost. */
CONFORMS(acquired_too_late)
{
    struct sm_lease *lease = make(fill);

    ck_assert_int_eq(sm_sleep(SM_MS), 0);
    ck_assert_int_eq(sm_lease_acquired(lease, 1, sm_now() - 1), -SM_ELOST);
    sm_lease_destroy(lease);
}

/* Losing what nobody holds does nothing. */
CONFORMS(lose_nothing)
{
    struct sm_lease *lease = make(fill);

    ck_assert_int_eq(sm_lease_lose(lease, "test", sm_now() + SM_S), 0);
    ck_assert_int_eq(sm_lease_wait_lost(lease, 0), 0);
    sm_lease_destroy(lease);
}

/* A fence lets equal and larger tokens pass, and counts the others. */
CONFORMS(fence_counts)
{
    struct sm_fence fence;

    sm_fence_init(&fence);
    ck_assert_int_eq(sm_fence_check(&fence, 3), 0);
    ck_assert_int_eq(sm_fence_check(&fence, 3), 0);
    ck_assert_int_eq(sm_fence_check(&fence, 2), -SM_EFENCED);
    ck_assert_int_eq(sm_fence_check(&fence, 4), 0);
    ck_assert_uint_eq(fence.refused_count, 1);
    ck_assert_uint_eq(fence.highest_token, 4);
}

CONFORMANCE_TESTS(lease, acquired_and_lost, expires_by_itself, renewed, tokens_grow, setup_fails,
                  acquired_too_late, lose_nothing, fence_counts)
