/* SPDX-License-Identifier: MIT */
/* Leases: acquisition, renewal, every way to lose one; fences. */
#include "tests/core/probe.h"

PROBE(a)

static struct sm_factory *parent;
static struct sm_lease *lease;
static int setup_error;

static int setup(struct sm_factory *child, void *arg)
{
    void *instance;
    ck_assert_ptr_eq(arg, &lease);
    if (setup_error)
        return sm_factory_fail(child, setup_error, "key 7");
    return sm_factory_get(child, &a_daemon, &instance);
}

static void make(void)
{
    a_spec.run_ns = SM_FOREVER;
    ck_assert_int_eq(sm_factory_create(&parent, NULL, "holder"), 0);
    ck_assert_int_eq(sm_lease_create(&lease, parent, "key", setup, &lease), 0);
}

static void destroy(void)
{
    sm_lease_destroy(lease);
    ck_assert_int_eq(sm_factory_stop(parent, SM_FOREVER), 0);
    sm_factory_destroy(parent);
}

static void assert_free(uint64_t token)
{
    ck_assert(!sm_lease_held(lease));
    ck_assert_ptr_null(sm_lease_factory(lease));
    ck_assert_int_eq(sm_lease_wait_lost(lease, sm_now() + 1), 0);
    ck_assert_uint_eq(sm_lease_token(lease), token);
}

/* The child lives from the acquisition to the loss, and each acquisition has a fresh one. */
IN_WORLD(acquire_and_lose)
{
    make();
    assert_free(0);
    ck_assert_int_eq(sm_lease_acquired(lease, 5, 10 * SM_S), 0);
    ck_assert(sm_lease_held(lease));
    ck_assert_uint_eq(sm_lease_token(lease), 5);
    ck_assert_int_eq(sm_lease_expires(lease), 10 * SM_S);
    ck_assert_ptr_eq(sm_factory_parent(sm_lease_factory(lease)), parent);
    ck_assert_str_eq(sm_factory_name(sm_lease_factory(lease)), "key");
    sm_sleep(SM_S);
    ck_assert_int_eq(sm_lease_lose(lease, "released", SM_FOREVER), 0);
    PROBE_TRACED("construct a, prepare a, run a, cancelled a, stop a, destroy a");
    assert_free(5);
    ck_assert_int_eq(sm_lease_lose(lease, "released", SM_FOREVER), 0);
    ck_assert_int_eq(sm_lease_acquired(lease, 6, 10 * SM_S), 0);
    ck_assert_int_eq(sm_lease_lose(lease, "released", SM_FOREVER), 0);
    ck_assert_int_eq(sm_now(), SM_S);
    destroy();
}

/* Tokens only grow; a lease that is held is not acquired again; a term that is over is lost. */
IN_WORLD(refused_acquisitions)
{
    make();
    sm_sleep(SM_S);
    ck_assert_int_eq(sm_lease_acquired(lease, 5, SM_S), -SM_ELOST);
    assert_free(0);
    ck_assert_int_eq(sm_lease_acquired(lease, 5, 10 * SM_S), 0);
    ck_assert_int_eq(sm_lease_acquired(lease, 6, 10 * SM_S), -EALREADY);
    ck_assert_int_eq(sm_lease_lose(lease, "released", SM_FOREVER), 0);
    ck_assert_int_eq(sm_lease_acquired(lease, 5, 10 * SM_S), -SM_EFENCED);
    ck_assert_int_eq(sm_lease_acquired(lease, 4, 10 * SM_S), -SM_EFENCED);
    assert_free(5);
    destroy();
}

