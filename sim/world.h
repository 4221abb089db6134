/* SPDX-License-Identifier: MIT */
/*
 * The simulated world: one seeded scheduler, virtual time, machines.
 *
 * Start reading here, then sched.c (the step loop), machine.c (lives), record.h (what is hashed).
 * The network and the disk plug in through events (sim_event_at), hooks (struct sim_hooks) and
 * their own pointers in struct sim_machine; sim never includes them.
 *
 * Everything here runs on one thread. "Host code" is what runs between tasks (event callbacks,
 * hooks) or inside a contract call of a task; its memory comes from sim/host.h.
 *
 *   1. Time moves in one place only: when the ready set is empty and the next instant opens.
 *   2. Every step has a record; the digest covers exactly those.
 *   3. Every decision is a draw from a named stream, keyed by (seed, epoch, name, machine, index).
 */
#ifndef STEELMILL_SIM_WORLD_H
#define STEELMILL_SIM_WORLD_H

#include "core/list.h"
#include "core/seam.h"
#include "core/task.h"
#include "sim/clock.h"
#include "sim/cpu.h"
#include "sim/digest.h"
#include "sim/event.h"
#include "sim/heap.h"
#include "sim/heap_leak.h"
#include "sim/history.h"
#include "sim/queue.h"
#include "sim/ready.h"
#include "sim/record.h"

#include <steelmill/factory.h>
#include <steelmill/property.h>
#include <steelmill/random.h>

struct sim_world;
struct sim_machine;
struct sim_properties;

#define SIM_ROLE_BYTES 32
#define SIM_ROLES_MAX  8

enum sim_machine_state {
    SIM_MACHINE_OFF, /* not started yet, crashed, or stopped */
    SIM_MACHINE_UP,
    SIM_MACHINE_STOPPING, /* its stop hooks run */
};

struct sim_machine {
    struct sm__home home; /* first: a home is its machine */
    struct sim_world *world;
    void *net; /* net-loopback's own; its first word: what it will touch next, to be fetched */
    /* So far in the first cache line, which every step touches. */
    uint32_t index; /* from 1; index - 1 is its place in world->machines and in the scenario */
    uint32_t incarnation; /* how often it has started */
    enum sim_machine_state state;
    bool paused;
    char name[64];
    struct sim_heap heap;
    struct sim_heap_leak leak;  /* of all its proper stops */
    struct sm_factory *factory; /* in the machine's heap; NULL while OFF */
    struct sm__owner boot;      /* owner of the tasks that start and stop it */
    sm_time stop_deadline;      /* while STOPPING, on its own clock */
    struct sm_random random;    /* stream "daemon"; goes on across restarts */
    struct sim_clock clock;     /* goes on through crashes */
    struct sim_cpu cpu;
    struct sim_held held; /* ready tasks of a paused or busy machine */
    void *disk, *libc;    /* the disk's and libc's own */
    /* Published by its daemons: SIM_ROLES_MAX, "" is free; NULL: none yet. */
    char (*roles)[SIM_ROLE_BYTES];
    /* The task that starts it, and then waits for its factory, without a stack. */
    struct sm_task boot_task;
    struct sm__waiter boot_waiter;
    struct sm_factory *boot_factory; /* stays until that wait ends, also where `factory` does not */
};

/* What other layers want to hear of. Called in host context; NULL entries are skipped. */
struct sim_hooks {
    void *arg;
    void (*machine_started)(void *arg, struct sim_machine *machine); /* before its first task */
    void (*machine_crashed)(void *arg,
                            struct sim_machine *machine); /* its tasks are gone already */
    void (*machine_stopped)(void *arg, struct sim_machine *machine); /* properly */
    /* Its program has died, its host goes on; NULL: as machine_stopped. */
    void (*machine_killed)(void *arg, struct sim_machine *machine);
    /* Either way, earlier: its tasks are gone, its heap is still there. */
    void (*machine_off)(void *arg, struct sim_machine *machine);
    /* A machine's task asks for the address of a name, as sm_net_resolve has it. */
    int (*resolve)(void *arg, struct sim_machine *machine, const char *name, uint32_t *ip,
                   sm_time deadline);
};
#define SIM_HOOKS_MAX 8

/* How machines come to life; given by whoever makes the world. */
struct sim_program {
    void *arg;
    /* In a task of the machine: makes the machine's factory (sm__factory_create_as), starts it. A
     * failure is a finding, unless it is -ECANCELED. */
    int (*start)(void *arg, struct sim_machine *machine);
    /* Thereafter the task waits for that factory, as sm_factory_wait does; `start` leaves it in
     * machine->factory. */
    bool waits;
    /* In a task of the machine: stops and destroys the factory. */
    int (*stop)(void *arg, struct sim_machine *machine, sm_time deadline);
};

