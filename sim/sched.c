/* SPDX-License-Identifier: MIT */
/*
 * The step loop, and the scheduling half of the seam.
 *
 *   open instant:  queue --(all of the earliest time)--> ready set;  now moves
 *   step:          pick one; write its record; run it (an event's callback; a task until it parks;
 * a timer and then its task)
 *
 * A timer lives in the task: one queue entry per task at most. Setting a later deadline only writes
 * the task's `timer_at`; when the entry comes up too early it is pushed again (re-arming on every
 * message would else leave a tombstone each time, at 5 to 10 times the cost).
 *
 * A task's deadline is on its machine's clock. `timer_at` and the queue are the world's time: the
 * first at which the machine's clock shows the deadline. Where that clock changes its rate, all
 * timers of the machine are set anew (clock.c).
 */
#include "core/fetch.h"
#include "core/task.h"
#include "sim/world.h"

#include <errno.h>
#include <string.h>

static struct sim_world *running; /* of sim_world_run; one world per process */

struct sim_world *sim_world_current(void)
{
    return running;
}

static inline struct sim_machine *machine_of_home(struct sm__home *home)
{
    return (struct sim_machine *)(void *)home;
}

struct sim_machine *sim_machine_of(const struct sm_task *task)
{
    return task->home->is_root ? NULL : machine_of_home(task->home);
}

static inline struct sim_world *world_of(const struct sm__home *home)
{
    return home->is_root ? (struct sim_world *)(uintptr_t)home
                         : ((const struct sim_machine *)(const void *)home)->world;
}

/* ---- the seam: scheduling ---- */

static void make_ready(struct sm_task *task)
{
    struct sim_world *world = world_of(task->home);

    task->cause = world->step;
    sim_watch(world, task);
    if (SM_UNLIKELY(task->home->is_held) && sim_machine_holds(sim_machine_of(task), task))
        return;
    if (world->timer_runs)
        world->timer_task = task;
    else
        sim_ready_push_task(&world->ready, task);
}

void sm__sched_started(struct sm_task *task)
{
    struct sim_world *world = world_of(task->home);

    task->id = ++world->task_count;
    if (++world->tasks_alive > world->tasks_peak)
        world->tasks_peak = world->tasks_alive;
    make_ready(task);
}

void sm__sched_wake(struct sm_task *task)
{
    make_ready(task);
}

/* A task has an errno of its own, as a thread has. */
void sm__sched_park(struct sm_task *task)
{
    const int saved = errno;

    sm__fiber_switch(&task->fiber, &world_of(task->home)->scheduler, false);
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
    sm__fiber_switch(&task->fiber, &world_of(task->home)->scheduler, true);
    __builtin_unreachable();
}

/* ---- timers ---- */

static void timer_fire(struct sim_world *world, struct sim_event *event);

static void timer_push(struct sim_world *world, struct sm_task *task, sm_time at)
{
    struct sim_event *event = sim_event_at(world, at, SIM_TIMER, task->home->index, timer_fire);

    event->object = task;
    event->number = task->id;
    task->timer_event = event->slot + 1;
}

static struct sim_event *timer_event(struct sim_world *world, const struct sm_task *task)
{
    return task->timer_event ? sim_events_at(&world->events, task->timer_event - 1) : NULL;
}

/* When a home's clock shows `deadline`, in the world's time. */
static inline sm_time world_time(struct sm__home *home, sm_time deadline)
{
    if (SM_LIKELY(!home->is_bent))
        return deadline;
    return sim_clock_world(&machine_of_home(home)->clock, deadline);
}

void sm__sched_timer_set(struct sm_task *task, sm_time deadline)
{
    struct sim_world *world = world_of(task->home);
    struct sim_event *pending = timer_event(world, task);
    const sm_time at = world_time(task->home, deadline);

    if (SM_UNLIKELY(task->home->is_bent))
        task->deadline = deadline;
    task->timer_at = at;
    if (pending) {
        if (pending->at_ns <= at) {
            pending->cause = world->step;
            sim_watch(world, pending);
            return;
        }
        pending->object = NULL; /* too late for this deadline: drop it when it comes up */
    }
    timer_push(world, task, at);
}

