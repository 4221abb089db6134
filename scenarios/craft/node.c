/* SPDX-License-Identifier: MIT */
#include "node.h"

#include "memory.h"

#include <steelmill/disk.h>
#include <steelmill/errors.h>
#include <steelmill/log.h>
#include <steelmill/property.h>
#include <steelmill/task.h>

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- construct ---- */

/* Splits "raft3" into the cluster's name and the node's number. */
static int read_number(struct raft_node *node, size_t *prefix)
{
    const char *name = sm_machine_name();
    size_t length = strlen(name);
    *prefix = length;
    while (*prefix > 0 && name[*prefix - 1] >= '0' && name[*prefix - 1] <= '9')
        (*prefix)--;
    node->id = strtoull(name + *prefix, NULL, 10);
    if (node->id < 1 || node->id > (raft_id)node->config.nodes || length >= CRAFT_ADDRESS_BYTES)
        return sm_factory_fail(
            node->factory, -SM_ECONFIG,
            "machine '%s': the name must end in a number from 1 to %lld ('nodes')", name,
            (long long)node->config.nodes);
    strcpy(node->address, name);
    return 0;
}

static void address_of(const struct raft_node *node, raft_id id, char *out)
{
    int prefix = (int)strcspn(node->address, "0123456789");
    snprintf(out, CRAFT_ADDRESS_BYTES, "%.*s%llu", prefix, node->address, id);
}

static int construct(void *self, struct sm_factory *factory)
{
    struct raft_node *node = self;
    size_t prefix;
    node->factory = factory;
    node->net = sm_net_get(factory);
    node->disk = sm_disk_get(factory);
    if (!node->net || !node->disk)
        return sm_factory_fail(factory, -ENODEV, "a node needs a network and a disk");
    int error = craft_config_read(factory, &node->config);
    return error ? error : read_number(node, &prefix);
}

/* ---- prepare ---- */

static int fail(struct raft_node *node, const char *what, int raft_status)
{
    return sm_factory_fail(node->factory, -EIO, "%s: %s: %s", what, raft_strerror(raft_status),
                           raft_errmsg(&node->raft));
}

static int bootstrap(struct raft_node *node)
{
    struct raft_configuration configuration;
    char address[CRAFT_ADDRESS_BYTES];
    int error = 0;
    raft_configuration_init(&configuration);
    for (raft_id id = 1; id <= (raft_id)node->config.members && !error; id++) {
        address_of(node, id, address);
        error = raft_configuration_add(&configuration, id, address, RAFT_VOTER);
    }
    if (!error)
        error = raft_bootstrap(&node->raft, &configuration);
    raft_configuration_close(&configuration);
    return error;
}

static void init_parts(struct raft_node *node)
{
    char address[CRAFT_ADDRESS_BYTES];
    craft_transport_init(&node->transport, node->net, &node->loop, node->id);
    for (raft_id id = 1; id <= (raft_id)node->config.nodes; id++) {
        address_of(node, id, address);
        if (id != node->id)
            craft_transport_add(&node->transport, id, address);
    }
    craft_io_init(&node->io, &node->loop, &node->storage, &node->transport);
    node->io.append_error_ppm = (uint32_t)node->config.append_error_ppm;
    node->storage.forget_vote = node->config.forget_vote;
    craft_fsm_init(&node->fsm, &node->raft);
    craft_service_init(&node->service, node->net, &node->loop, &node->raft, &node->transport);
    craft_reporter_init(&node->reporter, node->net, node->config.judge, node->id,
                        node->config.report_interval_ns);
}

static int init_raft(struct raft_node *node)
{
    craft_memory_use();
    int error =
        raft_init(&node->raft, &node->io.raft_io, &node->fsm.raft_fsm, node->id, node->address);
    if (error)
        return fail(node, "raft_init", error);
    node->prepared = true;
    raft_set_election_timeout(&node->raft, (unsigned)(node->config.election_timeout_ns / SM_MS));
    raft_set_heartbeat_timeout(&node->raft, (unsigned)(node->config.heartbeat_ns / SM_MS));
    raft_set_snapshot_threshold(&node->raft, (unsigned)node->config.snapshot_threshold);
    raft_set_snapshot_trailing(&node->raft, (unsigned)node->config.snapshot_trailing);
    raft_set_pre_vote(&node->raft, node->config.pre_vote);
    if (craft_storage_empty(&node->storage) && node->id <= (raft_id)node->config.members)
        error = bootstrap(node);
    return error ? fail(node, "bootstrap", error) : 0;
}

