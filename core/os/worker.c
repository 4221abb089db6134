/* SPDX-License-Identifier: MIT */
#include "core/os/worker.h"

#include "core/factory.h"
#include "core/os/clock.h"
#include "core/os/graph.h"
#include "core/os/libc/park.h"
#include "core/os/metrics.h"
#include "core/random.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define STACK_BYTES_DEFAULT    ((size_t)256 * 1024)
#define TASK_COUNT_MAX_DEFAULT 65536u
#define READY_CAPACITY_FIRST   64u
#define STREAK_MAX             128u

/* ---- ready tasks ---- */

static void ready_grow(struct os_ready *ready)
{
    const uint32_t capacity = ready->capacity ? ready->capacity * 2 : READY_CAPACITY_FIRST;
    struct sm_task **tasks = malloc(capacity * sizeof(struct sm_task *));

    SM_ASSERT_MSG(tasks, "there is no memory for %u ready tasks", capacity);
    for (uint32_t i = 0; i < ready->count; i++)
        tasks[i] = ready->tasks[(ready->first + i) % ready->capacity];
    free(ready->tasks);
    *ready = (struct os_ready){.tasks = tasks, .count = ready->count, .capacity = capacity};
}

static void make_ready(struct sm_task *task)
{
    struct os_ready *ready = &os_worker_of(task->home)->ready;

    if (ready->count == ready->capacity)
        ready_grow(ready);
    ready->tasks[(ready->first + ready->count++) % ready->capacity] = task;
}

static struct sm_task *take_ready(struct os_ready *ready)
{
    struct sm_task *task = ready->tasks[ready->first];

    ready->first = (ready->first + 1) % ready->capacity;
    ready->count--;
    return task;
}

/* ---- the seam: scheduling ---- */

void sm__sched_started(struct sm_task *task)
{
    task->id = ++os_worker_of(task->home)->task_count;
    make_ready(task);
}

void sm__sched_wake(struct sm_task *task)
{
    make_ready(task);
}

/* A task has an errno of its own, as a thread has. */
void sm__sched_park(struct sm_task *task)
{
    struct os_worker *worker = os_worker_of(task->home);
    const int saved = errno;

    worker->streak = 0;
    sm__fiber_switch(&task->fiber, &worker->scheduler, false);
    errno = saved;
}

void sm__sched_yield(struct sm_task *task)
{
    task->state = SM__TASK_READY;
    make_ready(task);
    sm__sched_park(task);
}

_Noreturn void sm__sched_exit(struct sm_task *task)
{
    sm__fiber_switch(&task->fiber, &os_worker_of(task->home)->scheduler, true);
    __builtin_unreachable();
}

void sm__sched_timer_set(struct sm_task *task, sm_time deadline)
{
    task->timer_at = deadline;
    os_timers_set(&os_worker_of(task->home)->timers, task);
}

void sm__sched_timer_clear(struct sm_task *task)
{
    task->timer_at = SM_FOREVER;
    if (task->state == SM__TASK_ENDED)
        os_timers_forget(&os_worker_of(task->home)->timers, task);
}

void os_worker_done_at_once(struct os_worker *worker)
{
    if (++worker->streak >= STREAK_MAX)
        sm__sched_yield(sm__current);
}

/* ---- posts ---- */

struct os_post {
    struct os_post *next;
    void (*fn)(void *arg);
    void *arg;
};

int os_worker_post(struct os_worker *worker, void (*fn)(void *arg), void *arg)
{
    struct os_post *post = malloc(sizeof *post);

    if (!post)
        return -ENOMEM;
    *post = (struct os_post){.fn = fn, .arg = arg};
    pthread_mutex_lock(&worker->posts_lock);
    *worker->posts_end = post;
    worker->posts_end = &post->next;
    /* Inside the lock: whoever takes the post may destroy the worker next. */
    uv_async_send(&worker->posts_async);
    pthread_mutex_unlock(&worker->posts_lock);
    return 0;
}

static struct os_post *take_posts(struct os_worker *worker)
{
    pthread_mutex_lock(&worker->posts_lock);
    struct os_post *posts = worker->posts;
    worker->posts = NULL;
    worker->posts_end = &worker->posts;
    pthread_mutex_unlock(&worker->posts_lock);
    return posts;
}