void sm__sched_timer_clear(struct sm_task *task)
{
    task->timer_at = SM_FOREVER;
    if (task->state == SM__TASK_ENDED) {
        struct sim_event *pending = timer_event(world_of(task->home), task);
        if (pending)
            pending->object = NULL;
        task->timer_event = 0;
    }
}

/*
 * A timer's queue entry has come up. True: it is due. False: it was stale and is gone, or is back
 * in the queue for its real time.
 */
static bool timer_is_due(struct sim_world *world, struct sim_event *event)
{
    struct sm_task *task = event->object;

    if (task && task->timer_at <= world->now)
        return true;
    if (task && task->timer_at != SM_FOREVER) {
        event->at_ns = task->timer_at;
        sim_queue_push(&world->queue, event->at_ns, event->slot);
        return false;
    }
    if (task)
        task->timer_event = 0;
    sim_events_give(&world->events, event);
    return false;
}

static void timer_fire(struct sim_world *world, struct sim_event *event)
{
    struct sm_task *task = event->object;

    (void)world;
    task->timer_event = 0;
    sm__task_timer_fired(task);
}

/* ---- steps ---- */

/*
 * On the way to a task and back: part of the loop, for the sake of the processor's prediction of
 * returns (see sm__fiber_switch).
 */
#define ON_THE_WAY static inline __attribute__((always_inline))

static inline struct sim_record *begin_record(struct sim_world *world, const void *object)
{
    sim_watch_record(world, object);
    struct sim_record *record = sim_digest_next(&world->digest);

    world->step = ++world->seq;
    record->time_ns = world->now;
    record->seq = world->seq;
    return record;
}

/*
 * With many machines, memory is what a step waits for. So while one instant's steps run, the lines
 * that the next ones will touch are fetched, one link of a chain at a time, so that no fetch waits
 * for another: the event; its object, its machine, and the task and the network's part of it; the
 * stack. The top of a task's stack is always mapped, also when the task is gone.
 */
#define FETCH_PENDING_MIN 128u /* with fewer, what they touch stays in the cache */

static inline const struct sim_event *event_ahead(const struct sim_world *world, size_t ahead)
{
    const uint32_t slot = sim_queue_look(&world->queue, ahead);
    return slot < SIM_QUEUE_SLOTS_MAX ? sim_events_at(&world->events, slot) : NULL;
}

/* The task that probably runs next. */
static inline const struct sm_task *task_ahead(const struct sim_world *world,
                                               const struct sim_event *event)
{
    if (event->kind == SIM_TIMER)
        return event->object;
    return event->machine ? world->latest[event->machine - 1].task : NULL;
}

static inline SM_FETCHES void fetch_objects(const struct sim_world *world,
                                            const struct sim_event *event)
{
    const struct sm_task *task = task_ahead(world, event);

    __builtin_prefetch(event->object);
    __builtin_prefetch((const char *)event->object + 64);
    __builtin_prefetch(task);
    if (event->machine) {
        __builtin_prefetch(&world->machine_slab[event->machine - 1]);
        __builtin_prefetch(world->latest[event->machine - 1].net);
    }
}

static inline SM_FETCHES void fetch_stack(const struct sim_world *world,
                                          const struct sim_event *event)
{
    const struct sm_task *task = task_ahead(world, event);

    if (!task)
        return;
    /* No loop: its end would be compared, and of a task that is gone this is no stack. */
    const char *stack = task->fiber.sp;
    __builtin_prefetch(stack);
    __builtin_prefetch(stack + 64);
    __builtin_prefetch(stack + 128);
    __builtin_prefetch(stack + 192);
    __builtin_prefetch(stack + 256);
    __builtin_prefetch(stack + 320);
    if (event->kind != SIM_TIMER) {
        const void *const *net = world->latest[event->machine - 1].net;
        if (net) {
            __builtin_prefetch(*net);
            __builtin_prefetch((const char *)*net + 64);
        }
    }
}

