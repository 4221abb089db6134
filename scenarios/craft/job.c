/* SPDX-License-Identifier: MIT */
#include "job.h"

#include "memory.h"
#include "snapshot.h"

#include <steelmill/errors.h>
#include <steelmill/property.h>
#include <steelmill/task.h>

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

/* What a stop has interrupted is not done; the close completes it. */
static void put_back(struct craft_io *io, struct craft_job *jobs)
{
    struct craft_job *last = jobs;
    while (last->next)
        last = last->next;
    last->next = io->first;
    if (!io->first)
        io->last = &last->next;
    io->first = jobs;
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

/*
 * The newest first: libraft cuts its log at each append that fails, and does not expect that an
 * older one has cut it already.
 */
void craft_job_cancel_all(struct craft_io *io)
{
    struct craft_job *job = take_all(io), *newest = NULL;
    while (job) {
        struct craft_job *next = job->next;
        job->next = newest;
        newest = job;
        job = next;
    }
    for (; newest; newest = job) {
        job = newest->next;
        newest->status = RAFT_CANCELED;
        complete(io, newest);
    }
}

/* ---- work: in the disk task ---- */

static int append(struct craft_io *io, struct craft_job *job)
{
    if (io->append_error_ppm > 0 && sm_random_chance(&io->random, io->append_error_ppm)) {
        sm_reachable("an append failed on purpose");
        io->storage->failed = true;
    }
    craft_memory_check(job->append.entries, job->append.n);
    return craft_storage_append(io->storage, job->index, job->append.entries, job->append.n);
}

/* Runs appends that follow each other, and syncs them at once. Returns the first job after them. */
static struct craft_job *run_appends(struct craft_io *io, struct craft_job *jobs)
{
    struct craft_job *end = jobs;
    for (; end && end->kind == CRAFT_JOB_APPEND; end = end->next)
        end->status = append(io, end);
    int error = craft_storage_sync(io->storage);
    for (struct craft_job *job = jobs; job != end; job = job->next)
        if (!job->status)
            job->status = error;
    return end;
}

static struct craft_job *run_other(struct craft_io *io, struct craft_job *job)
{
    switch (job->kind) {
    case CRAFT_JOB_TRUNCATE:
        sm_reachable("a log was truncated");
        job->status = craft_storage_truncate(io->storage, job->index);
        break;
    case CRAFT_JOB_PUT:
        job->status = craft_storage_put_snapshot(io->storage, job->put.snapshot, job->put.trailing);
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
    return job->next;
}

/* Runs the first of some jobs, and completes it. Returns the rest; NULL also after a cancellation.
 */
static struct craft_job *run_first(struct craft_io *io, struct craft_job *jobs)
{
    struct craft_job *end =
        jobs->kind == CRAFT_JOB_APPEND ? run_appends(io, jobs) : run_other(io, jobs);
    if (sm_task_cancelled()) {
        put_back(io, jobs);
        return NULL;
    }
    while (jobs != end) {
        struct craft_job *next = jobs->next;
        complete(io, jobs);
        jobs = next;
    }
    craft_loop_wake(io->loop);
    return end;
}

int craft_job_run_all(void *arg)
{
    struct craft_io *io = arg;
    while (sm_event_wait(&io->jobs_ready, SM_FOREVER) == 0) {
        struct craft_job *jobs = take_all(io);
        while (jobs)
            jobs = run_first(io, jobs);
    }
    return 0;
}
