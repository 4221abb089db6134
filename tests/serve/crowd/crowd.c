/* SPDX-License-Identifier: MIT */
/*
 * A machine with children: each shard has a port of its own, counts in the machine's ledger, which
 * one thread alone may enter, tells the front of each request through a channel, and has a guest
 * for each, a child of its own that comes and goes.
 *
 * config: shards; hog (the first shard does not give way when it is to stop)
 */
#include <steelmill/steelmill.h>

#include <stdio.h>

#define PORT 7000
#define SOON (sm_now() + 10 * SM_S)

static struct sm_channel *news; /* one for the process: only the front makes and takes it away */

/* ---- ledger ---- */

struct ledger {
    uint64_t total;
};
static const struct sm_daemon_type ledger_daemon = {SM_DAEMON_HEAD(ledger)};

static int add_one(void *total)
{
    void *ledger;
    const int error = sm_factory_get(sm_factory_self(), &ledger_daemon, &ledger);

    if (!error)
        *(uint64_t *)total = ++((struct ledger *)ledger)->total;
    return error;
}

/* ---- guest ---- */

struct guest {
    uint64_t unused;
};

static int guest_run(void *self)
{
    (void)self;
    return sm_sleep_until(SM_FOREVER);
}
static const struct sm_daemon_type guest_daemon = {SM_DAEMON_HEAD(guest),
                                                   .flags = SM_DAEMON_REENTRANT, .run = guest_run};

static int have_guest(struct sm_factory *own)
{
    struct sm_factory *guest;
    void *instance;
    int error = sm_factory_create(&guest, own, "guest");

    if (error)
        return error;
    error = sm_factory_get(guest, &guest_daemon, &instance);
    if (!error)
        error = sm_factory_start(guest, SOON);
    (void)sm_factory_stop(guest, SOON);
    sm_factory_destroy(guest);
    return error;
}

/* ---- shard ---- */

struct shard {
    struct sm_factory *factory;
    struct sm_datagram *socket;
    int64_t number;
    bool hog;
};

static int shard_construct(void *self, struct sm_factory *factory)
{
    struct shard *shard = self;
    int error = sm_config_i64(factory, "number", 0, &shard->number);

    shard->factory = factory;
    return error ? error : sm_config_bool(factory, "hog", false, &shard->hog);
}

static int shard_prepare(void *self)
{
    struct shard *shard = self;
    return sm_datagram_open(sm_net_get(shard->factory), &shard->socket,
                            (uint16_t)(PORT + shard->number));
}

static int answer(struct shard *shard, const struct sm_address *to)
{
    uint64_t total;
    int error = sm_call(sm_factory_parent(shard->factory), add_one, &total);

    if (!error)
        error = have_guest(shard->factory);
    if (!error)
        error = sm_channel_send(news, &total, SM_FOREVER);
    return error ? error : sm_datagram_send(shard->socket, to, &total, sizeof total);
}

static int shard_run(void *self)
{
    struct shard *shard = self;
    struct sm_address from;
    char byte;
    int error = 0;

    while (error >= 0) {
        error = sm_datagram_receive(shard->socket, &byte, 1, &from, SM_FOREVER);
        if (error >= 0)
            error = answer(shard, &from);
    }
    while (shard->hog && shard->number == 1) {
        __asm__ volatile("" ::: "memory");
    }
    return error;
}

static int shard_stop(void *self, sm_time deadline)
{
    struct shard *shard = self;

    (void)deadline;
    sm_datagram_close(shard->socket);
    sm_log_info(sm_log_get(shard->factory), "shard stops", sm_i64("number", shard->number));
    return 0;
}
static const struct sm_daemon_type shard_daemon = {SM_DAEMON_HEAD(shard),
                                                   .flags = SM_DAEMON_REENTRANT,
                                                   .construct = shard_construct,
                                                   .prepare = shard_prepare,
                                                   .run = shard_run,
                                                   .stop = shard_stop};

/* ---- front ---- */

struct front {
    struct sm_factory *factory;
    void *ledger;
    int64_t shards;
    uint64_t heard;
};

static int front_construct(void *self, struct sm_factory *factory)
{
    struct front *front = self;
    int error = sm_factory_get(factory, &ledger_daemon, &front->ledger);

    front->factory = factory;
    if (!error)
        error = sm_config_i64(factory, "shards", 4, &front->shards);
    return error ? error : sm_channel_create(&news, 4, sizeof(uint64_t));
}

static int begin_shard(struct front *front, int64_t number)
{
    struct sm_factory *shard;
    char name[32], text[32];
    void *instance;

    snprintf(name, sizeof name, "shard%lld", (long long)number);
    snprintf(text, sizeof text, "%lld", (long long)number);
    int error = sm_factory_create(&shard, front->factory, name);
    if (!error)
        error = sm_factory_config_set(shard, "number", text);
    if (!error)
        error = sm_factory_get(shard, &shard_daemon, &instance);
    return error ? error : sm_factory_start(shard, SOON);
}

static int front_run(void *self)
{
    struct front *front = self;
    uint64_t total;
    int error = 0;

    for (int64_t i = 1; i <= front->shards && !error; i++)
        error = begin_shard(front, i);
    if (!error)
        sm_log_info(sm_log_get(front->factory), "crowd is there");
    for (; !error; front->heard++)
        error = sm_channel_receive(news, &total, SM_FOREVER);
    return error;
}

static int front_stop(void *self, sm_time deadline)
{
    const struct front *front = self;

    (void)deadline;
    sm_log_info(sm_log_get(front->factory), "front stops",
                sm_u64("total", ((struct ledger *)front->ledger)->total));
    return 0;
}

static void front_destroy(void *self)
{
    (void)self;
    sm_channel_destroy(news);
}
static const struct sm_daemon_type front_daemon = {SM_DAEMON_HEAD(front),
                                                   .construct = front_construct, .run = front_run,
                                                   .stop = front_stop, .destroy = front_destroy};

SM_PLUGIN("A crowd.", &ledger_daemon, &front_daemon, &shard_daemon, &guest_daemon)
