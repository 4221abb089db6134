/* SPDX-License-Identifier: MIT */
/*
 * The lock server: one lease, which is one client's for a term, and longer if the client renews it.
 *
 *            acquire: a new token
 *   FREE -----------------------------> HELD until free_at ---renew---> HELD until a later free_at
 *    ^                                        |
 *    +------- release, or free_at passes -----+
 *
 *   1. Every lease has a token, larger than those of all earlier leases. It is on disk before the
 *      client hears of it, so that no crash can make the server hand it out again.
 *   2. After a restart nobody knows who holds the lease: the server is as if HELD for one term.
 *   3. The client counts its term from before its request, and a little less of it, for no two
 *      clocks run at the same speed; the server counts from after: the client's view ends first.
 */
#include "daemons.h"
#include "record.h"
#include "server.h"

struct lock_server {
    struct sm_factory *factory;
    struct sm_log *log;
    struct server server;
    struct record record; /* the latest token */
    struct sm_mutex granting;
    sm_time term_ns;
    uint64_t token; /* of the latest lease */
    bool renewable; /* `token` is held by a client that this run of the server knows */
    sm_time free_at;
};

static int refuse(struct message *answer)
{
    answer->type = MESSAGE_REFUSED;
    return 0;
}

static int confirm(const struct lock_server *self, struct message *answer)
{
    answer->type = MESSAGE_OK;
    answer->token = self->token;
    answer->term_ns = self->term_ns;
    return 0;
}

/* The lease is free, and `granting` is locked. */
static int grant(struct lock_server *self, const struct message *request, struct message *answer)
{
    const uint64_t token = self->token + 1;
    const int error = record_save(&self->record, &token, 1);

    if (error)
        return error;
    /* The save took a while; nobody may have got the lease meanwhile. */
    sm_always(sm_now() >= self->free_at, "one holder at a time", sm_u64("token", token),
              sm_str("client", request->client));
    self->token = token;
    self->renewable = true;
    self->free_at = sm_now() + self->term_ns;
    sm_log_info(self->log, "lease granted", sm_u64("token", token),
                sm_str("client", request->client));
    return confirm(self, answer);
}

static int acquire(struct lock_server *self, const struct message *request, struct message *answer)
{
    int error = sm_mutex_lock(&self->granting, SM_FOREVER);

    if (error)
        return error;
    if (sm_now() < self->free_at)
        error = refuse(answer);
    else
        error = grant(self, request, answer);
    sm_mutex_unlock(&self->granting);
    return error;
}

static bool is_holder(const struct lock_server *self, const struct message *request)
{
    return self->renewable && request->token == self->token && sm_now() < self->free_at;
}

static int renew(struct lock_server *self, const struct message *request, struct message *answer)
{
    if (!is_holder(self, request))
        return refuse(answer);
    self->free_at = sm_now() + self->term_ns;
    return confirm(self, answer);
}

static int release(struct lock_server *self, const struct message *request, struct message *answer)
{
    if (!is_holder(self, request))
        return refuse(answer);
    self->free_at = sm_now();
    return confirm(self, answer);
}

static int handle(void *arg, const struct message *request, struct message *answer)
{
    switch (request->type) {
    case MESSAGE_ACQUIRE:
        return acquire(arg, request, answer);
    case MESSAGE_RENEW:
        return renew(arg, request, answer);
    case MESSAGE_RELEASE:
        return release(arg, request, answer);
    default:
        return -EPROTO;
    }
}

/* ---- the daemon ---- */

static int lock_server_construct(void *arg, struct sm_factory *factory)
{
    struct lock_server *self = arg;

    self->factory = factory;
    self->log = sm_log_get(factory);
    sm_mutex_init(&self->granting);
    return sm_config_duration(factory, "lease", 2 * SM_S, &self->term_ns);
}

static int lock_server_prepare(void *arg)
{
    struct lock_server *self = arg;

    int error = record_open(&self->record, sm_disk_get(self->factory), "lock");
    if (error)
        return sm_factory_fail(self->factory, error, "cannot open the file 'lock'");
    error = record_load(&self->record, &self->token, 1);
    if (error < 0)
        return sm_factory_fail(self->factory, error, "the file 'lock' is damaged");
    if (error > 0)
        self->free_at = sm_now() + self->term_ns;
    error = server_open(&self->server, sm_net_get(self->factory), LOCK_PORT, handle, self);
    return error ? sm_factory_fail(self->factory, error, "port %d", LOCK_PORT) : 0;
}

static int lock_server_run(void *arg)
{
    struct lock_server *self = arg;
    return server_run(&self->server);
}

static int lock_server_stop(void *arg, sm_time deadline)
{
    struct lock_server *self = arg;

    (void)deadline;
    server_close(&self->server);
    record_close(&self->record);
    return 0;
}

static void lock_server_destroy(void *arg)
{
    struct lock_server *self = arg;
    sm_mutex_finish(&self->granting);
}

const struct sm_daemon_type lock_server_daemon = {
    SM_DAEMON_HEAD(lock_server),
    .about = "hands out one lease at a time; config: lease (its term)",
    .construct = lock_server_construct,
    .prepare = lock_server_prepare,
    .run = lock_server_run,
    .stop = lock_server_stop,
    .destroy = lock_server_destroy,
};
