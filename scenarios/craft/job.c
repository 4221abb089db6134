/* SPDX-License-Identifier: MIT */
#include "job.h"

#include "snapshot.h"

#include <steelmill/errors.h>
#include <steelmill/property.h>

#include <stdlib.h>

struct craft_job *craft_job_new(enum craft_job_kind kind)
{
    struct craft_job *job = calloc(1, sizeof(*job));
    if (job)
        job->kind = kind;
    return job;
}

void craft_job_submit(struct craft_io *io, struct craft_job *job)
{
    *io->last = job;
    io->last = &job->next;
    sm_event_set(&io->jobs_ready);
}

static struct craft_job *take_all(struct craft_io *io)
{
    struct craft_job *jobs = io->first;
    io->first = NULL;
    io->last = &io->first;
    sm_event_clear(&io->jobs_ready);
    return jobs;
}

/* ---- completion: in the driver ---- */

static void fire_job(struct craft_done *done)
{
    struct craft_job *job = (struct craft_job *)done;
    switch (job->kind) {
    case CRAFT_JOB_APPEND:
        job->append.cb(job->append.req, job->status);
        break;
    case CRAFT_JOB_PUT:
        job->put.cb(job->put.req, job->status);
        break;
    case CRAFT_JOB_GET:
        job->get.cb(job->get.req, job->get.snapshot, job->status);
        break;
    case CRAFT_JOB_WORK:
        job->work.cb(job->work.req, job->status);
        break;
    case CRAFT_JOB_TRUNCATE: /* nobody waits for it */
        break;
    }
    free(job);
}

static void complete(struct craft_io *io, struct craft_job *job)
{
    job->done.fire = fire_job;
    craft_loop_done(io->loop, &job->done);
}

void craft_job_cancel_all(struct craft_io *io)
{
    struct craft_job *job = take_all(io);
    while (job) {
        struct craft_job *next = job->next;
        job->status = RAFT_CANCELED;
        complete(io, job);
        job = next;
    }
}

/* ---- work: in the disk task ---- */

static int append(struct craft_io *io, struct craft_job *job)
{
    if (io->append_error_ppm > 0 && sm_random_chance(&io->random, io->append_error_ppm)) {
        sm_reachable("an append failed on purpose");
        io->storage->failed = true;
    }
    return craft_storage_append(io->storage, job->index, job->append.entries, job->append.n);
}

/* Runs appends that follow each other, and syncs them at once. Returns the first job after them. */
static struct craft_job *run_appends(struct craft_io *io, struct craft_job *jobs)
{
    struct craft_job *job, *next, *end = jobs;
    for (; end && end->kind == CRAFT_JOB_APPEND; end = end->next)
        end->status = append(io, end);
    int error = craft_storage_sync(io->storage);
    for (job = jobs; job != end; job = next) {
        next = job->next;
        if (!job->status)
            job->status = error;
        complete(io, job);
    }
    craft_loop_wake(io->loop);
    return end;
}

static void run_other(struct craft_io *io, struct craft_job *job)
{
    switch (job->kind) {
    case CRAFT_JOB_TRUNCATE:
        sm_reachable("a log was truncated");
        job->status = craft_storage_truncate(io->storage, job->index);
        break;
    case CRAFT_JOB_PUT:
        job->status =
            craft_storage_put_snapshot(io->storage, job->put.snapshot, job->put.trailing);
        break;
    case CRAFT_JOB_GET:
        job->status = craft_snapshot_read(io->storage->disk, &job->get.snapshot);
        if (!job->status && !job->get.snapshot)
            job->status = RAFT_NOTFOUND;
        break;
    case CRAFT_JOB_WORK:
        job->status = job->work.req->work(job->work.req);
        break;
    case CRAFT_JOB_APPEND: /* see run_appends */
        break;
    }
    complete(io, job);
    craft_loop_wake(io->loop);
}

int craft_job_run_all(void *arg)
{
    struct craft_io *io = arg;
    while (sm_event_wait(&io->jobs_ready, SM_FOREVER) == 0) {
        struct craft_job *job = take_all(io);
        while (job) {
            struct craft_job *next = job->next;
            if (job->kind == CRAFT_JOB_APPEND)
                next = run_appends(io, job);
            else
                run_other(io, job);
            job = next;
        }
    }
    return 0;
}