static inline SM_FETCHES void fetch_ahead(const struct sim_world *world)
{
    const struct sim_event *event;

    if ((event = event_ahead(world, 0)))
        fetch_stack(world, event);
    if ((event = event_ahead(world, 2)))
        fetch_objects(world, event);
    if ((event = event_ahead(world, 3)))
        __builtin_prefetch(event);
}

static void prepare_entry(const struct sim_world *world, const struct sm_task *task,
                          struct sim_machine *machine)
{
    if (world->options.stack_fill)
        sm__stack_refill(world->stacks, task->stack_index, task->fiber.sp);
    if (world->follow)
        world->follow(machine);
}

ON_THE_WAY void enter_task(struct sim_world *world, struct sm_task *task)
{
    struct sim_machine *machine = sim_machine_of(task);

    if (SM_UNLIKELY(!task->fiber.sp))
        sm__task_go_on(task);
    if (SM_UNLIKELY(world->enters_slowly))
        prepare_entry(world, task, machine);
    task->state = SM__TASK_RUNNING;
    sm__current = task;
    sim_context_enter(machine ? &machine->heap : NULL);
    if (machine)
        world->latest[machine->index - 1] = (struct sim_latest){task, machine->net};
    sm__fiber_switch(&world->scheduler, &task->fiber, false);
    sim_context_enter(NULL);
    sm__current = NULL;
    if (task->state >= SM__TASK_ENDED) {
        world->tasks_alive -= task->state == SM__TASK_ENDED;
        sm__task_release(task);
    }
    if (machine && SM_UNLIKELY(machine->home.is_held))
        sim_cpu_charge(machine);
}

/* True if its machine has become busy since the task got ready: it is held. */
static bool is_busy(struct sm_task *task)
{
    struct sim_machine *machine = sim_machine_of(task);

    return sim_cpu_is_busy(machine) && sim_machine_holds(machine, task);
}

ON_THE_WAY void run_task(struct sim_world *world, struct sm_task *task)
{
    if (SM_UNLIKELY(task->home->is_held) && is_busy(task))
        return;
    struct sim_record *record = begin_record(world, task);

    record->cause = task->cause;
    record->object = 0;
    record->hash = 0;
    record->machine = task->home->index;
    record->task = task->id;
    record->kind = SIM_TASK_RUN;
    record->flags = 0;
    record->peer = 0;
    record->size = 0;
    sim_digest_commit(&world->digest);
    enter_task(world, task);
}

static void run_event(struct sim_world *world, struct sim_event *event)
{
    struct sim_record *record = begin_record(world, event);

    record->cause = event->cause;
    record->object = event->number;
    record->hash = event->hash;
    record->machine = event->machine;
    record->task = event->kind == SIM_TIMER ? (uint32_t)event->number : 0;
    record->kind = event->kind;
    record->flags = 0;
    record->peer = event->peer;
    record->size = event->size;
    sim_digest_commit(&world->digest);
    event->fire(world, event);
    sim_events_give(&world->events, event);
}

/* A timer and the task that it wakes are one step; a paused machine's task is only held. */
ON_THE_WAY void run_timer(struct sim_world *world, struct sim_event *event)
{
    world->timer_runs = true;
    world->timer_task = NULL;
    run_event(world, event);
    world->timer_runs = false;
    if (world->timer_task)
        enter_task(world, world->timer_task);
}

/* A machine's processor is free for the task that has waited for it longest. */
static void run_held(struct sim_world *world, struct sim_event *event)
{
    struct sm_task *task = sim_cpu_take(world, event);

    if (task)
        run_task(world, task);
}