/* A lease that is not renewed ends by itself, on time. */
IN_WORLD(expiry)
{
    make();
    a_spec.stop_ns = SM_S;
    ck_assert_int_eq(sm_lease_acquired(lease, 1, 10 * SM_S), 0);
    ck_assert_int_eq(sm_lease_wait_lost(lease, 5 * SM_S), -ETIMEDOUT);
    sm_sleep_until(10 * SM_S);
    ck_assert(!sm_lease_held(lease));
    ck_assert_ptr_null(sm_lease_factory(lease));
    ck_assert_int_eq(sm_lease_renewed(lease, 1, 20 * SM_S), -SM_ELOST);
    ck_assert_int_eq(sm_lease_wait_lost(lease, SM_FOREVER), 0);
    ck_assert_int_eq(sm_now(), 11 * SM_S);
    PROBE_TRACED("construct a, prepare a, run a, cancelled a, stop a, destroy a");
    destroy();
}

/* A child that does not stop does not hold the lease for ever. */
IN_WORLD(expiry_of_a_stubborn_child)
{
    make();
    a_spec.stubborn_stop = true;
    a_spec.stop_ns = 1000 * SM_S;
    ck_assert_int_eq(sm_lease_acquired(lease, 1, 10 * SM_S), 0);
    ck_assert_int_eq(sm_lease_wait_lost(lease, SM_FOREVER), 0);
    ck_assert_int_eq(sm_now(), 20 * SM_S);
    ck_assert_str_eq(sm_factory_detail(parent),
                     "factory 'holder': lease 'key': daemon 'a': stop: it did not end in time");
    destroy();
}

/* A renewal extends the term and never shortens it; it must name the right acquisition. */
IN_WORLD(renewal)
{
    make();
    ck_assert_int_eq(sm_lease_renewed(lease, 1, SM_S), -EINVAL);
    ck_assert_int_eq(sm_lease_acquired(lease, 1, 10 * SM_S), 0);
    ck_assert_int_eq(sm_lease_renewed(lease, 2, 20 * SM_S), -EINVAL);
    ck_assert_int_eq(sm_lease_renewed(lease, 1, 20 * SM_S), 0);
    ck_assert_int_eq(sm_lease_renewed(lease, 1, 15 * SM_S), 0);
    ck_assert_int_eq(sm_lease_expires(lease), 20 * SM_S);
    sm_sleep_until(15 * SM_S);
    ck_assert(sm_lease_held(lease));
    ck_assert_int_eq(sm_lease_wait_lost(lease, SM_FOREVER), 0);
    ck_assert_int_eq(sm_now(), 20 * SM_S);
    ck_assert_int_eq(sm_lease_renewed(lease, 1, 30 * SM_S), -SM_ELOST);
    destroy();
}

/* A child that is not prepared before the lease expires: the lease is lost, and the token unused.
 */
IN_WORLD(expired_meanwhile)
{
    make();
    a_spec.prepare_ns = 20 * SM_S;
    ck_assert_int_eq(sm_lease_acquired(lease, 1, 10 * SM_S), -SM_ELOST);
    ck_assert_int_eq(sm_now(), 10 * SM_S);
    assert_free(0);
    PROBE_TRACED("construct a, prepare a, stop a, destroy a");
    destroy();
}

/* A child that does not start leaves the lease free; the reason is told; the token may be tried
 * again. */
IN_WORLD(child_does_not_start)
{
    make();
    a_spec.prepare_error = -EADDRINUSE;
    a_spec.words = "port 7000";
    ck_assert_int_eq(sm_lease_acquired(lease, 1, 10 * SM_S), -EADDRINUSE);
    assert_free(0);
    setup_error = -EACCES;
    ck_assert_int_eq(sm_lease_acquired(lease, 1, 10 * SM_S), -EACCES);
    assert_free(0);
    ck_assert_str_eq(sm_factory_detail(parent),
                     "factory 'holder': lease 'key': daemon 'a': prepare: address in use "
                     "(port 7000)\n"
                     "factory 'holder': lease 'key': permission denied (key 7)");
    setup_error = a_spec.prepare_error = 0;
    ck_assert_int_eq(sm_lease_acquired(lease, 1, 10 * SM_S), 0);
    ck_assert_int_eq(sm_lease_lose(lease, "released", SM_FOREVER), 0);
    destroy();
}

