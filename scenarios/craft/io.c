/* SPDX-License-Identifier: MIT */
#include "io.h"

#include "codec.h"
#include "job.h"

#include <steelmill/errors.h>
#include <steelmill/property.h>
#include <steelmill/task.h>

#include <assert.h>
#include <stdlib.h>

static struct craft_io *self_of(struct raft_io *raft_io)
{
    return (struct craft_io *)raft_io;
}

/* ---- life ---- */

static int io_init(struct raft_io *raft_io, raft_id id, const char *address)
{
    (void)raft_io;
    (void)id;
    (void)address;
    return 0;
}

static int io_start(struct raft_io *raft_io, unsigned msecs, raft_io_tick_cb tick,
                    raft_io_recv_cb recv)
{
    struct craft_io *io = self_of(raft_io);
    io->tick = tick;
    io->receive = recv;
    io->tick_interval = msecs * SM_MS;
    return 0;
}

static void io_close(struct raft_io *raft_io, raft_io_close_cb cb)
{
    self_of(raft_io)->close_cb = cb;
}

/* ---- what was stored ---- */

static int io_load(struct raft_io *raft_io, raft_term *term, raft_id *voted_for,
                   struct raft_snapshot **snapshot, raft_index *start_index,
                   struct raft_entry *entries[], size_t *n_entries)
{
    struct craft_io *io = self_of(raft_io);
    *term = io->storage->meta.term;
    *voted_for = io->storage->meta.vote;
    int error = craft_storage_load(io->storage, snapshot, start_index, entries, n_entries);
    io->next_index = craft_log_next(&io->storage->log);
    return error;
}

static int io_bootstrap(struct raft_io *raft_io, const struct raft_configuration *configuration)
{
    return craft_storage_bootstrap(self_of(raft_io)->storage, configuration);
}

static int io_recover(struct raft_io *raft_io, const struct raft_configuration *configuration)
{
    struct craft_storage *storage = self_of(raft_io)->storage;
    struct raft_entry entry = {.term = storage->meta.term, .type = RAFT_CHANGE};
    int error = raft_configuration_encode(configuration, &entry.buf);
    if (error)
        return error;
    error = craft_storage_append(storage, craft_log_next(&storage->log), &entry, 1);
    raft_free(entry.buf.base);
    return error ? error : craft_storage_sync(storage);
}

static int io_set_term(struct raft_io *raft_io, raft_term term)
{
    struct craft_io *io = self_of(raft_io);
    assert(io->loop->inside); /* parks: nobody else may call libraft meanwhile */
    return craft_storage_set_term(io->storage, term);
}

static int io_set_vote(struct raft_io *raft_io, raft_id server_id)
{
    struct craft_io *io = self_of(raft_io);
    assert(io->loop->inside);
    return craft_storage_set_vote(io->storage, server_id);
}

/* ---- jobs ---- */

static int io_append(struct raft_io *raft_io, struct raft_io_append *req,
                     const struct raft_entry entries[], unsigned n, raft_io_append_cb cb)
{
    struct craft_io *io = self_of(raft_io);
    struct craft_job *job = craft_job_new(CRAFT_JOB_APPEND);
    if (!job)
        return RAFT_NOMEM;
    req->cb = cb;
    job->append.req = req;
    job->append.cb = cb;
    job->append.entries = entries;
    job->append.n = n;
    job->index = io->next_index;
    io->next_index += n;
    craft_job_submit(io, job);
    return 0;
}

static int io_truncate(struct raft_io *raft_io, raft_index index)
{
    struct craft_io *io = self_of(raft_io);
    struct craft_job *job = craft_job_new(CRAFT_JOB_TRUNCATE);
    if (!job)
        return RAFT_NOMEM;
    job->index = index;
    io->next_index = index;
    craft_job_submit(io, job);
    return 0;
}

