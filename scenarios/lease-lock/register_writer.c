/* SPDX-License-Identifier: MIT */
/*
 * The work that needs the lease: increments the register a few times.
 *
 * Before each write it looks whether the lease is held, as any careful program does. It helps, and
 * it is not enough: between the look and the arrival of the write at the store this machine may be
 * paused, and the write may wait in a connection until a partition is over. By then the lease can
 * be somebody else's. No client can close this gap; the store's fence does.
 */
#include "daemons.h"

#include <string.h>

#define CALL_NS (1 * SM_S) /* for an answer of the store */

struct register_writer {
    struct lock_client *client;
    struct peer store;
    int64_t write_count; /* to do */
    sm_time work_ns;     /* what it takes to make a new value */
    uint64_t sequence;   /* of the latest write */
};

/* Asks until there is an answer. Returns 0; -SM_ELOST: refused, or the lease is over; -ECANCELED.
 */
static int ask(struct register_writer *self, struct message *request, struct message *answer)
{
    const struct sm_lease *lease = self->client->lease;
    struct backoff backoff = {0};

    request->token = sm_lease_token(lease);
    strncpy(request->client, sm_machine_name(), sizeof request->client - 1);
    while (peer_call(&self->store, request, answer, sm_now() + CALL_NS)) {
        const int error = backoff_sleep(&backoff);
        if (error)
            return error;
        if (!sm_lease_held(lease))
            return -SM_ELOST;
    }
    return answer->type == MESSAGE_OK ? 0 : -SM_ELOST;
}

static int increment(struct register_writer *self)
{
    struct message read = {.type = MESSAGE_READ}, write = {.type = MESSAGE_WRITE}, answer;

    int error = ask(self, &read, &answer);
    if (error)
        return error;
    if (!sm_lease_held(self->client->lease))
        return -SM_ELOST;
    /* The gap: the lease was held when we looked. */
    error = sm_sleep(self->work_ns);
    if (error)
        return error;
    write.value = answer.value + 1;
    write.sequence = ++self->sequence;
    return ask(self, &write, &answer);
}

static int register_writer_construct(void *arg, struct sm_factory *factory)
{
    struct register_writer *self = arg;

    peer_init(&self->store, sm_net_get(factory), STORE_MACHINE, STORE_PORT);
    int error = lock_client_get(factory, &self->client);
    if (!error)
        error = sm_config_i64(factory, "writes", 4, &self->write_count);
    if (!error)
        error = sm_config_duration(factory, "work", 50 * SM_MS, &self->work_ns);
    return error;
}

static int register_writer_run(void *arg)
{
    struct register_writer *self = arg;
    int error = 0;

    for (int64_t i = 0; i < self->write_count && !error; i++)
        error = increment(self);
    sm_event_set(&self->client->work_done);
    return error == -ECANCELED ? error : 0; /* to lose the lease is no failure */
}

static int register_writer_stop(void *arg, sm_time deadline)
{
    struct register_writer *self = arg;

    (void)deadline;
    peer_close(&self->store);
    return 0;
}

const struct sm_daemon_type register_writer_daemon = {
    SM_DAEMON_HEAD(register_writer),
    .construct = register_writer_construct,
    .run = register_writer_run,
    .stop = register_writer_stop,
};