/* What goes wrong when the child stops is what lose returns; the lease is free all the same. */
IN_WORLD(stop_fails)
{
    make();
    a_spec.stop_error = -EIO;
    ck_assert_int_eq(sm_lease_acquired(lease, 1, 10 * SM_S), 0);
    ck_assert_int_eq(sm_lease_lose(lease, "released", SM_FOREVER), -EIO);
    ck_assert_str_eq(sm_factory_detail(parent),
                     "factory 'holder': lease 'key': daemon 'a': stop: input/output error");
    assert_free(1);
    destroy();
}

/* A child whose task cannot be stopped does not stand in the way of the next acquisition. */
IN_WORLD(stuck_child)
{
    make();
    a_spec.run_ns = 60 * SM_S;
    a_spec.stubborn = true;
    ck_assert_int_eq(sm_lease_acquired(lease, 1, 10 * SM_S), 0);
    sm_sleep(SM_S);
    ck_assert_int_eq(sm_lease_lose(lease, "released", 2 * SM_S), -ETIMEDOUT);
    assert_free(1);
    a_spec.stubborn = false;
    ck_assert_int_eq(sm_lease_acquired(lease, 2, 100 * SM_S), 0);
    ck_assert_int_eq(sm_lease_lose(lease, "released", SM_FOREVER), 0);
    sm_sleep(60 * SM_S);
    destroy();
}

/* ---- others at work ---- */

static int result;

static int acquire(void *arg)
{
    (void)arg;
    result = sm_lease_acquired(lease, 1, 10 * SM_S);
    return result;
}

/* An acquisition whose task is cancelled leaves the lease free. */
IN_WORLD(acquisition_cancelled)
{
    struct sm_task *task;
    make();
    a_spec.prepare_ns = SM_FOREVER;
    a_spec.stop_ns = SM_S;
    sm_task_spawn(&task, "acquirer", acquire, NULL);
    sm_sleep(SM_S);
    ck_assert(sm_lease_held(lease)); /* prepare hooks may ask */
    sm_task_cancel(task);
    sm_task_join(task, NULL, SM_FOREVER);
    ck_assert_int_eq(result, -ECANCELED);
    ck_assert_int_eq(sm_now(), 2 * SM_S);
    assert_free(0);
    PROBE_TRACED("construct a, prepare a, stop a, destroy a");
    destroy();
}

/* A lease that is lost while its child starts is not acquired. */
IN_WORLD(lost_while_starting)
{
    struct sm_task *task;
    make();
    a_spec.prepare_ns = SM_FOREVER;
    sm_task_spawn(&task, "acquirer", acquire, NULL);
    sm_sleep(SM_S);
    ck_assert_int_eq(sm_lease_lose(lease, "renewal failed", SM_FOREVER), 0);
    sm_task_join(task, NULL, SM_FOREVER);
    ck_assert_int_eq(result, -SM_ELOST);
    assert_free(0);
    destroy();
}

static int lose_in_task(void *arg)
{
    (void)arg;
    result = sm_lease_lose(lease, "renewal failed", SM_FOREVER);
    return result;
}

/* Whoever loses a lease that is being lost waits with the first. */
IN_WORLD(lose_twice)
{
    struct sm_task *task;
    make();
    a_spec.stop_ns = SM_S;
    a_spec.stop_error = -EIO;
    ck_assert_int_eq(sm_lease_acquired(lease, 1, 10 * SM_S), 0);
    ck_assert_int_eq(sm_task_spawn(&task, "loser", lose_in_task, NULL), 0);
    sm_sleep(SM_MS);
    ck_assert(!sm_lease_held(lease));
    ck_assert_int_eq(sm_lease_lose(lease, "released", SM_FOREVER), -EIO);
    ck_assert_int_eq(sm_task_join(task, NULL, SM_FOREVER), 0);
    ck_assert_int_eq(result, -EIO);
    ck_assert_int_eq(sm_now(), SM_S);
    destroy();
}

static int lose_from_within(void *self)
{
    (void)self;
    sm_sleep(SM_S);
    return lose_in_task(NULL);
}