static void posts_arrive(uv_async_t *async)
{
    struct os_worker *worker = async->data;

    worker->posts_arrived = true;
}

static void run_posts(struct os_worker *worker)
{
    worker->posts_arrived = false;
    struct os_post *post = take_posts(worker);

    while (post) {
        struct os_post *next = post->next;
        post->fn(post->arg);
        free(post);
        post = next;
    }
}

/* ---- rounds ---- */

static void enter_task(struct os_worker *worker, struct sm_task *task)
{
    task->state = SM__TASK_RUNNING;
    sm__current = task;
    __atomic_store_n(&worker->switches, worker->switches + 1, __ATOMIC_RELAXED);
    __atomic_store_n(&worker->running, task, __ATOMIC_RELAXED);
    sm__fiber_switch(&worker->scheduler, &task->fiber, false);
    __atomic_store_n(&worker->running, NULL, __ATOMIC_RELAXED);
    sm__current = NULL;
    if (task->state == SM__TASK_ENDED)
        sm__task_release(task);
}

/* Those that are ready now; what they make ready has to wait until the loop had its turn. */
static void run_ready(struct os_worker *worker)
{
    for (uint32_t left = worker->ready.count; left > 0; left--)
        enter_task(worker, take_ready(&worker->ready));
}

static void fire_timers(struct os_worker *worker)
{
    const sm_time now = sm__clock_monotonic(&worker->home);
    struct sm_task *task;

    while ((task = os_timers_pop(&worker->timers, now)))
        sm__task_timer_fired(task);
}

static void timer_comes_up(uv_poll_t *poll, int status, int events)
{
    struct os_worker *worker = poll->data;
    uint64_t times;

    (void)status, (void)events;
    if (read(worker->timer_fd, &times, sizeof times) != (ssize_t)sizeof times)
        return; /* it was set anew meanwhile */
    worker->timer_armed = SM_FOREVER;
    fire_timers(worker);
}

/* Moves the timer forward only: one that comes up too early costs less than one set each time. */
static void arm_timer(struct os_worker *worker)
{
    const sm_time next = os_timers_next(&worker->timers);

    if (next >= worker->timer_armed)
        return;
    const struct itimerspec when = {.it_value = os_clock_absolute(next)};
    SM_ASSERT(timerfd_settime(worker->timer_fd, TFD_TIMER_ABSTIME, &when, NULL) == 0);
    worker->timer_armed = next;
}

/* Nobody runs any more; a job's memory is a task's stack. */
static size_t drop_tasks(struct os_worker *worker)
{
    size_t count = 0;

    while (worker->jobs > 0) {
        uv_run(&worker->loop, UV_RUN_ONCE);
        run_posts(worker);
    }
    worker->ready.count = 0;
    while (!sm__list_empty(&worker->home.tasks)) {
        struct sm_task *task = sm__container(worker->home.tasks.next, struct sm_task, home_link);
        count += task->state != SM__TASK_ENDED;
        sm__task_drop(task);
    }
    os_parked_forget(worker);
    worker->onces = NULL;
    return count;
}

/* One pass of the loop, which waits where there is nothing else to do. */
static void pass(struct os_worker *worker)
{
    if (worker->ready.count > 0) {
        os_graph_quiet();
        uv_run(&worker->loop, UV_RUN_NOWAIT);
        return;
    }
    os_graph_offline();
    uv_run(&worker->loop, UV_RUN_ONCE);
    os_graph_online();
}

size_t os_worker_run(struct os_worker *worker)
{
    os_metrics_attach();
    sm__fiber_adopt_thread(&worker->scheduler);
    os_graph_join();
    while (!worker->quit) {
        run_ready(worker);
        if (worker->quit)
            break;
        arm_timer(worker);
        pass(worker);
        if (worker->posts_arrived)
            run_posts(worker);
    }
    os_graph_leave();
    const size_t left = drop_tasks(worker);
    os_metrics_detach();
    return left;
}

void os_worker_quit(struct os_worker *worker)
{
    worker->quit = true;
}

uint32_t os_worker_switches(const struct os_worker *worker)
{
    return __atomic_load_n(&worker->switches, __ATOMIC_RELAXED);
}

