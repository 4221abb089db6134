/* SPDX-License-Identifier: MIT */
#include "caller.h"

#include "wire.h"

#include <steelmill/errors.h>
#include <steelmill/factory.h>
#include <steelmill/random.h>
#include <steelmill/task.h>

#include <stdio.h>

#define RETRY_MAX (50 * SM_MS)

int craft_caller_construct(struct craft_caller *caller, struct sm_factory *factory)
{
    caller->net = sm_net_get(factory);
    if (!caller->net)
        return sm_factory_fail(factory, -ENODEV, "a client needs a network");
    const char *cluster = sm_factory_config(factory, "cluster");
    caller->cluster = cluster ? cluster : "raft";
    int error = sm_config_i64(factory, "nodes", 5, &caller->nodes);
    if (!error)
        error = sm_config_duration(factory, "answer_timeout", SM_S, &caller->timeout_ns);
    if (!error && (caller->nodes < 1 || caller->nodes > CRAFT_NODES_MAX))
        error = sm_factory_fail(factory, -SM_ECONFIG, "config 'nodes' must be 1 to %u",
                                CRAFT_NODES_MAX);
    return error;
}

void craft_caller_begin(struct craft_caller *caller)
{
    caller->node = sm_random_below(NULL, (uint64_t)caller->nodes) + 1;
}

static int connect_node(struct craft_caller *caller, sm_time deadline)
{
    char machine[CRAFT_ADDRESS_BYTES];
    if (caller->stream)
        return 0;
    snprintf(machine, sizeof(machine), "%s%llu", caller->cluster, (unsigned long long)caller->node);
    int error = sm_stream_dial(caller->net, &caller->stream, machine, CRAFT_PORT_CLIENT, deadline);
    if (error)
        caller->stream = NULL;
    return error;
}

int craft_caller_ask(struct craft_caller *caller, const struct craft_command *command,
                     struct craft_answer *answer)
{
    uint8_t question[CRAFT_COMMAND_BYTES], reply[CRAFT_ANSWER_BYTES];
    sm_time deadline = sm_now() + caller->timeout_ns;
    int error = connect_node(caller, deadline);
    craft_command_encode(command, question);
    if (!error)
        error = craft_frame_write(caller->stream, question, sizeof(question), deadline);
    if (!error)
        error = craft_frame_read_into(caller->stream, reply, sizeof(reply), deadline);
    if (!error)
        craft_answer_decode(reply, answer);
    return error;
}

int craft_caller_turn(struct craft_caller *caller, const struct craft_answer *answer)
{
    bool hinted = answer->leader >= 1 && answer->leader <= (uint64_t)caller->nodes &&
                  answer->leader != caller->node;
    craft_caller_finish(caller);
    caller->node = hinted ? answer->leader : caller->node % (uint64_t)caller->nodes + 1;
    return hinted ? 0 : sm_sleep(sm_random_range(NULL, SM_MS, RETRY_MAX));
}

void craft_caller_finish(struct craft_caller *caller)
{
    if (caller->stream)
        sm_stream_abort(caller->stream);
    caller->stream = NULL;
}
