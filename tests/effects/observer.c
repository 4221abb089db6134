/* SPDX-License-Identifier: MIT */
#include "observer.h"

#include <stdio.h>
#include <string.h>

#define ATTEMPT_NS (150 * SM_MS)

void observe(enum effect effect)
{
#define REACHED_(name, text) \
    case EFFECT_##name:      \
        sm_reachable(text);  \
        break;
    switch (effect) {
        EFFECT_LIST(REACHED_)
    default:
        break;
    }
}

uint32_t checksum(const void *data, size_t size)
{
    uint32_t sum = 1;

    for (size_t i = 0; i < size; i++)
        sum = sum * 31 + ((const unsigned char *)data)[i];
    return sum;
}

/* ---- connections that come and go ---- */

static int attempts_accept(void *arg)
{
    struct observer *observer = arg;
    struct sm_stream *stream;

    while (sm_listener_accept(observer->attempts, &stream, NULL, SM_FOREVER) == 0)
        sm_stream_close(stream);
    return 0;
}

static int attempts_connect(void *arg)
{
    struct peer *peer = arg;
    const struct sm_address to = {.ip = peer->address.ip, .port = PORT_ATTEMPTS};

    while (sm_sleep(200 * SM_MS) == 0 && sm_now() < TALK_NS) {
        struct sm_stream *stream;
        const int error =
            sm_stream_connect(peer->observer->net, &stream, &to, sm_now() + ATTEMPT_NS);
        if (error == -ECONNREFUSED)
            observe(EFFECT_REFUSED);
        else if (error == -ETIMEDOUT)
            observe(EFFECT_UNANSWERED);
        sm_stream_close(stream);
    }
    return 0;
}

/* ---- names ---- */

static int names_resolve(void *arg)
{
    struct peer *peer = arg;

    while (sm_sleep(100 * SM_MS) == 0 && sm_now() < TALK_NS) {
        char name[16];
        uint32_t ip;
        const sm_time before = sm_now();
        snprintf(name, sizeof name, "m%u", peer->number);
        if (sm_net_resolve(peer->observer->net, name, &ip, SM_FOREVER) == -ENOENT)
            observe(EFFECT_NO_NAME);
        else if (sm_now() > before)
            observe(EFFECT_LATE_NAME);
    }
    return 0;
}

/* ---- the daemon ---- */

static int observer_construct(void *self, struct sm_factory *factory)
{
    struct observer *observer = self;
    int64_t count;
    const int error = sm_config_i64(factory, "machines", MACHINES_MAX, &count);

    observer->factory = factory;
    observer->net = sm_net_get(factory);
    observer->count = (uint32_t)count;
    return error;
}

static int observer_prepare(void *self)
{
    struct observer *observer = self;
    int error = sm_datagram_open(observer->net, &observer->socket, PORT);

    for (uint32_t i = 0; i < observer->count && !error; i++) {
        struct peer *peer = &observer->peers[i];
        char name[16];
        snprintf(name, sizeof name, "m%u", i + 1);
        *peer = (struct peer){.observer = observer, .number = i + 1, .address.port = PORT};
        error = sm_net_resolve(observer->net, name, &peer->address.ip, SM_FOREVER);
        if (strcmp(name, sm_machine_name()) == 0)
            observer->number = i + 1;
    }
    if (!error)
        error = sm_listener_open(observer->net, &observer->listener, PORT, 16);
    return error ? error : sm_listener_open(observer->net, &observer->attempts, PORT_ATTEMPTS, 16);
}

static void spawn(const char *name, sm_task_fn fn, void *arg)
{
    if (sm_task_spawn(NULL, name, fn, arg))
        sm_unreachable("a task cannot be spawned");
}

static int observer_run(void *self)
{
    struct observer *observer = self;

    if (observer->number == 1)
        sm_role_set("leader", true);
    spawn("datagrams_hear", datagrams_hear, observer);
    spawn("streams_accept", streams_accept, observer);
    spawn("attempts_accept", attempts_accept, observer);
    sm_sleep(SM_S); /* until all are there */
    for (uint32_t i = 0; i < observer->count; i++) {
        struct peer *peer = &observer->peers[i];
        if (peer->number == observer->number)
            continue;
        if (peer->number > observer->number)
            spawn("streams_connect", streams_connect, peer);
        spawn("datagrams_send", datagrams_send, peer);
        spawn("attempts_connect", attempts_connect, peer);
        spawn("names_resolve", names_resolve, peer);
    }
    sm_sleep_until(JUDGE_NS);
    datagrams_judge(observer);
    return 0;
}

static const struct sm_daemon_type observer_daemon = {
    SM_DAEMON_HEAD(observer), .construct = observer_construct, .prepare = observer_prepare,
    .run = observer_run};
SM_PLUGIN("Reports what it sees of a bad network.", &observer_daemon)