static int setup_loser(struct sm_factory *child, void *arg)
{
    static struct sm_daemon_type loser;
    void *instance;
    loser = a_daemon;
    loser.run = lose_from_within;
    (void)arg;
    return sm_factory_get(child, &loser, &instance);
}

/* A daemon of the child may give the lease up: it is cancelled, and the lease goes on to be free.
 */
IN_WORLD(lose_from_the_child)
{
    make();
    sm_lease_destroy(lease);
    ck_assert_int_eq(sm_lease_create(&lease, parent, "key", setup_loser, NULL), 0);
    ck_assert_int_eq(sm_lease_acquired(lease, 1, 10 * SM_S), 0);
    ck_assert_int_eq(sm_lease_wait_lost(lease, SM_FOREVER), 0);
    ck_assert_int_eq(sm_now(), SM_S);
    ck_assert_int_eq(result, -ECANCELED);
    PROBE_TRACED("construct a, prepare a, stop a, destroy a");
    destroy();
}

/* ---- the parent stops ---- */

struct holder {
    struct sm_factory *factory;
};

static int holder_construct(void *arg, struct sm_factory *factory)
{
    struct holder *self = arg;
    self->factory = factory;
    return sm_lease_create(&lease, factory, "key", setup, &lease);
}

static int holder_run(void *self)
{
    (void)self;
    ck_assert_int_eq(sm_lease_acquired(lease, 1, 100 * SM_S), 0);
    return sm_lease_wait_lost(lease, SM_FOREVER);
}

static int holder_stop(void *self, sm_time deadline)
{
    (void)self, (void)deadline;
    assert_free(1);
    sm_lease_destroy(lease);
    return 0;
}

static const struct sm_daemon_type holder_daemon = {
    SM_DAEMON_HEAD(holder), .construct = holder_construct, .run = holder_run, .stop = holder_stop};

/* When the parent stops, the child stops first, and the holder's stop hook finds the lease free. */
IN_WORLD(parent_stops)
{
    void *instance;
    a_spec.run_ns = SM_FOREVER;
    a_spec.stop_ns = SM_S;
    sm_factory_create(&parent, NULL, "holder");
    ck_assert_int_eq(sm_factory_get(parent, &holder_daemon, &instance), 0);
    ck_assert_int_eq(sm_factory_start(parent, SM_FOREVER), 0);
    sm_sleep(SM_S);
    ck_assert(sm_lease_held(lease));
    ck_assert_int_eq(sm_factory_stop(parent, SM_FOREVER), 0);
    PROBE_TRACED("construct a, prepare a, run a, cancelled a, stop a, destroy a");
    ck_assert_str_eq(sm_factory_detail(parent), "");
    sm_factory_destroy(parent);
}

/* ---- fences ---- */

/* A fence lets the newest token through, as often as it comes, and counts what it refuses. */
START_TEST(fence)
{
    struct sm_fence f;
    sm_fence_init(&f);
    ck_assert_int_eq(sm_fence_check(&f, 3), 0);
    ck_assert_int_eq(sm_fence_check(&f, 3), 0);
    ck_assert_int_eq(sm_fence_check(&f, 2), -SM_EFENCED);
    ck_assert_int_eq(sm_fence_check(&f, UINT64_MAX), 0);
    ck_assert_int_eq(sm_fence_check(&f, 3), -SM_EFENCED);
    ck_assert_uint_eq(f.highest_token, UINT64_MAX);
    ck_assert_uint_eq(f.refused_count, 2);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        acquire_and_lose,
        refused_acquisitions,
        expiry,
        expiry_of_a_stubborn_child,
        renewal,
        expired_meanwhile,
        child_does_not_start,
        stop_fails,
        stuck_child,
        acquisition_cancelled,
        lost_while_starting,
        lose_twice,
        lose_from_the_child,
        parent_stops,
        fence,
    };
    return probe_main("lease", tests, sizeof tests / sizeof tests[0]);
}
