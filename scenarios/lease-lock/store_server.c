/* SPDX-License-Identifier: MIT */
/*
 * The store: one register, which clients increment while they hold the lease.
 *
 * A client may believe that it holds a lease which is over: it was paused, or its write was under
 * way for long. Only the store can tell, by the token. With `check_fence: false` it does not look,
 * as so many real ones, and the property "no stale write" says what comes of it.
 *
 *   1. The store remembers the largest token that it has seen, also from a read: what a client has
 *      read under its lease stays true until the client writes.
 *   2. Writes of one token are numbered: one that is sent again, or that arrives a second time, is
 *      carried out once.
 *   3. What has been answered is on disk.
 */
#include "daemons.h"
#include "record.h"
#include "server.h"

#include <string.h>

enum { SAVED_VALUE, SAVED_TOKEN, SAVED_SEQUENCE, SAVED_HIGHEST, SAVED_COUNT };

struct store_server {
    struct sm_factory *factory;
    struct sm_log *log;
    struct server server;
    struct record record;
    struct sm_mutex busy; /* one request at a time: nobody reads what is not on disk yet */
    bool check_fence;
    uint64_t value;
    uint64_t token, sequence; /* of the latest write */
    struct sm_fence fence;
    char fence_client[CLIENT_NAME_BYTES]; /* who came with its highest token; "" after a restart */
};

static int save(struct store_server *self)
{
    const uint64_t numbers[SAVED_COUNT] = {
        [SAVED_VALUE] = self->value,
        [SAVED_TOKEN] = self->token,
        [SAVED_SEQUENCE] = self->sequence,
        [SAVED_HIGHEST] = self->fence.highest_token,
    };
    return record_save(&self->record, numbers, SAVED_COUNT);
}

static int load(struct store_server *self)
{
    uint64_t numbers[SAVED_COUNT] = {0};
    const int error = record_load(&self->record, numbers, SAVED_COUNT);

    self->value = numbers[SAVED_VALUE];
    self->token = numbers[SAVED_TOKEN];
    self->sequence = numbers[SAVED_SEQUENCE];
    self->fence.highest_token = numbers[SAVED_HIGHEST];
    return error < 0 ? error : 0;
}

/* Notes who came with a token. */
static void meet(struct store_server *self, const struct message *request, uint64_t highest_before)
{
    const bool known = request->token == highest_before && self->fence_client[0];

    sm_always(!known || strcmp(self->fence_client, request->client) == 0, "a token has one holder",
              sm_u64("token", request->token), sm_str("client", request->client),
              sm_str("other", self->fence_client));
    if (request->token >= highest_before)
        memcpy(self->fence_client, request->client, sizeof self->fence_client);
}

static void write_register(struct store_server *self, const struct message *request)
{
    if (request->token == self->token && request->sequence <= self->sequence)
        return; /* it was carried out before */
    sm_always(request->value == self->value + 1, "no lost increment",
              sm_u64("value", request->value), sm_u64("before", self->value),
              sm_str("client", request->client));
    self->value = request->value;
    self->token = request->token;
    self->sequence = request->sequence;
}

static int refuse(struct store_server *self, const struct message *request, struct message *answer)
{
    sm_log_info(self->log, "stale request refused", sm_u64("token", request->token),
                sm_u64("highest", self->fence.highest_token), sm_str("client", request->client));
    answer->type = MESSAGE_REFUSED;
    return 0;
}

/* `busy` is locked. */
static int carry_out(struct store_server *self, const struct message *request,
                     struct message *answer)
{
    const uint64_t highest = self->fence.highest_token;
    const bool stale = sm_fence_check(&self->fence, request->token) != 0;
    const bool writes = request->type == MESSAGE_WRITE;

    if (self->check_fence && writes)
        sm_sometimes(stale, "a stale write was refused");
    if (stale && self->check_fence)
        return refuse(self, request, answer);
    meet(self, request, highest);
    if (writes) {
        sm_always(request->token >= highest, "no stale write", sm_u64("token", request->token),
                  sm_u64("highest", highest), sm_str("client", request->client));
        write_register(self, request);
    }
    answer->type = MESSAGE_OK;
    answer->value = self->value;
    return writes || request->token > highest ? save(self) : 0;
}

static int handle(void *arg, const struct message *request, struct message *answer)
{
    struct store_server *self = arg;

    if (request->type != MESSAGE_READ && request->type != MESSAGE_WRITE)
        return -EPROTO;
    int error = sm_mutex_lock(&self->busy, SM_FOREVER);
    if (error)
        return error;
    error = carry_out(self, request, answer);
    sm_mutex_unlock(&self->busy);
    return error;
}

/* ---- the daemon ---- */

static int store_server_construct(void *arg, struct sm_factory *factory)
{
    struct store_server *self = arg;

    self->factory = factory;
    self->log = sm_log_get(factory);
    sm_mutex_init(&self->busy);
    sm_fence_init(&self->fence);
    return sm_config_bool(factory, "check_fence", true, &self->check_fence);
}

static int store_server_prepare(void *arg)
{
    struct store_server *self = arg;

    int error = record_open(&self->record, sm_disk_get(self->factory), "register");
    if (error)
        return sm_factory_fail(self->factory, error, "cannot open the file 'register'");
    error = load(self);
    if (error)
        return sm_factory_fail(self->factory, error, "the file 'register' is damaged");
    error = server_open(&self->server, sm_net_get(self->factory), STORE_PORT, handle, self);
    return error ? sm_factory_fail(self->factory, error, "port %d", STORE_PORT) : 0;
}

static int store_server_run(void *arg)
{
    struct store_server *self = arg;
    return server_run(&self->server);
}

static int store_server_stop(void *arg, sm_time deadline)
{
    struct store_server *self = arg;

    (void)deadline;
    server_close(&self->server);
    record_close(&self->record);
    return 0;
}

static void store_server_destroy(void *arg)
{
    struct store_server *self = arg;
    sm_mutex_finish(&self->busy);
}

const struct sm_daemon_type store_server_daemon = {
    SM_DAEMON_HEAD(store_server),
    .about = "keeps the register; config: check_fence (refuse writes under a lease that is over)",
    .construct = store_server_construct,
    .prepare = store_server_prepare,
    .run = store_server_run,
    .stop = store_server_stop,
    .destroy = store_server_destroy,
};
