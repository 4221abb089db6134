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
    sm_time pace_ns;     /* between two increments */
    uint64_t sequence;   /* of the latest write */
};

/*
 * Asks until there is an answer.
 *   attempts: how often it was asked
 * Returns 0; -SM_EFENCED: refused; -SM_ELOST: the lease is over; -ECANCELED.
 */
static int ask(struct register_writer *self, struct message *request, struct message *answer,
               int *attempts)
{
    const struct sm_lease *lease = self->client->lease;
    struct backoff backoff = {0};

    *attempts = 1;
    request->token = sm_lease_token(lease);
    strncpy(request->client, sm_machine_name(), sizeof request->client - 1);
    while (peer_call(&self->store, request, answer, sm_now() + CALL_NS)) {
        const int error = backoff_sleep(&backoff);
        if (error)
            return error;
        if (!sm_lease_held(lease))
            return -SM_ELOST;
        ++*attempts;
    }
    return answer->type == MESSAGE_OK ? 0 : -SM_EFENCED;
}

/* What the history says of a write: only one that was refused at once has certainly had no effect.
 */
static enum sm_outcome outcome_of_write(int error, int attempts)
{
    if (!error)
        return SM_OUTCOME_OK;
    return error == -SM_EFENCED && attempts == 1 ? SM_OUTCOME_FAILED : SM_OUTCOME_UNKNOWN;
}

static int read_register(struct register_writer *self, uint64_t *value)
{
    struct message request = {.type = MESSAGE_READ}, answer;
    int attempts;

    const uint64_t operation = sm_history_invoke(SM_OPERATION_READ, 0, 0, 0);
    const int error = ask(self, &request, &answer, &attempts);
    *value = error ? 0 : answer.value;
    sm_history_complete(operation, error ? SM_OUTCOME_FAILED : SM_OUTCOME_OK, *value);
    return error;
}

static int write_register(struct register_writer *self, uint64_t value)
{
    struct message request = {.type = MESSAGE_WRITE, .value = value}, answer;
    int attempts;

    request.sequence = ++self->sequence;
    const uint64_t operation = sm_history_invoke(SM_OPERATION_WRITE, 0, value, 0);
    const int error = ask(self, &request, &answer, &attempts);
    sm_history_complete(operation, outcome_of_write(error, attempts), 0);
    return error;
}

static int increment(struct register_writer *self)
{
    uint64_t value;

    int error = read_register(self, &value);
    if (error)
        return error;
    if (!sm_lease_held(self->client->lease))
        return -SM_ELOST;
    /* The gap: the lease was held when we looked. */
    error = sm_sleep(self->work_ns);
    return error ? error : write_register(self, value + 1);
}

static int register_writer_construct(void *arg, struct sm_factory *factory)
{
    struct register_writer *self = arg;

    peer_init(&self->store, sm_net_get(factory), STORE_MACHINE, STORE_PORT);
    int error = lock_client_get(factory, &self->client);
    if (!error)
        error = sm_config_i64(factory, "writes", 3, &self->write_count);
    if (!error)
        error = sm_config_duration(factory, "work", 50 * SM_MS, &self->work_ns);
    if (!error)
        error = sm_config_duration(factory, "pace", 400 * SM_MS, &self->pace_ns);
    return error;
}

static int register_writer_run(void *arg)
{
    struct register_writer *self = arg;
    int error = 0;

    for (int64_t i = 0; i < self->write_count && !error; i++) {
        error = increment(self);
        if (!error)
            error = sm_sleep(self->pace_ns);
    }
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
