/* SPDX-License-Identifier: MIT */
/*
 * A client of the replicated counter: the daemon counter_client.
 *
 * It adds and reads, one operation after the other, each until it is answered, and knows by itself
 * what the answers must be.
 *
 * Configuration: nodes (5), cluster (raft), think_time (50ms), answer_timeout (1s).
 */
#include "client.h"

#include "wire.h"

#include <steelmill/errors.h>
#include <steelmill/property.h>
#include <steelmill/random.h>
#include <steelmill/task.h>

#include <stdio.h>

#define RETRY_MAX  (50 * SM_MS)
#define READS_PPM  200000
#define AMOUNT_MAX 9
#define PATIENCE   (5 * SM_S) /* an operation that takes longer counts as stuck */

static int construct(void *self, struct sm_factory *factory)
{
    struct counter_client *client = self;
    client->net = sm_net_get(factory);
    if (!client->net)
        return sm_factory_fail(factory, -ENODEV, "a client needs a network");
    const char *cluster = sm_factory_config(factory, "cluster");
    client->cluster = cluster ? cluster : "raft";
    int error = sm_config_i64(factory, "nodes", 5, &client->nodes);
    if (!error)
        error = sm_config_duration(factory, "think_time", 50 * SM_MS, &client->think_ns);
    if (!error)
        error = sm_config_duration(factory, "answer_timeout", SM_S, &client->timeout_ns);
    if (!error && (client->nodes < 1 || client->nodes > CRAFT_NODES_MAX))
        error = sm_factory_fail(factory, -SM_ECONFIG, "config 'nodes' must be 1 to %u",
                                CRAFT_NODES_MAX);
    return error;
}

/* ---- one try ---- */

static void turn_to(struct counter_client *client, uint64_t node)
{
    if (client->stream)
        sm_stream_abort(client->stream);
    client->stream = NULL;
    client->node = node;
}

static int connect_node(struct counter_client *client, sm_time deadline)
{
    char machine[CRAFT_ADDRESS_BYTES];
    if (client->stream)
        return 0;
    snprintf(machine, sizeof(machine), "%s%llu", client->cluster, (unsigned long long)client->node);
    int error = sm_stream_dial(client->net, &client->stream, machine, CRAFT_PORT_CLIENT, deadline);
    if (error)
        client->stream = NULL;
    return error;
}

static int ask(struct counter_client *client, const struct craft_command *command,
               struct craft_answer *answer)
{
    uint8_t question[CRAFT_COMMAND_BYTES], reply[CRAFT_ANSWER_BYTES];
    sm_time deadline = sm_now() + client->timeout_ns;
    int error = connect_node(client, deadline);
    craft_command_encode(command, question);
    if (!error)
        error = craft_frame_write(client->stream, question, sizeof(question), deadline);
    if (!error)
        error = craft_frame_read_into(client->stream, reply, sizeof(reply), deadline);
    if (!error)
        craft_answer_decode(reply, answer);
    return error;
}

/* ---- until it is answered ---- */

static uint64_t next_node(struct counter_client *client, const struct craft_answer *answer)
{
    if (answer->leader >= 1 && answer->leader <= (uint64_t)client->nodes &&
        answer->leader != client->node)
        return answer->leader;
    return client->node % (uint64_t)client->nodes + 1;
}

static int try_elsewhere(struct counter_client *client, const struct craft_answer *answer)
{
    bool hinted = answer->leader != 0 && answer->leader != client->node;
    turn_to(client, next_node(client, answer));
    if (hinted)
        return 0;
    return sm_sleep(sm_random_range(NULL, SM_MS, RETRY_MAX));
}

static int perform(struct counter_client *client, const struct craft_command *command,
                   struct craft_answer *answer)
{
    sm_time patient_until = sm_now() + PATIENCE;
    bool stuck = false;
    for (;;) {
        *answer = (struct craft_answer){.status = CRAFT_UNKNOWN};
        int error = ask(client, command, answer);
        if (error == -ECANCELED)
            return error;
        if (!error && answer->status == CRAFT_OK)
            break;
        if (!stuck && sm_now() >= patient_until) {
            stuck = true;
            sm_eventually(false, "every client makes progress");
        }
        if (try_elsewhere(client, answer) == -ECANCELED)
            return -ECANCELED;
    }
    sm_eventually(true, "every client makes progress");
    return 0;
}

/* ---- what must come out ---- */

static void judge(struct counter_client *client, const struct craft_command *command,
                  const struct craft_answer *answer)
{
    client->total += command->amount;
    sm_always(answer->number == command->number && answer->total == client->total,
              "every acknowledged add is applied exactly once", sm_u64("number", command->number),
              sm_u64("applied", answer->number), sm_i64("added", client->total),
              sm_i64("counted", answer->total));
    sm_always(answer->value >= client->value + command->amount, "the counter never goes back",
              sm_i64("from", client->value), sm_i64("to", answer->value));
    client->value = answer->value;
    if (command->operation == CRAFT_ADD)
        sm_reachable("an add was acknowledged");
}

static int run(void *self)
{
    struct counter_client *client = self;
    struct craft_command command = {.session = sm_random_u64(NULL)};
    int error = 0;
    client->node = sm_random_below(NULL, (uint64_t)client->nodes) + 1;
    while (!error) {
        struct craft_answer answer;
        command.number++;
        bool read = sm_random_chance(NULL, READS_PPM);
        command.operation = read ? CRAFT_READ : CRAFT_ADD;
        command.amount = read ? 0 : sm_random_range(NULL, 1, AMOUNT_MAX);
        error = perform(client, &command, &answer);
        if (!error)
            judge(client, &command, &answer);
        if (!error)
            error = sm_sleep(sm_random_range(NULL, 0, 2 * client->think_ns));
    }
    return error;
}

static int stop(void *self, sm_time deadline)
{
    struct counter_client *client = self;
    (void)deadline;
    turn_to(client, 0);
    return 0;
}

const struct sm_daemon_type counter_client_daemon = {
    SM_DAEMON_HEAD(counter_client),
    .about = "Adds to the replicated counter, and checks the answers.",
    .construct = construct,
    .run = run,
    .stop = stop,
};