enum sim_failure_kind {
    SIM_FAILURE_PROPERTY = 1, /* always, unreachable */
    SIM_FAILURE_ASSERT,       /* sm__bug */
    SIM_FAILURE_STUCK,        /* too many events in one instant */
    SIM_FAILURE_DAEMON,       /* start or stop of a machine failed, a daemon's run failed */
    SIM_FAILURE_HEAP,         /* corrupted */
    SIM_FAILURE_ESCAPE,       /* a daemon called what is not simulated */
};

struct sim_failure {
    enum sim_failure_kind kind;
    char subject[64]; /* a property's name, a daemon's */
    char text[1024];
    struct sim_machine *machine; /* NULL: none */
    struct sm_task *task;        /* NULL: none */
};

struct sim_options {
    uint64_t seed, epoch;
    enum sim_policy policy;
    sm_time slack_ns;
    uint64_t instant_events_max; /* 0: 1,000,000 */
    size_t stack_bytes;          /* 0: 256 KiB; a power of two */
    uint32_t stack_count_max;    /* 0: 1,048,576; address space is reserved for so many */
    uint32_t machine_count_max;
    size_t heap_limit_bytes; /* per machine; 0: 64 MiB */
    /* verify: heaps and stacks lie that much further up (a multiple of 2 MiB), in another order. */
    uintptr_t address_shift;
    /* verify: SIM_FILL(byte). New blocks hold it, freed ones its complement; what a task's stack
     * has not in use is filled with it each time that the task goes on. 0: as usual; no stack fill.
     */
    uint32_t heap_fill, stack_fill;
    bool leak_sites; /* blocks remember who asked for them */
    bool buggify;
    bool undigested; /* records are written, but nothing is hashed: what the digest costs */
    /* verify: watching who brings an event about. While step `watch_step` runs, `scheduled` is told
     * of each task and event that becomes ready or is queued; `reached` is told when record
     * `watch_seq` is about to be written for one of them (NULL: it is written at once, see
     * sim_note). 0: off. */
    uint64_t watch_step, watch_seq;
    void (*scheduled)(void *arg, const void *object);
    void (*reached)(void *arg, const void *object);
    /* A failure ends the run: this is told while the failing task's stack is still there. */
    void (*failed)(void *arg, struct sim_world *world, const struct sim_failure *failure);
    /* Takes log text. */
    void (*log)(void *arg, const char *text, size_t size);
    /* Takes a line that a machine has printed, without its end. stream: 1 stdout, 2 stderr. */
    void (*output)(void *arg, const struct sim_machine *machine, int stream, const char *text,
                   size_t size);
    /* Takes finished blocks of records (at most 64); NULL: none. */
    void (*trace)(void *arg, const struct sim_record *records, size_t count);
    void *arg;
    int log_level; /* enum sm_log_level, or -1 */
    bool log_json;
};

/* Of a machine: only for fetching its memory in time. */
struct sim_latest {
    const struct sm_task *task; /* that ran; may be gone */
    const void *net;
};

struct sim_world {
    struct sm__home home; /* the world's own tasks (none, usually) */
    struct sim_options options;
    sm_time now;
    uint64_t seq;           /* records so far */
    uint64_t step;          /* the record of the step that runs: the cause of what it schedules */
    uint64_t instant_start; /* seq when the current instant opened */
    struct sim_queue queue;
    struct sim_events events;
    struct sim_ready ready;
    struct sim_digest digest;
    struct sm__fiber scheduler;
    struct sm__stack_pool *stacks;
    struct sm_factory *factory; /* the root; machines' factories are its children */
    struct sim_machine **machines;
    struct sim_machine *machine_slab; /* where they lie, by index - 1 */
    void *machine_memory;
    struct sim_latest *latest; /* by index - 1 */
    uint32_t machine_count;
    struct sim_program program;
    struct sim_hooks hooks[SIM_HOOKS_MAX];
    uint32_t hook_count;
    struct sm_random random_sched, random_world;
    struct sim_properties *properties;
    struct sim_history history;
    uint32_t task_count; /* spawned so far: the tasks' numbers */
    uint32_t tasks_alive, tasks_peak;
    bool failed;
    bool enters_slowly;                          /* something is to be done before a task goes on */
    void (*follow)(struct sim_machine *machine); /* NULL, or told who is to run */
    bool timer_runs; /* a timer's step: the task that it wakes runs in the same step */
    struct sm_task *timer_task;
};

