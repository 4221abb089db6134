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

#include <steelmill/errors.h>
#include <steelmill/property.h>
#include <steelmill/random.h>
#include <steelmill/task.h>

#define READS_PPM  200000
#define AMOUNT_MAX 9
#define PATIENCE   (5 * SM_S) /* an operation that takes longer counts as stuck */

static int construct(void *self, struct sm_factory *factory)
{
    struct counter_client *client = self;
    int error = craft_caller_construct(&client->caller, factory);
    return error ? error : sm_config_duration(factory, "think_time", 50 * SM_MS, &client->think_ns);
}

/* ---- until it is answered ---- */

static int perform(struct counter_client *client, const struct craft_command *command,
                   struct craft_answer *answer)
{
    sm_time patient_until = sm_now() + PATIENCE;
    bool stuck = false;
    for (;;) {
        *answer = (struct craft_answer){.status = CRAFT_UNKNOWN};
        int error = craft_caller_ask(&client->caller, command, answer);
        if (error == -ECANCELED)
            return error;
        if (!error && answer->status == CRAFT_OK)
            break;
        if (!stuck && sm_now() >= patient_until) {
            stuck = true;
            sm_eventually(false, "every client makes progress");
        }
        if (craft_caller_turn(&client->caller, answer) == -ECANCELED)
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
    craft_caller_begin(&client->caller);
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
    craft_caller_finish(&client->caller);
    return 0;
}

const struct sm_daemon_type counter_client_daemon = {
    SM_DAEMON_HEAD(counter_client),
    .about = "Adds to the replicated counter, and checks the answers.",
    .construct = construct,
    .run = run,
    .stop = stop,
};
