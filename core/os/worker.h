/* SPDX-License-Identifier: MIT */
/*
 * A worker: a thread with a libuv loop, and the tasks that live on it. Production's `home`.
 *
 *   round:  run the tasks that are ready --> set the timer --> one pass of the loop (its callbacks
 *           and due timers make tasks ready) --> again
 *
 *   1. A task stays on its worker; everything of a worker but os_worker_post is used by its own
 *      thread only.
 *   2. Callbacks of the loop run no user code, and do not look at factories: they only make tasks
 *      ready. Posts run between tasks.
 *   3. The loop may wait for events only when no task is ready.
 *
 * The files of this folder: worker.c (the rounds, the scheduling half of the seam), timers.c,
 * team.c (several workers of a machine), call.c (sm_call between workers), graph.c (who reads the
 * graph of factories, and when its memory goes), clock.c, process.c (what belongs to the process:
 * log, bugs), property.c, history.c, socket.c with address.c, datagram.c, listener.c, stream.c and
 * stream_open.c (the network), disk.c, disk_job.c; libc/park.h (pthread's locks
 * between tasks).
 */
#ifndef STEELMILL_CORE_OS_WORKER_H
#define STEELMILL_CORE_OS_WORKER_H

#include "core/os/timers.h"
#include "core/seam.h"
#include "core/task.h"

#include <steelmill/random.h>

#include <pthread.h>
#include <uv.h>

/* Ready tasks, first in, first out. */
struct os_ready {
    struct sm_task **tasks; /* a ring */
    uint32_t first, count, capacity;
};

struct os_once;
struct os_post;
struct os_team;

struct os_worker {
    struct sm__home home; /* first: a home is its worker */
    uv_loop_t loop;
    struct sm__fiber scheduler;
    struct sm__owner boot; /* owner of the tasks that os_worker_spawn makes */
    struct os_ready ready;
    uint32_t task_count; /* spawned so far: the tasks' numbers */
    uint32_t switches;   /* into tasks; atomic, as is the next: others look whether it goes on */
    struct sm_task *running;
    uint32_t streak; /* calls in a row that were done without waiting */
    uint32_t jobs;   /* that the thread pool, or another worker, has not finished */
    bool quit;
    struct os_once *onces; /* what its tasks are doing by pthread_once */

    struct os_timers timers;
    int timer_fd;
    sm_time timer_armed; /* when timer_fd comes up; SM_FOREVER: never */
    uv_poll_t timer_poll;

    pthread_mutex_t posts_lock;
    struct os_post *posts, **posts_end;
    uv_async_t posts_async;
    bool posts_arrived;

    struct sm_random random; /* stream "daemon" */

    struct os_team *team; /* of its machine; NULL: it is alone */
    uint32_t number;      /* in the team */
    pthread_t thread;     /* the team's, where the team has made it */
};

struct os_worker_options {
    const char *name;        /* the machine's; copied by pointer: must outlive the worker */
    uint32_t machine_index;  /* from 1 */
    size_t stack_bytes;      /* 0: 256 KiB; a power of two */
    uint32_t task_count_max; /* 0: 65,536; address space is reserved for all of them */
};

/* Returns 0, -ENOMEM, -EMFILE, or what libuv says. */
int os_worker_create(struct os_worker **out, const struct os_worker_options *options);
/* Once it has run, or if it never does. What its tasks used (networks, disks) goes before. NULL
 * allowed. */
void os_worker_destroy(struct os_worker *worker);

/* Makes a task ready to run: before os_worker_run, or on the worker's thread. Returns 0, -ENOMEM.
 */
int os_worker_spawn(struct os_worker *worker, const char *name, sm_task_fn fn, void *arg);
/*
 * Makes the calling thread the worker's until os_worker_quit. Tasks that are left then are dropped,
 * wherever they wait, but not before the thread pool is done with what they asked for, and other
 * workers, which must still run, with their calls.
 * Returns: how many were left.
 */
size_t os_worker_run(struct os_worker *worker);
/*
 * Who keeps a worker's thread to itself, if nothing has happened there since `switches` was seen.
 * Puts "daemon 'd' of factory 'f' (task 't')" into the text. From any thread. Returns false: no
 * one.
 */
uint32_t os_worker_switches(const struct os_worker *worker);
bool os_worker_kept_by(const struct os_worker *worker, uint32_t switches, char *text, size_t size);
/* The round that runs is the last one. On the worker's thread. */
void os_worker_quit(struct os_worker *worker);
/* Calls fn(arg) on the worker's thread, between tasks. From any thread. Returns 0, -ENOMEM. */
int os_worker_post(struct os_worker *worker, void (*fn)(void *arg), void *arg);

static inline struct os_worker *os_worker_of(struct sm__home *home)
{
    return (struct os_worker *)(void *)home;
}

/*
 * At the end of a call that could have blocked but did not: now and then the caller gives way, so
 * that a busy peer cannot keep a worker's other tasks from running.
 */
void os_worker_done_at_once(struct os_worker *worker);

#endif
