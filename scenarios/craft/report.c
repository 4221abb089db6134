/* SPDX-License-Identifier: MIT */
#include "report.h"

#include "bytes.h"
#include "wire.h"

#include <steelmill/errors.h>
#include <steelmill/random.h>

#include <stdlib.h>

#define RETRY       (200 * SM_MS)
#define ACK_TIMEOUT (2 * SM_S)
#define BATCH_MAX   4096u

void craft_reporter_init(struct craft_reporter *reporter, struct sm_net *net, const char *judge,
                         uint64_t node, sm_time interval_ns)
{
    *reporter = (struct craft_reporter){
        .net = net,
        .judge = judge,
        .node = node,
        .incarnation = sm_random_u64(NULL),
        .interval_ns = interval_ns,
    };
    sm_event_init(&reporter->urgent);
    sm_event_init(&reporter->ready);
}

void craft_reporter_finish(struct craft_reporter *reporter)
{
    sm_event_finish(&reporter->urgent);
    sm_event_finish(&reporter->ready);
    free(reporter->reports);
    reporter->reports = NULL;
}

void craft_report(struct craft_reporter *reporter, struct craft_report report, bool urgent)
{
    if (reporter->count == reporter->capacity) {
        size_t capacity = reporter->capacity ? 2 * reporter->capacity : 64;
        struct craft_report *reports = realloc(reporter->reports, capacity * sizeof(*reports));
        if (!reports)
            return;
        reporter->reports = reports;
        reporter->capacity = capacity;
    }
    reporter->reports[reporter->count++] = report;
    sm_event_set(&reporter->ready);
    if (urgent)
        sm_event_set(&reporter->urgent);
}

uint8_t *craft_report_put(uint8_t *at, const struct craft_report *report)
{
    at = craft_put_u64(at, report->kind);
    at = craft_put_u64(at, report->a);
    at = craft_put_u64(at, report->b);
    at = craft_put_u64(at, report->c);
    return craft_put_u64(at, report->d);
}

static int send_batch(struct craft_reporter *reporter, struct sm_stream *stream)
{
    size_t count = reporter->count < BATCH_MAX ? reporter->count : BATCH_MAX;
    size_t size = CRAFT_REPORT_HEAD + count * CRAFT_REPORT_BYTES;
    uint8_t *bytes = malloc(size), *at = bytes;
    if (!bytes)
        return -ENOMEM;
    at = craft_put_u64(at, reporter->node);
    at = craft_put_u64(at, reporter->incarnation);
    at = craft_put_u64(at, reporter->first);
    at = craft_put_u64(at, count);
    for (size_t i = 0; i < count; i++)
        at = craft_report_put(at, &reporter->reports[i]);
    int error = craft_frame_write(stream, bytes, size, sm_now() + ACK_TIMEOUT);
    free(bytes);
    return error;
}

static int receive_ack(struct craft_reporter *reporter, struct sm_stream *stream)
{
    uint8_t bytes[CRAFT_ACK_BYTES];
    int error = craft_frame_read_into(stream, bytes, sizeof(bytes), sm_now() + ACK_TIMEOUT);
    if (error)
        return error;
    struct craft_reader reader = {bytes, bytes + sizeof(bytes), false};
    uint64_t acked = craft_get_u64(&reader) - reporter->first;
    if (acked > reporter->count)
        return -EPROTO;
    reporter->first += acked;
    reporter->count -= acked;
    memmove(reporter->reports, reporter->reports + acked,
            reporter->count * sizeof(*reporter->reports));
    if (reporter->count == 0)
        sm_event_clear(&reporter->ready);
    return 0;
}

/* Gives reports the time to gather, unless there is one that cannot wait. */
static int await_reports(struct craft_reporter *reporter)
{
    int error = sm_event_wait(&reporter->ready, SM_FOREVER);
    if (!error)
        error = sm_event_wait(&reporter->urgent, sm_now() + reporter->interval_ns);
    if (error == -ECANCELED)
        return error;
    sm_event_clear(&reporter->urgent);
    return 0;
}

static int exchange(struct craft_reporter *reporter, struct sm_stream **stream)
{
    int error = 0;
    if (!*stream)
        error = sm_stream_dial(reporter->net, stream, reporter->judge, CRAFT_PORT_JUDGE,
                               sm_now() + ACK_TIMEOUT);
    if (error) {
        *stream = NULL;
        return error;
    }
    error = send_batch(reporter, *stream);
    return error ? error : receive_ack(reporter, *stream);
}

int craft_reporter_run(void *arg)
{
    struct craft_reporter *reporter = arg;
    struct sm_stream *stream = NULL;
    int error = 0;
    while (error != -ECANCELED) {
        error = await_reports(reporter);
        if (!error)
            error = exchange(reporter, &stream);
        if (!error)
            continue;
        if (stream)
            sm_stream_abort(stream);
        stream = NULL;
        if (error != -ECANCELED)
            error = sm_sleep(RETRY);
    }
    return 0;
}
