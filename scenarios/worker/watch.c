/* SPDX-License-Identifier: MIT */
/*
 * Who brought an event about? While the step that causes it runs, the stack of every call that
 * schedules something is kept; when the event comes up, the one that scheduled it is the answer.
 */
#include "scenarios/worker/worker.h"
#include "sim/host.h"

#include <stdio.h>
#include <string.h>

#define SCHEDULED_MAX 256

struct scheduled {
    const void *object;
    struct job_result where; /* frames, machine, task and daemon of it */
};

static struct scheduled *seen;
static size_t seen_count;

void watch_scheduled(void *arg, const void *object)
{
    struct run *run = arg;

    if (!seen)
        seen = sim_host_alloc(SCHEDULED_MAX * sizeof *seen);
    if (seen_count == SCHEDULED_MAX || run->over)
        return;
    seen[seen_count].object = object;
    struct run there = *run;
    there.result = &seen[seen_count].where;
    finding_note_where(&there, NULL, sm__current);
    backtrace_take(there.result);
    seen_count++;
}

/* The latest entry for an object: a task may become ready more than once in a step. */
static const struct job_result *find(const void *object)
{
    for (size_t i = seen_count; i-- > 0;) {
        if (seen[i].object == object)
            return &seen[i].where;
    }
    return NULL;
}

static void copy_where(struct job_result *to, const struct job_result *from)
{
    to->frame_count = from->frame_count;
    to->frames_skipped = from->frames_skipped;
    memcpy(to->frames, from->frames, sizeof to->frames);
    memcpy(to->machine, from->machine, sizeof to->machine);
    memcpy(to->task, from->task, sizeof to->task);
    memcpy(to->daemon, from->daemon, sizeof to->daemon);
    to->module_count = from->module_count;
    memcpy(to->modules, from->modules, sizeof to->modules);
}

void watch_reached(void *arg, const void *object)
{
    struct run *run = arg;
    const struct job_result *where = object ? find(object) : NULL;

    if (run->over)
        return;
    run->over = true;
    run->result->verdict = JOB_PASSED;
    snprintf(run->result->note, sizeof run->result->note, "stopped at event %llu: not judged\n",
             (unsigned long long)run->command->watch_event);
    finding_note_where(run, NULL, sm__current);
    if (!object) /* recorded at once: this is the call */
        backtrace_take(run->result);
    else if (where)
        copy_where(run->result, where);
    finding_end_child(run);
}