static int io_snapshot_put(struct raft_io *raft_io, unsigned trailing,
                           struct raft_io_snapshot_put *req, const struct raft_snapshot *snapshot,
                           raft_io_snapshot_put_cb cb)
{
    struct craft_io *io = self_of(raft_io);
    struct craft_job *job = craft_job_new(CRAFT_JOB_PUT);
    if (!job)
        return RAFT_NOMEM;
    req->cb = cb;
    job->put.req = req;
    job->put.cb = cb;
    job->put.snapshot = snapshot;
    job->put.trailing = trailing;
    if (trailing == 0)
        io->next_index = snapshot->index + 1;
    craft_job_submit(io, job);
    return 0;
}

static int io_snapshot_get(struct raft_io *raft_io, struct raft_io_snapshot_get *req,
                           raft_io_snapshot_get_cb cb)
{
    struct craft_job *job = craft_job_new(CRAFT_JOB_GET);
    if (!job)
        return RAFT_NOMEM;
    req->cb = cb;
    job->get.req = req;
    job->get.cb = cb;
    craft_job_submit(self_of(raft_io), job);
    return 0;
}

static int io_async_work(struct raft_io *raft_io, struct raft_io_async_work *req,
                         raft_io_async_work_cb cb)
{
    struct craft_job *job = craft_job_new(CRAFT_JOB_WORK);
    if (!job)
        return RAFT_NOMEM;
    req->cb = cb;
    job->work.req = req;
    job->work.cb = cb;
    craft_job_submit(self_of(raft_io), job);
    return 0;
}

/* ---- messages, time, randomness ---- */

static int io_send(struct raft_io *raft_io, struct raft_io_send *req,
                   const struct raft_message *message, raft_io_send_cb cb)
{
    req->cb = cb;
    return craft_transport_send(self_of(raft_io)->transport, message, req, cb);
}

static raft_time io_time(struct raft_io *raft_io)
{
    (void)raft_io;
    return (raft_time)(sm_now() / SM_MS);
}

static int io_random(struct raft_io *raft_io, int min, int max)
{
    return (int)sm_random_range(&self_of(raft_io)->random, min, max);
}

/* ---- for the node ---- */

void craft_io_init(struct craft_io *io, struct craft_loop *loop, struct craft_storage *storage,
                   struct craft_transport *transport)
{
    *io = (struct craft_io){
        .raft_io = {.version = 2,
                    .init = io_init,
                    .close = io_close,
                    .load = io_load,
                    .start = io_start,
                    .bootstrap = io_bootstrap,
                    .recover = io_recover,
                    .set_term = io_set_term,
                    .set_vote = io_set_vote,
                    .send = io_send,
                    .append = io_append,
                    .truncate = io_truncate,
                    .snapshot_put = io_snapshot_put,
                    .snapshot_get = io_snapshot_get,
                    .time = io_time,
                    .random = io_random,
                    .async_work = io_async_work},
        .loop = loop,
        .storage = storage,
        .transport = transport,
    };
    io->last = &io->first;
    sm_event_init(&io->jobs_ready);
    sm_random_init(&io->random, "raft");
}

int craft_io_start(struct craft_io *io)
{
    return sm_task_spawn(NULL, "disk", craft_job_run_all, io);
}

void craft_io_receive(struct craft_io *io, raft_id from, uint8_t *bytes, size_t size)
{
    struct raft_message message;
    struct craft_peer *peer = craft_transport_peer(io->transport, from);
    int error = craft_message_decode(bytes, size, &message);
    free(bytes);
    if (error) {
        sm_always(error != RAFT_MALFORMED, "messages can be decoded", sm_u64("from", from));
        return;
    }
    message.server_id = from;
    message.server_address = peer->address;
    craft_loop_enter(io->loop);
    io->receive(&io->raft_io, &message);
    craft_loop_leave(io->loop);
}

void craft_io_finish(struct craft_io *io)
{
    do {
        craft_transport_cancel(io->transport);
        craft_job_cancel_all(io);
        craft_loop_fire(io->loop);
    } while (io->first);
    if (io->close_cb)
        io->close_cb(&io->raft_io);
    sm_event_finish(&io->jobs_ready);
}