/* One pick. What turns out to be stale costs no step. */
ON_THE_WAY void step(struct sim_world *world)
{
    const struct sim_ready_entry entry = sim_ready_pick(&world->ready);

    if (entry.task) {
        run_task(world, entry.task);
    } else if (!entry.event->fire) {
        sim_events_give(&world->events, entry.event);
    } else if (SM_LIKELY(entry.event->kind > SIM_TIMER)) {
        run_event(world, entry.event);
    } else if (entry.event->kind == SIM_TASK_RUN) {
        run_held(world, entry.event);
    } else if (timer_is_due(world, entry.event)) {
        run_timer(world, entry.event);
    }
}

/* True if an event that is taken out of the queue is to happen; else it was stale. */
static bool still_wanted(struct sim_world *world, struct sim_event *event)
{
    if (!event->fire) {
        sim_events_give(&world->events, event);
        return false;
    }
    if (event->kind != SIM_TIMER)
        return true;
    const struct sm_task *task = event->object;
    if (SM_LIKELY(task && task->timer_at <= event->at_ns))
        return true;
    return timer_is_due(world, event);
}

/* Moves everything of the earliest time (and within the policy's slack) into the ready set. */
static void open_instant(struct sim_world *world)
{
    bool opened = false;
    int64_t last = 0;

    while (world->queue.count > 0) {
        const int64_t at = sim_queue_time(&world->queue);
        if (opened && at > last)
            break;
        struct sim_event *event = sim_events_at(&world->events, sim_queue_pop(&world->queue));
        if (!still_wanted(world, event))
            continue;
        if (!opened) {
            opened = true;
            last = at + world->options.slack_ns;
            world->instant_start = world->seq;
        }
        world->now = at;
        sim_ready_push_event(&world->ready, event);
    }
    /* A task that is gone may have been where now a frame is: AddressSanitizer minds. */
    if (!SM__ASAN && world->queue.count >= FETCH_PENDING_MIN)
        fetch_ahead(world);
}

/* The earliest time in the queue that is not a stale entry's; INT64_MAX when nothing is left. */
static int64_t next_time(struct sim_world *world)
{
    while (world->queue.count > 0) {
        const int64_t at = sim_queue_time(&world->queue);
        struct sim_event *event = sim_events_at(&world->events, sim_queue_slot(&world->queue));
        const struct sm_task *task = event->kind == SIM_TIMER ? event->object : NULL;
        const bool stale =
            !event->fire || (event->kind == SIM_TIMER && (!task || task->timer_at > at));
        if (!stale)
            return at;
        (void)sim_queue_pop(&world->queue);
        (void)still_wanted(world, event);
    }
    return INT64_MAX;
}

static void fail_stuck(struct sim_world *world)
{
    struct sim_record latest;
    const bool known = sim_digest_latest(&world->digest, &latest, 1) == 1 && latest.machine > 0;

    sim_failf(world, SIM_FAILURE_STUCK, known ? world->machines[latest.machine - 1] : NULL,
              "instant", "more than %llu events at one instant of virtual time: nothing moves on",
              (unsigned long long)world->options.instant_events_max);
}

enum sim_outcome sim_world_run(struct sim_world *world, sm_time until)
{
    enum sim_outcome outcome = SIM_FAILED;

    running = world;
    while (!world->failed) {
        if (world->ready.count > 0) {
            step(world);
            if (SM_UNLIKELY(world->seq - world->instant_start > world->options.instant_events_max))
                fail_stuck(world);
            continue;
        }
        const int64_t at = next_time(world);
        if (at == INT64_MAX || at > until) {
            outcome = at == INT64_MAX ? SIM_IDLE : SIM_TIME_UP;
            if (outcome == SIM_TIME_UP && until > world->now)
                world->now = until;
            break;
        }
        open_instant(world);
    }
    running = NULL;
    return outcome;
}

void sim_note(struct sim_world *world, const struct sim_record *partial)
{
    struct sim_record *record = sim_digest_next(&world->digest);

    sim_watch_record(world, NULL);
    *record = *partial;
    record->time_ns = world->now;
    record->seq = ++world->seq;
    record->cause = world->step;
    sim_digest_commit(&world->digest);
}