static int prepare(void *self)
{
    struct raft_node *node = self;
    int error = craft_loop_init(&node->loop);
    if (error)
        return error;
    init_parts(node);
    if (craft_storage_open(&node->storage, node->disk))
        return sm_factory_fail(node->factory, -EIO, "the files cannot be opened");
    error = init_raft(node);
    if (!error)
        error = craft_transport_listen(&node->transport);
    return error ? error : craft_service_listen(&node->service);
}

/* ---- run: the driver ---- */

static void tick(struct raft_node *node)
{
    craft_loop_enter(&node->loop);
    node->io.tick(&node->io.raft_io);
    craft_loop_leave(&node->loop);
}

static void handle(struct raft_node *node, const struct craft_work *work)
{
    switch (work->kind) {
    case CRAFT_WORK_WAKE:
        break;
    case CRAFT_WORK_FRAME:
        craft_io_receive(&node->io, work->from, work->object, work->size);
        break;
    case CRAFT_WORK_REQUEST:
        craft_service_handle(&node->service, work->object);
        break;
    }
}

static int drive(struct raft_node *node)
{
    sm_time next_tick = sm_now() + node->io.tick_interval;
    for (;;) {
        struct craft_work work = {.kind = CRAFT_WORK_WAKE};
        craft_observe(&node->observer);
        int error = sm_channel_receive(node->loop.inbox, &work, next_tick);
        if (error && error != -ETIMEDOUT)
            return error;
        craft_loop_fire(&node->loop);
        handle(node, &work);
        if (sm_now() >= next_tick) {
            tick(node);
            next_tick = sm_now() + node->io.tick_interval;
        }
    }
}

static int start_tasks(struct raft_node *node)
{
    int error = craft_io_start(&node->io);
    if (!error)
        error = craft_transport_start(&node->transport);
    if (!error)
        error = craft_service_start(&node->service);
    if (!error && node->observer.reporter)
        error = sm_task_spawn(NULL, "report", craft_reporter_run, &node->reporter);
    return error;
}

/* A disk that fails while the log is read leaves nothing to run with: it is down until a restart.
 */
static int stay_down(struct raft_node *node)
{
    sm_reachable("a node could not read its log");
    sm_log_error(sm_log_get(node->factory), "the log cannot be read",
                 sm_str("error", raft_errmsg(&node->raft)));
    return sm_sleep_until(SM_FOREVER);
}

static int run(void *self)
{
    struct raft_node *node = self;
    craft_loop_enter(&node->loop);
    int error = raft_start(&node->raft);
    craft_loop_leave(&node->loop);
    if (error == RAFT_IOERR && !sm_task_cancelled())
        return stay_down(node);
    if (error)
        return sm_task_cancelled() ? -ECANCELED : fail(node, "raft_start", error);
    craft_observer_init(&node->observer, &node->raft,
                        node->config.judge[0] ? &node->reporter : NULL);
    error = start_tasks(node);
    return error ? error : drive(node);
}

/* ---- stop ---- */

static void closed(struct raft *raft)
{
    struct raft_node *node = raft->data;
    node->closed = true;
}

static void drop_work(const struct craft_work *work)
{
    if (work->kind == CRAFT_WORK_FRAME)
        free(work->object);
    if (work->kind == CRAFT_WORK_REQUEST)
        craft_service_drop(work->object);
}

static void close_raft(struct raft_node *node)
{
    node->raft.data = node;
    craft_loop_enter(&node->loop);
    raft_close(&node->raft, closed);
    craft_loop_leave(&node->loop);
    craft_io_finish(&node->io);
    assert(node->closed);
}

static int stop(void *self, sm_time deadline)
{
    struct raft_node *node = self;
    (void)deadline; /* nothing here waits for anybody */
    if (node->prepared)
        close_raft(node);
    craft_loop_finish(&node->loop, drop_work);
    craft_service_finish(&node->service);
    craft_transport_finish(&node->transport);
    craft_storage_close(&node->storage);
    craft_reporter_finish(&node->reporter);
    craft_observer_finish(&node->observer);
    craft_fsm_finish(&node->fsm);
    return 0;
}

const struct sm_daemon_type raft_node_daemon = {
    SM_DAEMON_HEAD(raft_node),
    .about = "A node of a libraft cluster that replicates a counter.",
    .construct = construct,
    .prepare = prepare,
    .run = run,
    .stop = stop,
};
