/* SPDX-License-Identifier: MIT */
/*
 * Leases: a child factory whose life is bound to a right.
 *
 *         acquired            started                 lost, expired, the parent stops
 *   FREE ---------> STARTING ---------> HELD -------------------------------------------> LOSING
 *    ^                 |                                                                     |
 *    |                 +------------------ start failed, lost, expired ------------------->  |
 *    +------------------------------------- child destroyed ---------------------------------+
 *
 * One task, the keeper, does it all for one acquisition: it starts the child, waits for the end of
 * the lease, and stops and destroys the child. It belongs to the parent factory, which waits for it
 * before its own daemons stop: a daemon's stop hook finds the lease FREE. Whoever loses the lease
 * cancels the keeper and waits.
 *
 *   1. The keeper lives exactly while the state is not FREE (but for setup, which runs before it).
 *   2. `lost` is set at most once per acquisition, before anything is torn down, and never cleared
 *      before the next one.
 */
#include "core/factory_parts.h"

#include <steelmill/lease.h>

#include <stdlib.h>
#include <string.h>

/* How long the child may take to stop when nobody has set a deadline: after an expiry. */
#define LEASE_STOP_NS (10 * SM_S)

enum lease_state { FREE, STARTING, HELD, LOSING };

struct sm_lease {
    struct sm_factory *parent;
    char *name;
    sm_lease_setup_fn setup;
    void *arg;

    enum lease_state state;
    bool lost;
    bool was_held; /* the current or latest acquisition came as far as HELD */
    uint64_t token;
    sm_time expires;
    uint64_t acquisitions;
    struct sm_factory *child;
    struct sm_task *keeper;   /* good while not FREE; NULL during setup */
    struct sm_task *acquirer; /* in sm_lease_acquired */
    sm_time stop_deadline;
    int start_error, stop_error;
    struct sm_waitable changed;
};

static uint32_t lease_ready(struct sm_waitable *self, uint32_t interest)
{
    return sm__container(self, struct sm_lease, changed)->state == FREE ? interest & SM_READ : 0;
}

int sm_lease_create(struct sm_lease **out, struct sm_factory *parent, const char *name,
                    sm_lease_setup_fn setup, void *arg)
{
    *out = NULL;
    struct sm_lease *lease = calloc(1, sizeof *lease);
    char *copy = strdup(name);
    if (!lease || !copy) {
        free(lease);
        free(copy);
        return -ENOMEM;
    }
    lease->parent = parent;
    lease->name = copy;
    lease->setup = setup;
    lease->arg = arg;
    sm__waitable_init(&lease->changed, lease_ready);
    *out = lease;
    return 0;
}

void sm_lease_destroy(struct sm_lease *lease)
{
    if (!lease)
        return;
    SM_ASSERT_MSG(lease->state == FREE, "lease '%s' is destroyed before it is free", lease->name);
    SM_ASSERT_MSG(sm__waitable_idle(&lease->changed), "lease '%s' is destroyed while a task waits",
                  lease->name);
    free(lease->name);
    free(lease);
}

/* ---- questions ---- */

static sm_time now_of(const struct sm_lease *lease)
{
    return sm__clock_monotonic(lease->parent->home);
}

bool sm_lease_held(const struct sm_lease *lease)
{
    bool bound = lease->state == STARTING || lease->state == HELD;
    return bound && !lease->lost && now_of(lease) < lease->expires;
}

uint64_t sm_lease_token(const struct sm_lease *lease)
{
    return lease->token;
}

sm_time sm_lease_expires(const struct sm_lease *lease)
{
    return lease->expires;
}

struct sm_factory *sm_lease_factory(const struct sm_lease *lease)
{
    return sm_lease_held(lease) ? lease->child : NULL;
}

/* ---- the end of an acquisition ---- */

static void set_free(struct sm_lease *lease)
{
    lease->child = NULL;
    lease->keeper = NULL;
    lease->state = FREE;
    sm__wake_all_fast(&lease->changed);
}

static void mark_lost(struct sm_lease *lease, const char *reason, sm_time stop_deadline)
{
    if (lease->lost || lease->state == FREE)
        return;
    lease->lost = true;
    lease->stop_deadline = stop_deadline;
    sm_log_info(&lease->parent->log, "lease lost", sm_str("lease", lease->name),
                sm_u64("token", lease->token), sm_str("reason", reason));
    if (lease->keeper)
        sm_task_cancel(lease->keeper);
}

static sm_time stop_deadline_by_itself(const struct sm_lease *lease)
{
    return sm__time_after(now_of(lease), LEASE_STOP_NS);
}

static bool is_over(const struct sm_lease *lease, uint64_t acquisition)
{
    return lease->state == FREE || lease->acquisitions != acquisition;
}

/* The child is being stopped, under a deadline of its own: nothing may cut this wait short. */
static void wait_over(struct sm_lease *lease, uint64_t acquisition)
{
    bool before = sm__shield();
    while (!is_over(lease, acquisition) && sm__wait(&lease->changed, false, SM_FOREVER) == 0) {
    }
    sm__unshield(before);
}

/* A task that the keeper has to wait for cannot wait for the keeper. */
static bool stands_in_the_way(const struct sm_lease *lease)
{
    return sm__current == lease->acquirer || (lease->child && sm__factory_inside(lease->child));
}

