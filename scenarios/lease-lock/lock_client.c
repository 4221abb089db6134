/* SPDX-License-Identifier: MIT */
/*
 * A client of the lock: acquire, let a register_writer work below the lease, renew, release, think.
 *
 * The lease is a child factory: when it is lost, the writer is stopped wherever it waits. This task
 * only talks to the lock server and keeps the lease informed.
 */
#include "daemons.h"

#include <string.h>

#define CALL_NS  (1 * SM_S) /* for an answer of the lock server */
#define LOSE_NS  (1 * SM_S) /* for the writer to stop */
#define RETRY_NS (100 * SM_MS)

/* What a lease's two clocks may differ by, in speed: each may be off by 0.1 %. */
#define DRIFT_DIVISOR 500

/* ---- talking to the lock server ---- */

static int ask(struct lock_client *self, enum message_type type, uint64_t token,
               struct message *answer)
{
    struct message request = {.type = type, .token = token};

    strncpy(request.client, sm_machine_name(), sizeof request.client - 1);
    return peer_call(&self->server, &request, answer, sm_now() + CALL_NS);
}

/* If this gets lost, the lease expires by itself: nothing to be done about an error. */
static void release(struct lock_client *self, uint64_t token)
{
    struct message answer;
    (void)ask(self, MESSAGE_RELEASE, token, &answer);
}

/* ---- holding the lease ---- */

/* When a lease of a term is over by this client's clock: surely before it is by the server's. */
static sm_time end_of_term(sm_time asked_at, sm_time term_ns)
{
    return asked_at + term_ns - term_ns / DRIFT_DIVISOR;
}

/* Returns 0, -SM_ELOST, or an error after which another attempt makes sense. */
static int renew(struct lock_client *self, uint64_t token)
{
    const sm_time asked_at = sm_now();
    struct message answer;

    const int error = ask(self, MESSAGE_RENEW, token, &answer);
    if (error)
        return error;
    if (answer.type == MESSAGE_REFUSED)
        return -SM_ELOST;
    return sm_lease_renewed(self->lease, token, end_of_term(asked_at, answer.term_ns));
}

/* Renews the lease in time, until the work is done or the lease is lost. */
static void keep(struct lock_client *self, uint64_t token, sm_time term_ns)
{
    sm_time renew_at = sm_now() + term_ns / 3;

    while (sm_event_wait(&self->work_done, renew_at) == -ETIMEDOUT && sm_lease_held(self->lease)) {
        const int error = renew(self, token);
        if (error == -SM_ELOST)
            return;
        renew_at = sm_now() + (error ? RETRY_NS : term_ns / 3);
    }
}

/* Says that a client gets its turn, sooner or later. */
static void note_turns(const struct lock_client *self)
{
    sm_eventually(self->acquired_count > 0, "every_client_acquired");
}

/* The lock server has given the lease, counted from when it was asked for. */
static int hold(struct lock_client *self, const struct message *grant, sm_time asked_at)
{
    sm_event_clear(&self->work_done);
    sm_always(grant->token > sm_lease_token(self->lease), "tokens grow",
              sm_u64("token", grant->token), sm_u64("before", sm_lease_token(self->lease)));
    const int error =
        sm_lease_acquired(self->lease, grant->token, end_of_term(asked_at, grant->term_ns));
    if (error)
        return error;
    self->acquired_count++;
    note_turns(self);
    sm_role_set("holder", true);
    sm_log_info(self->log, "lease acquired", sm_u64("token", grant->token));
    keep(self, grant->token, grant->term_ns);
    sm_role_set("holder", false);
    return 0;
}

/* Returns 0 after a turn, and when it was somebody else's. */
static int take_turn(struct lock_client *self)
{
    const sm_time asked_at = sm_now();
    struct message grant;

    int error = ask(self, MESSAGE_ACQUIRE, 0, &grant);
    if (error || grant.type == MESSAGE_REFUSED)
        return error;
    error = hold(self, &grant, asked_at);
    /* The writer must have stopped before anybody else may begin. */
    (void)sm_lease_lose(self->lease, "released", sm_now() + LOSE_NS);
    release(self, grant.token);
    return error;
}

/* ---- the daemon ---- */

/* Fills the factory of a lease that was acquired. */
static int set_up_lease(struct sm_factory *child, void *arg)
{
    struct register_writer *writer;

    (void)arg;
    return register_writer_get(child, &writer);
}

static int lock_client_construct(void *arg, struct sm_factory *factory)
{
    struct lock_client *self = arg;

    self->factory = factory;
    self->log = sm_log_get(factory);
    const int error = sm_config_duration(factory, "think", 500 * SM_MS, &self->think_ns);
    if (error)
        return error;
    peer_init(&self->server, sm_net_get(factory), LOCK_MACHINE, LOCK_PORT);
    sm_event_init(&self->work_done);
    return sm_lease_create(&self->lease, factory, "register", set_up_lease, self);
}

static int lock_client_run(void *arg)
{
    struct lock_client *self = arg;
    struct backoff backoff = {0};

    note_turns(self);
    for (;;) {
        int error = take_turn(self);
        if (sm_task_cancelled())
            return -ECANCELED;
        if (error) {
            sm_log_debug(self->log, "no turn", sm_str("reason", sm_strerror(error)));
            error = backoff_sleep(&backoff);
        } else {
            backoff = (struct backoff){0};
            error = sm_sleep(sm_random_range(NULL, self->think_ns / 2, self->think_ns * 3 / 2));
        }
        if (error)
            return error;
    }
}

static int lock_client_stop(void *arg, sm_time deadline)
{
    struct lock_client *self = arg;

    (void)deadline;
    peer_close(&self->server);
    return 0;
}

static void lock_client_destroy(void *arg)
{
    struct lock_client *self = arg;

    sm_lease_destroy(self->lease);
    sm_event_finish(&self->work_done);
}

const struct sm_daemon_type lock_client_daemon = {
    SM_DAEMON_HEAD(lock_client),
    .about = "increments the register under the lease; config: think, writes, work, pace",
    .construct = lock_client_construct,
    .run = lock_client_run,
    .stop = lock_client_stop,
    .destroy = lock_client_destroy,
};