bool os_worker_kept_by(const struct os_worker *worker, uint32_t switches, char *text, size_t size)
{
    const struct sm_task *task = __atomic_load_n(&worker->running, __ATOMIC_RELAXED);

    if (!task || os_worker_switches(worker) != switches)
        return false;
    const struct sm__owner *owner = task->owner;
    if (owner && owner->factory && owner->daemon)
        snprintf(text, size, "daemon '%s' of %s '%s' (task '%s')", owner->daemon,
                 sm__factory_kind(owner->factory), sm_factory_name(owner->factory), task->name);
    else
        snprintf(text, size, "task '%s'", task->name);
    return true;
}

int os_worker_spawn(struct os_worker *worker, const char *name, sm_task_fn fn, void *arg)
{
    return sm__task_spawn(NULL, &worker->home, &worker->boot, name, fn, arg);
}

/* ---- birth and end ---- */

static void init_home(struct os_worker *worker, const struct os_worker_options *options)
{
    worker->home.name = options->name;
    worker->home.index = options->machine_index;
    sm__list_init(&worker->home.tasks);
    sm__owner_init(&worker->boot, NULL, NULL);
    worker->timer_armed = SM_FOREVER;
    worker->posts_end = &worker->posts;
    pthread_mutex_init(&worker->posts_lock, NULL);
    worker->random.name = sm__name_hash("daemon");
    sm__random_rekey(&worker->home, &worker->random);
}

static void on_walk(uv_handle_t *handle, void *arg)
{
    (void)arg;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

/* Closes what handles are left. */
static void close_loop(struct os_worker *worker)
{
    uv_walk(&worker->loop, on_walk, NULL);
    uv_run(&worker->loop, UV_RUN_DEFAULT);
    SM_ASSERT(uv_loop_close(&worker->loop) == 0);
}

static int open_loop(struct os_worker *worker)
{
    int error = uv_loop_init(&worker->loop);

    if (error)
        return error;
    error = uv_async_init(&worker->loop, &worker->posts_async, posts_arrive);
    worker->posts_async.data = worker;
    if (!error)
        error = uv_poll_init(&worker->loop, &worker->timer_poll, worker->timer_fd);
    worker->timer_poll.data = worker;
    if (!error)
        error = uv_poll_start(&worker->timer_poll, UV_READABLE, timer_comes_up);
    if (error)
        close_loop(worker);
    return error;
}

int os_worker_create(struct os_worker **out, const struct os_worker_options *options)
{
    struct os_worker *worker = calloc(1, sizeof *worker);
    const size_t stack_bytes = options->stack_bytes ? options->stack_bytes : STACK_BYTES_DEFAULT;
    const uint32_t task_count_max =
        options->task_count_max ? options->task_count_max : TASK_COUNT_MAX_DEFAULT;

    *out = NULL;
    if (!worker)
        return -ENOMEM;
    init_home(worker, options);
    int error = sm__stack_pool_create(&worker->home.stacks, NULL, stack_bytes, task_count_max);
    if (error)
        goto fail_worker;
    worker->timer_fd = timerfd_create(OS_CLOCK, TFD_CLOEXEC | TFD_NONBLOCK);
    if (worker->timer_fd < 0) {
        error = -errno;
        goto fail_stacks;
    }
    error = open_loop(worker);
    if (!error) {
        *out = worker;
        return 0;
    }
    close(worker->timer_fd);
fail_stacks:
    sm__stack_pool_destroy(worker->home.stacks);
fail_worker:
    pthread_mutex_destroy(&worker->posts_lock);
    free(worker);
    return error;
}

void os_worker_destroy(struct os_worker *worker)
{
    if (!worker)
        return;
    SM_ASSERT_MSG(!sm__current, "a worker is destroyed by a task");
    (void)drop_tasks(worker);
    close_loop(worker);
    for (struct os_post *post = take_posts(worker), *next; post; post = next) {
        next = post->next;
        free(post);
    }
    os_graph_settle();
    close(worker->timer_fd);
    os_timers_finish(&worker->timers);
    free(worker->ready.tasks);
    sm__stack_pool_destroy(worker->home.stacks);
    pthread_mutex_destroy(&worker->posts_lock);
    free(worker);
}