enum sim_outcome {
    SIM_TIME_UP, /* `until` is reached; now == until */
    SIM_IDLE,    /* no event is left */
    SIM_FAILED,  /* options.failed was told */
};

/* ---- the world ---- */
/* One world per process at a time. Returns 0, -ENOMEM, -EEXIST (address range taken), -EINVAL. */
int sim_world_create(struct sim_world **out, const struct sim_options *options);
void sim_world_destroy(struct sim_world *world);
void sim_world_add_hooks(struct sim_world *world, const struct sim_hooks *hooks);
/* Steps until `until`, or nothing is left, or a failure. Callable again with a later time. */
enum sim_outcome sim_world_run(struct sim_world *world, sm_time until);
/* From now on `follow` is told before each step of a task whose machine it is (NULL: the world's).
 */
void sim_world_follow(struct sim_world *world, void (*follow)(struct sim_machine *machine));
/* The digest of all records so far. */
uint64_t sim_world_digest(const struct sim_world *world);
/* The world of the calling task or event callback; NULL outside of sim_world_run. */
struct sim_world *sim_world_current(void);
/* Ends the run. In a task it does not return. In host code it does: the caller just goes back. */
void sim_fail(struct sim_world *world, const struct sim_failure *failure);
void sim_failf(struct sim_world *world, enum sim_failure_kind kind, struct sim_machine *machine,
               const char *subject, const char *format, ...) SM_PRINTF(5, 6);

/* ---- machines: host context ---- */
/* heap_limit_bytes: 0 for the world's default. */
struct sim_machine *sim_machine_add(struct sim_world *world, const char *name,
                                    size_t heap_limit_bytes);
struct sim_machine *sim_machine_of(const struct sm_task *task);
/* Starts it: OFF -> UP, by a task that runs program.start. Other states: nothing. */
void sim_machine_start(struct sim_machine *machine);
/* Loses power: tasks, heap and roles are gone at once, no user code runs. */
void sim_machine_crash(struct sim_machine *machine);
/* The same, but its host goes on, as an operating system does whose process was killed: it closes
 * the process's sockets, and what was written to files stays. */
void sim_machine_kill(struct sim_machine *machine);
/* Stops it properly: UP -> STOPPING -> OFF. `deadline` on the machine's clock. */
void sim_machine_stop(struct sim_machine *machine, sm_time deadline);
/* Its tasks stop running; time, timers and the network go on. */
void sim_machine_pause(struct sim_machine *machine);
void sim_machine_resume(struct sim_machine *machine);
bool sim_machine_has_role(const struct sim_machine *machine, const char *role);

/* ---- steps ---- */
/* Inside sim: tells options.scheduled, where that is wanted. */
static inline void sim_watch(const struct sim_world *world, const void *object)
{
    if (SM_UNLIKELY(world->step == world->options.watch_step) && world->options.scheduled)
        world->options.scheduled(world->options.arg, object);
}

static inline void sim_watch_record(const struct sim_world *world, const void *object)
{
    if (SM_UNLIKELY(world->seq + 1 == world->options.watch_seq) && world->options.reached)
        world->options.reached(world->options.arg, object);
}

/* Records a step of its own kind at once: for what happens inside another step (a message lost). */
void sim_note(struct sim_world *world, const struct sim_record *partial);
/* A fresh world-wide stream: machine 0, or a machine's number. */
uint64_t sim_stream_key(const struct sim_world *world, const char *name, uint64_t machine);

/* ---- properties (property.c) ---- */
struct sim_property {
    /* Side by side in one cache line: counted at once. */
    _Alignas(16) uint64_t hit_count;
    uint64_t true_count;
    const char *name;
    uint32_t kind; /* enum sm_site_kind */
    uint8_t *last; /* eventually: per machine index; 0 never evaluated, 1 false, 2 true */
    bool chosen;   /* buggify: this run has chosen it */
    uint64_t key;  /* buggify: its stream */
};
/* Makes the sites of a plugin known, so that those never executed are listed. */
void sim_properties_declare(struct sim_world *world, struct sm_site *begin, struct sm_site *end);
/* All of them, sorted by name. The array is the world's, valid until the next declaration. */
const struct sim_property *sim_properties(struct sim_world *world, size_t *count);
/* Machines whose last evaluation of an `eventually` was false; UINT32_MAX: nobody evaluated it, or
 * it is unknown. 0: it holds. */
uint32_t sim_property_pending(struct sim_world *world, const char *name);

#endif
