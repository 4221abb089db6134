/* SPDX-License-Identifier: MIT */
/*
 * The judge is a machine whose power stays on: it remembers what the stores have acknowledged, and
 * tells them after a restart. What is true of it they find out themselves.
 */
#include "judge.h"

#include "wire.h"

#include <errno.h>
#include <string.h>

#define STORES_MAX 64

struct remembered {
    uint32_t ip;
    struct wire_state state; /* entries: a ring, entry n at n % WIRE_ENTRIES */
};

struct sqlite_judge {
    struct sm_net *net;
    struct sm_datagram *socket;
    size_t store_count;
    struct remembered stores[STORES_MAX];
};

static struct wire_state *state_of(struct sqlite_judge *judge, uint32_t ip)
{
    for (size_t i = 0; i < judge->store_count; i++) {
        if (judge->stores[i].ip == ip)
            return &judge->stores[i].state;
    }
    if (judge->store_count == STORES_MAX)
        return NULL;
    judge->stores[judge->store_count].ip = ip;
    return &judge->stores[judge->store_count++].state;
}

static void acknowledged(struct wire_state *state, uint64_t number, uint64_t nonce)
{
    state->entries[number % WIRE_ENTRIES] = (struct wire_entry){number, nonce};
    if (number > state->acknowledged)
        state->acknowledged = number;
}

static void recovered(struct wire_state *state, uint64_t total)
{
    state->known = 1;
    state->acknowledged = total;
    for (int i = 0; i < WIRE_ENTRIES; i++) {
        if (state->entries[i].number > total)
            state->entries[i] = (struct wire_entry){0};
    }
}

static void tell(struct sqlite_judge *judge, const struct wire_state *state,
                 const struct sm_address *to)
{
    uint64_t words[WIRE_WORDS_MAX] = {WIRE_STATE, state->known, state->acknowledged};
    size_t used = 4;

    for (int i = 0; i < WIRE_ENTRIES; i++) {
        const struct wire_entry *entry = &state->entries[i];
        if (entry->number == 0 || entry->number + WIRE_ENTRIES <= state->acknowledged)
            continue;
        words[used++] = entry->number;
        words[used++] = entry->nonce;
        words[3]++;
    }
    (void)sm_datagram_send(judge->socket, to, words, used * sizeof(*words));
}

static void hear(struct sqlite_judge *judge, const uint64_t *words, const struct sm_address *from)
{
    struct wire_state *state = state_of(judge, from->ip);

    if (!state)
        return;
    if (words[0] == WIRE_HELLO)
        tell(judge, state, from);
    else if (words[0] == WIRE_RECOVERED)
        recovered(state, words[1]);
    else if (words[0] == WIRE_ACKNOWLEDGED)
        acknowledged(state, words[1], words[2]);
}

static int construct(void *self, struct sm_factory *factory)
{
    struct sqlite_judge *judge = self;
    judge->net = sm_net_get(factory);
    return judge->net ? 0 : sm_factory_fail(factory, -ENODEV, "a judge needs a network");
}

static int prepare(void *self)
{
    struct sqlite_judge *judge = self;
    return sm_datagram_open(judge->net, &judge->socket, WIRE_PORT);
}

static int run(void *self)
{
    struct sqlite_judge *judge = self;

    for (;;) {
        uint64_t words[3] = {0};
        struct sm_address from;
        const int got = sm_datagram_receive(judge->socket, words, sizeof(words), &from, SM_FOREVER);
        if (got < 0)
            return got;
        hear(judge, words, &from);
    }
}

static int stop(void *self, sm_time deadline)
{
    (void)deadline;
    sm_datagram_close(((struct sqlite_judge *)self)->socket);
    return 0;
}

const struct sm_daemon_type sqlite_judge_daemon = {
    SM_DAEMON_HEAD(sqlite_judge),
    .about = "Remembers which transactions were acknowledged, on a machine that keeps its power.",
    .construct = construct,
    .prepare = prepare,
    .run = run,
    .stop = stop,
};