int sm_lease_lose(struct sm_lease *lease, const char *reason, sm_time deadline)
{
    SM_ASSERT_MSG(sm__current, "sm_lease_lose outside of any task");
    if (lease->state == FREE)
        return 0;
    mark_lost(lease, reason, deadline);
    if (stands_in_the_way(lease))
        return -ECANCELED;
    wait_over(lease, lease->acquisitions);
    return lease->stop_error;
}

int sm_lease_wait_lost(struct sm_lease *lease, sm_time deadline)
{
    int error = sm__enter();
    while (!error && lease->state != FREE)
        error = sm__wait(&lease->changed, false, deadline);
    return error;
}

/* ---- the keeper ---- */

/* Returns when the lease has ended, one way or the other. */
static void keep(struct sm_lease *lease)
{
    int error = -ETIMEDOUT;
    /* A renewal does not wake the keeper: it looks again when the old term is over. */
    while (error == -ETIMEDOUT && now_of(lease) < lease->expires)
        error = sm__factory_wait_stopping(lease->child, lease->expires);
    if (error == -ETIMEDOUT)
        mark_lost(lease, "expired", stop_deadline_by_itself(lease));
    else
        mark_lost(lease, error ? "cancelled" : "the child stops", stop_deadline_by_itself(lease));
}

static int keeper_main(void *arg)
{
    struct sm_lease *lease = arg;
    lease->start_error = sm_factory_start(lease->child, lease->expires);
    if (!lease->start_error) {
        lease->state = HELD;
        lease->was_held = true;
        sm__wake_all_fast(&lease->changed);
        keep(lease);
    }
    lease->state = LOSING;
    lease->stop_error = sm_factory_stop(lease->child, lease->stop_deadline);
    if (lease->start_error || lease->stop_error)
        sm__factory_report_child(lease->parent, lease->child);
    sm_factory_destroy(lease->child);
    set_free(lease);
    return 0;
}

/* ---- acquisition and renewal ---- */

static int make_child(struct sm_lease *lease)
{
    int error = sm__factory_create_as(&lease->child, lease->parent, "lease", lease->name,
                                      lease->parent->home);
    if (error)
        return error;
    error = lease->setup ? lease->setup(lease->child, lease->arg) : 0;
    if (!error)
        return lease->lost ? -SM_ELOST : 0;
    if (sm_factory_detail(lease->child)[0] == '\0')
        sm__factory_report(lease->child, "setup: %s", sm_strerror(error));
    sm__factory_report_child(lease->parent, lease->child);
    return error;
}

static int spawn_keeper(struct sm_lease *lease)
{
    int error = sm__task_spawn(&lease->keeper, lease->parent->home, &lease->parent->own,
                               lease->name, keeper_main, lease);
    if (!error)
        sm_task_detach(lease->keeper);
    return error;
}

/* Why an acquisition that is over has failed. */
static int failure_of(const struct sm_lease *lease, int wait_error)
{
    if (wait_error || sm_factory_stopping(lease->parent))
        return -ECANCELED;
    bool expired = lease->start_error == -ETIMEDOUT && now_of(lease) >= lease->expires;
    return lease->lost || lease->was_held || expired ? -SM_ELOST : lease->start_error;
}

/* Waits for the keeper to come to HELD. */
static int wait_held(struct sm_lease *lease, uint64_t acquisition)
{
    int error = 0;
    while (!error && lease->state == STARTING)
        error = sm__wait(&lease->changed, false, SM_FOREVER);
    if (lease->acquisitions != acquisition)
        return -SM_ELOST; /* it has been held and lost, and somebody was faster with the next one */
    if (!error && lease->state == HELD && !lease->lost)
        return 0;
    mark_lost(lease, "its acquisition was cancelled", stop_deadline_by_itself(lease));
    wait_over(lease, acquisition);
    return failure_of(lease, error);
}

static void begin(struct sm_lease *lease, uint64_t token, sm_time expires)
{
    lease->state = STARTING;
    lease->lost = lease->was_held = false;
    lease->token = token;
    lease->expires = expires;
    lease->start_error = lease->stop_error = 0;
    lease->stop_deadline = expires;
    lease->acquisitions++;
}

int sm_lease_acquired(struct sm_lease *lease, uint64_t token, sm_time expires)
{
    int error = sm__enter();
    if (error)
        return error;
    if (lease->state != FREE)
        return -EALREADY;
    if (token <= lease->token)
        return -SM_EFENCED;
    if (now_of(lease) >= expires)
        return -SM_ELOST;
    uint64_t token_before = lease->token;
    sm_time expires_before = lease->expires;
    begin(lease, token, expires);
    uint64_t acquisition = lease->acquisitions;
    lease->acquirer = sm__current;
    error = make_child(lease);
    if (!error)
        error = spawn_keeper(lease);
    if (error) {
        sm_factory_destroy(lease->child);
        set_free(lease);
    } else {
        error = wait_held(lease, acquisition);
    }
    lease->acquirer = NULL;
    /* Nobody has seen the token if the child's daemons never ran: it may be tried again. */
    if (error && lease->acquisitions == acquisition && !lease->was_held) {
        lease->token = token_before;
        lease->expires = expires_before;
    }
    return error;
}

int sm_lease_renewed(struct sm_lease *lease, uint64_t token, sm_time expires)
{
    if (token != lease->token)
        return -EINVAL;
    if (!sm_lease_held(lease)) {
        mark_lost(lease, "expired", stop_deadline_by_itself(lease));
        return -SM_ELOST;
    }
    /* A late answer to an earlier request must not shorten what a later one has granted. */
    if (expires > lease->expires)
        lease->expires = expires;
    return 0;
}
