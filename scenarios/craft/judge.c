/* SPDX-License-Identifier: MIT */
#include "judge.h"

#include "bytes.h"
#include "report.h"

#include <steelmill/errors.h>
#include <steelmill/property.h>
#include <steelmill/task.h>

#include <stdlib.h>

#define BACKLOG     64
#define ACK_TIMEOUT (5 * SM_S)

struct hearing {
    struct raft_judge *judge;
    struct sm_stream *stream;
};

/* ---- what is known ---- */

static void hear_leader(struct raft_judge *judge, uint64_t term, uint64_t leader, uint64_t from)
{
    judge->leaders =
        craft_logs_grow(judge->leaders, &judge->term_capacity, term, sizeof(*judge->leaders));
    uint64_t *known = &judge->leaders[term];
    sm_always(*known == 0 || *known == leader, "one leader per term", sm_u64("term", term),
              sm_u64("leader", *known), sm_u64("another", leader), sm_u64("from", from));
    if (*known == 0)
        sm_reachable("a term had a leader");
    *known = leader;
}

static void hear_report(struct raft_judge *judge, const struct craft_report *report, uint64_t from)
{
    struct craft_witness *witness = &judge->witnesses[from];
    switch (report->kind) {
    case CRAFT_REPORT_LEADS:
        if (report->b == from)
            witness->leads = true;
        hear_leader(judge, report->a, report->b, from);
        if (report->b == from)
            craft_logs_judge_leader(&judge->logs, from, report->a);
        break;
    case CRAFT_REPORT_YIELDS:
        witness->leads = false;
        break;
    default:
        craft_logs_hear(&judge->logs, report, from);
        break;
    }
}

/* ---- one node's connection ---- */

static struct craft_witness *greet(struct raft_judge *judge, uint64_t node, uint64_t incarnation)
{
    struct craft_witness *witness = &judge->witnesses[node];
    if (witness->incarnation == incarnation)
        return witness;
    if (witness->leads)
        sm_reachable("a leader crashed");
    *witness = (struct craft_witness){.incarnation = incarnation};
    craft_logs_forget(&judge->logs, node);
    return witness;
}

static int hear_batch(struct raft_judge *judge, struct craft_reader *reader, uint64_t *next)
{
    uint64_t node = craft_get_u64(reader);
    uint64_t incarnation = craft_get_u64(reader);
    uint64_t number = craft_get_u64(reader);
    uint64_t count = craft_get_u64(reader);
    if (reader->bad || node < 1 || node > CRAFT_NODES_MAX)
        return -EPROTO;
    struct craft_witness *witness = greet(judge, node, incarnation);
    for (; count > 0; count--, number++) {
        struct craft_report report;
        report.kind = craft_get_u64(reader);
        report.a = craft_get_u64(reader);
        report.b = craft_get_u64(reader);
        report.c = craft_get_u64(reader);
        report.d = craft_get_u64(reader);
        if (reader->bad)
            return -EPROTO;
        if (number < witness->next)
            continue; /* it was heard before, only the acknowledgement got lost */
        witness->next = number + 1;
        hear_report(judge, &report, node);
    }
    *next = witness->next;
    return 0;
}

static int hear_one(struct hearing *hearing)
{
    uint8_t *bytes, ack[CRAFT_ACK_BYTES];
    size_t size;
    uint64_t next;
    int error = craft_frame_read(hearing->stream, &bytes, &size, SM_FOREVER);
    if (error)
        return error;
    struct craft_reader reader = {bytes, bytes + size, false};
    error = hear_batch(hearing->judge, &reader, &next);
    free(bytes);
    if (error)
        return error;
    craft_put_u64(ack, next);
    return craft_frame_write(hearing->stream, ack, sizeof(ack), sm_now() + ACK_TIMEOUT);
}

static int hear(void *arg)
{
    struct hearing hearing = *(struct hearing *)arg;
    free(arg);
    while (hear_one(&hearing) == 0)
        ;
    sm_stream_abort(hearing.stream);
    return 0;
}

static int start_hearing(struct raft_judge *judge, struct sm_stream *stream)
{
    struct hearing *hearing = malloc(sizeof(*hearing));
    if (!hearing)
        return -ENOMEM;
    *hearing = (struct hearing){judge, stream};
    int error = sm_task_spawn(NULL, "hear", hear, hearing);
    if (error)
        free(hearing);
    return error;
}

/* ---- life ---- */

static int construct(void *self, struct sm_factory *factory)
{
    struct raft_judge *judge = self;
    judge->net = sm_net_get(factory);
    return judge->net ? 0 : sm_factory_fail(factory, -ENODEV, "a judge needs a network");
}

static int prepare(void *self)
{
    struct raft_judge *judge = self;
    return sm_listener_open(judge->net, &judge->listener, CRAFT_PORT_JUDGE, BACKLOG);
}

static int run(void *self)
{
    struct raft_judge *judge = self;
    struct sm_stream *stream;
    int error = 0;
    while (!error) {
        error = sm_listener_accept(judge->listener, &stream, NULL, SM_FOREVER);
        if (!error && start_hearing(judge, stream))
            sm_stream_abort(stream);
    }
    return error;
}

static int stop(void *self, sm_time deadline)
{
    struct raft_judge *judge = self;
    (void)deadline;
    if (judge->listener)
        sm_listener_close(judge->listener);
    free(judge->leaders);
    craft_logs_finish(&judge->logs);
    return 0;
}

const struct sm_daemon_type raft_judge_daemon = {
    SM_DAEMON_HEAD(raft_judge),
    .about = "Checks that the nodes agree: one leader per term, entries that never change.",
    .construct = construct,
    .prepare = prepare,
    .run = run,
    .stop = stop,
};
