/* SPDX-License-Identifier: MIT */
/*
 * Whoever runs the cluster: moves leadership about, takes nodes out of it, and brings them back,
 * one thing after the other, each until it is done. The daemon raft_operator.
 *
 * Configuration: interval (2s), quiet_after (forever): from then on it only brings nodes back;
 * voters_min (3); members (nodes): how many vote at first; and those of a caller.
 */
#include "operator.h"

#include <steelmill/errors.h>
#include <steelmill/property.h>
#include <steelmill/random.h>
#include <steelmill/task.h>

#define TRANSFERS_PPM 500000
#define REFUSED_PAUSE (100 * SM_MS)

static int construct(void *self, struct sm_factory *factory)
{
    struct raft_operator *operator= self;
    int64_t members;
    int error = craft_caller_construct(&operator->caller, factory);
    if (!error)
        error = sm_config_duration(factory, "interval", 2 * SM_S, &operator->interval_ns);
    if (!error)
        error = sm_config_duration(factory, "quiet_after", SM_FOREVER, &operator->quiet_after_ns);
    if (!error)
        error = sm_config_i64(factory, "voters_min", 3, &operator->voters_min);
    if (!error)
        error = sm_config_i64(factory, "members", operator->caller.nodes, &members);
    if (!error && (members < 1 || members > operator->caller.nodes))
        error = sm_factory_fail(factory, -SM_ECONFIG, "config 'members' must be 1 to 'nodes'");
    for (int64_t i = 1; !error && i <= members; i++)
        operator->votes[i] = true;
    return error;
}

/* ---- one change ---- */

/* Returns 0; -EAGAIN: refused; -ECANCELED. */
static int change(struct raft_operator *operator, enum craft_operation operation, uint64_t node)
{
    const struct craft_command command = {.operation = operation, .amount = (int64_t)node};
    for (;;) {
        struct craft_answer answer = {.status = CRAFT_UNKNOWN};
        int error = craft_caller_ask(&operator->caller, &command, &answer);
        if (error == -ECANCELED)
            return error;
        if (!error && answer.status == CRAFT_OK)
            return 0;
        if (!error && answer.status == CRAFT_REFUSED)
            return -EAGAIN;
        if (craft_caller_turn(&operator->caller, &answer) == -ECANCELED)
            return -ECANCELED;
        if (operation == CRAFT_TRANSFER)
            return -EAGAIN; /* somebody else leads: no matter who */
    }
}

static int bring_back(struct raft_operator *operator, uint64_t node)
{
    int error = change(operator, CRAFT_JOIN, node);
    if (!error)
        error = change(operator, CRAFT_PROMOTE, node);
    if (error)
        return error;
    operator->votes[node] = true;
    sm_reachable("a node was brought back");
    return 0;
}

static int take_out(struct raft_operator *operator, uint64_t node)
{
    /* What comes of it is not known before it is done. */
    operator->votes[node] = false;
    int error = change(operator, CRAFT_REMOVE, node);
    if (!error)
        sm_reachable("a node was removed");
    return error;
}

/* ---- which change ---- */

/* The n-th node that votes, or does not; 0: there are fewer. */
static uint64_t find(const struct raft_operator *operator, bool votes, uint64_t n)
{
    for (uint64_t node = 1; node <= (uint64_t) operator->caller.nodes; node++)
        if (operator->votes[node] == votes && n-- == 0)
            return node;
    return 0;
}

static int64_t voters(const struct raft_operator *operator)
{
    int64_t count = 0;
    for (int64_t node = 1; node <= operator->caller.nodes; node++)
        count += operator->votes[node];
    return count;
}

static int intervene(struct raft_operator *operator)
{
    int64_t count = voters(operator);
    uint64_t node = find(operator, true, sm_random_below(NULL, (uint64_t)count));
    uint64_t out = find(operator, false, 0);
    bool quiet = sm_now() >= operator->quiet_after_ns;
    if (!quiet && sm_random_chance(NULL, TRANSFERS_PPM))
        return change(operator, CRAFT_TRANSFER, node);
    if (out)
        return bring_back(operator, out);
    return quiet || count <= operator->voters_min ? 0 : take_out(operator, node);
}

static int run(void *self)
{
    struct raft_operator *operator= self;
    craft_caller_begin(&operator->caller);
    for (;;) {
        bool quiet = sm_now() >= operator->quiet_after_ns;
        int error =
            sm_sleep(quiet ? REFUSED_PAUSE : sm_random_range(NULL, 0, 2 * operator->interval_ns));
        if (!error)
            error = intervene(operator);
        if (error == -EAGAIN)
            error = sm_sleep(REFUSED_PAUSE);
        if (error)
            return error;
        sm_eventually(find(operator, false, 0) == 0, "every node votes again");
    }
}

static int stop(void *self, sm_time deadline)
{
    struct raft_operator *operator= self;
    (void)deadline;
    craft_caller_finish(&operator->caller);
    return 0;
}

const struct sm_daemon_type raft_operator_daemon = {
    SM_DAEMON_HEAD(raft_operator),
    .about = "Moves leadership about, removes nodes, and brings them back.",
    .construct = construct,
    .run = run,
    .stop = stop,
};
